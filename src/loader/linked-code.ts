import { jsonParse } from '../intrinsics.js';
import { linkIds } from '../transform/link.js';
import type { Edit } from '../transform/types.js';
import { requireOwn } from './own-files.js';
import type { Rewritten } from './source-cache.js';
import type * as sourceMap from './source-map.js';

/** Whether Node maps what it prints. */
export function wantsSourceMaps(): boolean {
  return (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true;
}

/**
 * Whether a rewritten text has a map of ours. For coverage, Node writes down the maps it knows; of a file that has none of
 * its own there must not be one, so the columns in its stacks count the inserted text then.
 */
export function isMapped(source: string): boolean {
  return wantsSourceMaps() && (!process.env.NODE_V8_COVERAGE || source.includes('sourceMappingURL='));
}

/** The text to run: with the ids of this process, and with a map where Node uses one. */
export function linkedCode(
  { code, prefix, edits }: Pick<Rewritten, 'code' | 'prefix' | 'edits'>,
  { filename, source, folder, base, stride, publishMap }: Placement,
): string {
  const linked = linkIds(code, prefix, base, stride);
  if (!isMapped(source) && !publishMap) return linked;
  const ownIds = (jsonParse(edits) as Edit[]).map((edit) => ({
    ...edit,
    insert: linkIds(edit.insert, prefix, base, stride),
  }));
  return linked + loadSourceMap(folder).sourceMapComment(filename, source, ownIds);
}

/** Digits of ids, and what makes up for those they do not have, in texts whose map is kept. */
export const ID_WIDTH = 7;

/** The text for a runner that maps what it prints itself: its columns are the same in each process. */
export function linkedForRunner(
  { code, prefix }: Pick<Rewritten, 'code' | 'prefix'>,
  base: number,
  stride: number,
): string {
  return linkIds(code, prefix, base, stride, ID_WIDTH);
}

/** JSON of the map that leads from such a text to what its source was made of. */
export function mapForRunner(
  { prefix, edits }: Pick<Rewritten, 'prefix' | 'edits'>,
  { filename, source, folder }: Pick<Placement, 'filename' | 'source' | 'folder'>,
  incoming: string | undefined,
): string {
  const padded = (jsonParse(edits) as Edit[]).map((edit) => ({
    ...edit,
    insert: linkIds(edit.insert, prefix, 0, 1, ID_WIDTH),
  }));
  return loadSourceMap(folder).composedMap(filename, source, padded, incoming);
}

/** @param folder where this package's built files lie */
export function loadSourceMap(folder: string): typeof sourceMap {
  return requireOwn(folder, './source-map.cjs') as typeof sourceMap;
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
