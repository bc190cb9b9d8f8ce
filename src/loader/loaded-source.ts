import * as paths from 'node:path';
import * as urls from 'node:url';
import type { SourceKind } from '../transform/types.js';

const { sep } = paths;
const { fileURLToPath } = urls;

/** How Node is going to read a source; undefined: not JavaScript. */
export function kindOf(format: string | null | undefined): SourceKind | undefined {
  switch (format) {
    case 'module':
    case 'module-typescript':
      return 'module';
    case 'commonjs':
    case 'commonjs-typescript':
      return 'commonjs';
    case undefined:
    case null:
    case 'typescript':
      return 'unambiguous';
    default:
      return undefined;
  }
}

let decoder: InstanceType<typeof TextDecoder> | undefined;

/** Hooks get strings and byte arrays. */
export function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  return (decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })).decode(source as Uint8Array);
}

/** What a load hook of Node's returns. */
export interface LoadResult {
  format?: string | null;
  source?: unknown;
}

/** The path of a file; '' of anything else. */
export function filenameOf(url: string): string {
  // As nearly all are, where paths have slashes.
  const isPlain = url.startsWith('file:///') && !url.includes('%') && !url.includes('?') && !url.includes('#');
  if (sep === '/' && isPlain) return url.slice('file://'.length);
  return url.startsWith('file:') ? fileURLToPath(url) : '';
}
