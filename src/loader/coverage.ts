import * as urls from 'node:url';
import { linkIds } from '../transform/link.js';
import { isMapped } from './linked-code.js';
import type { SourcePair, SourceTable } from './source-table.js';

const { fileURLToPath } = urls;

/** What V8 tells of one script, as `Profiler.takePreciseCoverage` and the files of NODE_V8_COVERAGE have it. */
export interface ScriptCoverage {
  scriptId: string;
  url: string;
  functions: FunctionCoverage[];
}

export interface FunctionCoverage {
  functionName: string;
  /** The function's own range, then the blocks in it that ran another number of times: an outer one before its inner ones. */
  ranges: CoverageRange[];
  isBlockCoverage: boolean;
}

export interface CoverageRange {
  startOffset: number;
  endOffset: number;
  count: number;
}

/**
 * Tells of rewritten scripts what V8 would have told of their original text: offsets are moved, and blocks that are in
 * inserted text go. Other scripts are passed on as they are.
 */
export function originalCoverage(result: readonly ScriptCoverage[], sources: SourceTable): ScriptCoverage[] {
  return result.map((script) => {
    const known = ranScript(script, sources);
    if (!known) return script;
    const { pair, end } = known;
    const { range, clip } = mover(pair, end);
    return {
      ...script,
      functions: script.functions.map((each) => {
        const ranges = each.ranges.map(range);
        const functionName = withoutPrefix(each.functionName, pair.file.prefix);
        return { ...each, functionName, ranges: each.isBlockCoverage ? blocks(ranges, clip) : ranges };
      }),
    };
  });
}

interface RanScript {
  pair: SourcePair;
  /** Where the script ends. */
  end: number;
}

const ran = new WeakMap<SourceTable, Map<string, RanScript>>();

/** The file that a script was; once coverage was taken, V8 tells only of functions that ran since. */
function ranScript({ scriptId, url, functions }: ScriptCoverage, sources: SourceTable): RanScript | undefined {
  let scripts = ran.get(sources);
  if (!scripts) ran.set(sources, (scripts = new Map<string, RanScript>()));
  const first = functions[0]?.ranges[0] as CoverageRange | undefined;
  const known = scripts.get(scriptId);
  if (known || !first) return known;
  const pairs = sources.allByFilename(filenameOf(url));
  const whole = first.startOffset === 0 && functions[0].functionName === '';
  const pair = whole ? ranAs(pairs, first.endOffset) : pairs.at(-1);
  if (!pair) return undefined;
  const script = { pair, end: whole ? first.endOffset : linkedLength(pair) + (pair.file.wrapper ?? 0) };
  scripts.set(scriptId, script);
  return script;
}

/** V8 names an anonymous function after what it is handed to. */
function withoutPrefix(name: string, prefix: string): string {
  if (!name.includes(prefix)) return name;
  return name
    .split('.')
    .filter((part) => !part.startsWith(prefix))
    .join('.');
}

function filenameOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/** A file that was loaded more than once has ids of other lengths each time: the longest text that the script can hold. */
function ranAs(pairs: readonly SourcePair[], end: number): SourcePair | undefined {
  let best: SourcePair | undefined;
  let bestLength = -1;
  for (const pair of pairs) {
    const length = linkedLength(pair) + before(pair, end);
    if (length > end || length < bestLength) continue;
    best = pair;
    bestLength = length;
  }
  return best;
}

/** Characters of the script before the text. */
function before(pair: SourcePair, end: number): number {
  if (pair.file.wrapper !== undefined) return pair.file.wrapper;
  if (pair.file.behind) return end - linkedLength(pair) - pair.file.behind.ran;
  // Where Node reads the file it takes a byte order mark away; what a hook hands over keeps it.
  return pair.original.startsWith(BOM) && end < linkedLength(pair) ? -1 : 0;
}

const BOM = '\uFEFF';

function linkedLength(pair: SourcePair): number {
  const shift = placesOf(pair).at(-1)?.shift ?? 0;
  return pair.original.length + shift;
}

/** An edit in the text that ran: where its insertion begins and ends, and by how much what follows is moved. */
interface Place {
  at: number;
  start: number;
  end: number;
  shift: number;
}

const places = new WeakMap<SourcePair, Place[]>();

function placesOf(pair: SourcePair): Place[] {
  let known = places.get(pair);
  if (!known) {
    const { prefix, base, stride, idWidth } = pair.file;
    let shift = 0;
    known = pair.edits.map(({ at, remove, insert }) => {
      const { length } = linkIds(insert, prefix, base, stride, idWidth);
      const start = at + shift;
      shift += length - remove;
      return { at, start, end: start + length, shift };
    });
    places.set(pair, known);
  }
  return known;
}

interface Mover {
  /** A range of the script as it would be in the script of the original text. */
  range(range: CoverageRange): CoverageRange;
  /** A block of a function (both as moved), if there is one without our `try` around the function's statements. */
  clip(block: CoverageRange, fn: CoverageRange): CoverageRange | null;
}

function mover(pair: SourcePair, scriptEnd: number): Mover {
  const { original, edits } = pair;
  const places = placesOf(pair);
  const skipped = before(pair, scriptEnd);
  const length = linkedLength(pair);
  // Without us it would have none.
  const shift = original.startsWith(BOM) ? -1 : Math.max(skipped, 0);
  // What follows the text is a source map of ours, or what would be there without us too.
  const { wrapper, behind } = pair.file;
  const mapped = isMapped(pair.original) && wrapper === undefined && !behind;
  const surplus = behind ? behind.ran - behind.original : 0;

  function originalOf(place: number): number {
    if (place < skipped) return place;
    const inText = place - skipped;
    if (inText > length) return shift + original.length + (mapped ? 0 : Math.max(0, inText - length - surplus));
    const index = firstFrom(places, (edit) => edit.start >= inText) - 1;
    if (index < 0) return Math.max(0, shift + inText);
    const edit = places[index];
    if (inText >= edit.end) return Math.max(0, shift + inText - edit.shift);
    return shift + (SUSPENSION.test(edits[index].insert) ? behindSuspension(index) : edit.at);
  }

  /** Where V8 lets begin what follows an `await` or `yield`. */
  function behindSuspension(index: number): number {
    const { at } = edits[index];
    const next = behindBlank(original, at);
    const end = original[next] === ';' ? next + 1 : at;
    // The end of `return await x` counts only as the end of the `return`, and not at all if that is the last of its block.
    const follower = edits.at(index + 1);
    if (follower?.at !== at || !follower.insert.startsWith(')')) return end;
    const after = behindBlank(original, end);
    return original[after] === '}' ? behindBlank(original, after + 1) : end;
  }

  return {
    range: ({ startOffset, endOffset, count }) => ({
      startOffset: originalOf(startOffset),
      endOffset: originalOf(endOffset),
      count,
    }),
    clip(block, fn) {
      if (block.startOffset >= block.endOffset) return null;
      const end = fn.endOffset - 1;
      for (let i = firstFrom(edits, ({ at }) => at + shift >= end); edits[i]?.at + shift === end; i++) {
        const { lastEnd, lastIs } = edits[i];
        if (lastEnd === undefined) continue;
        const last = lastEnd + shift;
        if (block.endOffset === end && block.startOffset >= last) return null;
        // What begins in a block goes on after it.
        if (block.endOffset === last && lastIs === 'block') return { ...block, endOffset: end };
        if (block.endOffset === end && lastIs === undefined) return { ...block, endOffset: last };
      }
      return block;
    },
  };
}

/** What comes after the value of an `await` or `yield`. */
const SUSPENSION = /^(?:\)?\)\)| [^ ]+\)\))/;

function behindBlank(text: string, offset: number): number {
  BLANK.lastIndex = offset;
  return offset + (BLANK.exec(text)?.[0].length ?? 0);
}

const BLANK = /(?:\s|\/\/.*|\/\*[^]*?\*\/)*/y;

/** Index of the first item of an ordered list for which it is so. */
function firstFrom<T>(items: readonly T[], isSo: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Block extends CoverageRange {
  inner: Block[];
}

/** The steps by which V8 makes a function's ranges small, once more: without ours there is more that is the same. */
function blocks(ranges: readonly CoverageRange[], clip: Mover['clip']): CoverageRange[] {
  const root: Block = { ...ranges[0], inner: [] };
  const open = [root];
  for (const each of ranges.slice(1)) {
    const clipped = clip(each, root);
    if (!clipped) continue;
    const block: Block = { ...clipped, inner: [] };
    while (open.length > 1 && block.startOffset >= open.at(-1)!.endOffset) open.pop();
    open.at(-1)!.inner.push(block);
    open.push(block);
  }
  return flat(simplified(root));
}

function simplified(block: Block): Block {
  const inner: Block[] = [];
  for (const each of block.inner.map(simplified).flatMap((one) => (one.count === block.count ? one.inner : [one]))) {
    const last = inner.at(-1);
    if (last?.endOffset === each.startOffset && last.count === each.count) {
      last.endOffset = each.endOffset;
      last.inner.push(...each.inner);
    } else inner.push(each);
  }
  // Nothing in a block that never ran did.
  return { ...block, inner: block.count === 0 ? inner.filter(({ count }) => count > 0) : inner };
}

function flat({ inner, ...range }: Block): CoverageRange[] {
  return [range, ...inner.flatMap(flat)];
}
