import { createRequire } from 'node:module';
import { join } from 'node:path';
import { linkIds } from '../transform/link.js';
import type { Edit } from '../transform/types.js';
import type { Rewritten } from './source-cache.js';
import type * as sourceMap from './source-map.js';

/** Whether Node maps what it prints: by `--enable-source-maps`, or for coverage, which reads the maps later. */
export function wantsSourceMaps(): boolean {
  const { sourceMapsEnabled } = process as { sourceMapsEnabled?: boolean };
  return sourceMapsEnabled === true || Boolean(process.env.NODE_V8_COVERAGE);
}

/** @param folder where this package's built files lie */
export function loadSourceMap(folder: string): typeof sourceMap {
  return createRequire(join(folder, 'register.cjs'))('./source-map.cjs') as typeof sourceMap;
}

/** The text to run: with the ids of this process, and with a map where Node uses one. */
export function linkedCode(
  { code, prefix, edits }: Pick<Rewritten, 'code' | 'prefix' | 'edits'>,
  { filename, source, folder, base, stride, publishMap }: Placement,
): string {
  const linked = linkIds(code, prefix, base, stride);
  if (!wantsSourceMaps() && !publishMap) return linked;
  const { sourceMapComment } = loadSourceMap(folder);
  const ownIds = (JSON.parse(edits) as Edit[]).map((edit) => ({
    ...edit,
    insert: linkIds(edit.insert, prefix, base, stride),
  }));
  return linked + sourceMapComment(filename, source, ownIds);
}

/** Where a rewritten text comes from, and where its ids begin. */
export interface Placement {
  filename: string;
  source: string;
  /** Where this package's built files lie. */
  folder: string;
  base: number;
  stride: number;
  /** Give it a map also where Node does not seem to use one. */
  publishMap?: boolean;
}
