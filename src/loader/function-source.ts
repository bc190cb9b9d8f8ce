import { mapGet, mapSet, regExpExec, stringIncludes } from '../intrinsics.js';
import { ENTER_PROBES } from '../probes.js';
import { originalOffset } from '../transform/edits.js';
import type { RewrittenPlaces, SourcePair, SourceTable } from './source-table.js';

/** A probe that opens a call, as it is in a rewritten text: the prefix and the function's id. */
const PROBE = new RegExp(`(h\\$\\d*_)${ENTER_PROBES}\\( *(\\d+),`);

/** An original text that has been found, of those whose first probe is the same: a class and its first method. */
interface Shown {
  /** Characters of the rewritten text; of two texts that have one probe in them, one is longer. */
  length: number;
  text: string;
  outer: Shown | undefined;
}

export interface Disguise {
  /** From now on the text of the replacement is that of the original. */
  looksLike(original: object, replacement: object): void;
  /** What the program wrote as the text of a function, or its replacement's. */
  textOf(fn: object): string;
  /**
   * The id of a rewritten function.
   *
   * @param placeOf where a function with that id begins in its file, by 1-based line and column
   */
  idOf(fn: object, placeOf: (id: number) => { line: number; column: number } | undefined): number | undefined;
  /** The same in another realm, for as long as that lives. */
  inRealm(realm: Pick<typeof globalThis, 'Function'>): void;
  undo(): void;
}

/**
 * Makes `Function.prototype.toString` answer the text that the user wrote. Programs send functions to browsers and
 * workers as text, and read parameter names from it.
 *
 * @param registerPending asked when a function's file is not known: another thread may have rewritten it
 */
export function showOriginalSource(sources: SourceTable, registerPending: () => void): Disguise {
  const prototype = Function.prototype;
  const native = Object.getOwnPropertyDescriptor(prototype, 'toString')!;
  // An accessor under --frozen-intrinsics, where it stays as it is.
  const nativeToString = prototype.toString;
  const { apply } = Reflect;
  /** Methods that we have put in the place of Node's. */
  const replaced = new WeakMap<object, object>();

  const get = WeakMap.prototype.get.bind(replaced) as (key: unknown) => object | undefined;
  const original = originalTexts(sources, registerPending);

  function textBy(nativeOfRealm: () => string, self: unknown): string {
    const text = apply(nativeOfRealm, get(self) ?? self, []);
    // Nearly every text: a built-in's, or one that was not rewritten.
    if (!stringIncludes(text, 'h$')) return text;
    try {
      return original(text);
    } catch {
      return text;
    }
  }

  // A method has no `prototype` and cannot be constructed, like the built-in.
  const { toString } = {
    toString(this: unknown): string {
      return textBy(nativeToString, this);
    },
  };
  replaced.set(toString, nativeToString);
  if (native.configurable) Object.defineProperty(prototype, 'toString', { ...native, value: toString });
  return {
    looksLike: (original, replacement) => void replaced.set(replacement, original),
    textOf: (fn) => apply(toString, fn, []),
    idOf: (fn, placeOf) => rewrittenId(apply(nativeToString, fn, []), placeOf, sources, registerPending),
    inRealm(realm) {
      const there = Object.getOwnPropertyDescriptor(realm.Function.prototype, 'toString')!;
      const nativeThere = there.value as () => string;
      // A function of that realm, since its prototype can be seen.
      const make = new realm.Function('text', 'return { toString() { return text(this); } }.toString;') as (
        text: (self: unknown) => string,
      ) => () => string;
      const toStringThere = make((self) => textBy(nativeThere, self));
      replaced.set(toStringThere, nativeThere);
      Object.defineProperty(realm.Function.prototype, 'toString', { ...there, value: toStringThere });
    },
    undo() {
      if (prototype.toString === toString) Object.defineProperty(prototype, 'toString', native);
    },
  };
}

/**
 * What leads from the text of a function to the original one. Found once for each text: the way there walks through the
 * file, and some libraries ask at each of their calls.
 */
function originalTexts(sources: SourceTable, registerPending: () => void): (text: string) => string {
  const shown = new Map<number, Shown>();
  return (text) => {
    const probe = regExpExec(PROBE, text);
    if (!probe) return text;
    const id = Number(probe[2]);
    const known = mapGet(shown, id) as Shown | undefined;
    let same = known;
    while (same && same.length !== text.length) same = same.outer;
    if (same) return same.text;
    const found = originalOf(text, probe[1], id, sources, registerPending);
    if (found === undefined) return text;
    mapSet(shown, id, { length: text.length, text: found, outer: known });
    return found;
  };
}

/** The text of a function or class whose first probe has that prefix and id. */
function originalOf(
  text: string,
  prefix: string,
  id: number,
  sources: SourceTable,
  registerPending: () => void,
): string | undefined {
  if (!sources.byFunction(id)) registerPending();
  const pair = sources.byFunction(id);
  if (!pair || pair.file.prefix !== prefix) return undefined;
  // Ids occur once, so the place of the probe is that of the text. The text itself may be another than ours: Node blanks
  // out types after us, which moves nothing.
  const local = pair.unlink(text);
  const own = PROBE.exec(local)!;
  const places = (pair.places ??= placesOf(pair));
  const place = places.probes.get(own[0]);
  if (place === undefined) return undefined;
  return withoutEdits(local, place - own.index, pair, places.edits);
}

/** Found once for all functions of a file. */
function placesOf({ rewritten, edits }: SourcePair): RewrittenPlaces {
  const probes = new Map<string, number>();
  for (const { 0: probe, index } of rewritten.matchAll(new RegExp(PROBE, 'g'))) {
    if (!probes.has(probe)) probes.set(probe, index);
  }
  let shift = 0;
  const places = edits.map(({ at, remove, insert }) => {
    const place = at + shift;
    shift += insert.length - remove;
    return place;
  });
  return { probes, edits: places };
}

/** Modifiers come before the start of a method. */
const MODIFIERS = /^(?:(?:async|get|set|static)\b|[*\s])*$/;

/** Functions inside of it and in its parameter list have probes too: the one that is its own begins where it begins. */
function rewrittenId(
  text: string,
  placeOf: (id: number) => { line: number; column: number } | undefined,
  sources: SourceTable,
  registerPending: () => void,
): number | undefined {
  if (!text.includes('h$')) return undefined;
  for (const probe of text.matchAll(new RegExp(PROBE, 'g'))) {
    const id = Number(probe[2]);
    if (!sources.byFunction(id)) registerPending();
    const pair = sources.byFunction(id);
    const place = placeOf(id);
    if (!pair || !place || pair.file.prefix !== probe[1]) continue;
    const local = pair.unlink(text);
    const own = PROBE.exec(local)!;
    const start = originalOffset(pair.rewritten.indexOf(own[0]) - own.index, pair.edits);
    const begin = pair.originalLines.offsetOf(place.line, place.column);
    if (begin >= start && MODIFIERS.test(pair.original.slice(start, begin))) return id;
  }
  return undefined;
}

/** A part of the rewritten text as it was, given where it starts, and where each edit is. */
function withoutEdits(text: string, start: number, { edits, original }: SourcePair, places: number[]): string {
  const kept: string[] = [];
  const first = firstFrom(places, start);
  let from = 0;
  for (let i = first; i < edits.length && places[i] - start < text.length; i++) {
    const { at, remove, insert } = edits[i];
    const place = places[i] - start;
    kept.push(text.slice(from, place), original.slice(at, at + remove));
    from = place + insert.length;
  }
  kept.push(text.slice(from));
  const found = kept.join('');
  const last = first > 0 ? edits[first - 1] : { at: 0, remove: 0, insert: '' };
  const begin = start + last.at + last.remove - last.insert.length - (first > 0 ? places[first - 1] : 0);
  // A slice shares the memory of the file's text.
  const slice = original.slice(begin, begin + found.length);
  return slice === found ? slice : found;
}

/** The index of the first number that is not below the limit, of sorted ones. */
function firstFrom(numbers: number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
