import { ID_PROBES } from '../probes.js';

/**
 * Gives the function ids of a rewritten text (0, 1, 2 ...) their values in this process: `base + id * stride`.
 * The ids stand as literals, so that reading one costs nothing while the program runs; the text in the cache does not
 * depend on the order in which modules load.
 *
 * @param width characters that each id takes at least, so that columns are the same in each process
 */
export function linkIds(code: string, prefix: string, base: number, stride: number, width = 0): string {
  return code.replace(
    idPattern(prefix),
    (_, call: string, id: string) => call + String(base + Number(id) * stride).padStart(width),
  );
}

/** The other way round: from the values of this process to local ids. */
export function unlinkIds(code: string, prefix: string, base: number, stride: number): string {
  return code.replace(idPattern(prefix), (_, call: string, id: string) => call + (Number(id) - base) / stride);
}

/** Finds each place that holds an id: group 1 is the text before it, group 2 the id. */
function idPattern(prefix: string): RegExp {
  return new RegExp(`(${prefix.replaceAll('$', '\\$')}${ID_PROBES}\\() *(\\d+)`, 'g');
}
