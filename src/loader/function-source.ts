import { ENTER_PROBES } from '../probes.js';
import { originalOffset } from '../transform/edits.js';
import type { SourcePair, SourceTable } from './source-table.js';

/** A probe that opens a call, as it stands in a rewritten text: the prefix and the function's id. */
const PROBE = new RegExp(`(h\\$\\d*_)${ENTER_PROBES}\\( *(\\d+),`);

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

  function textBy(nativeOfRealm: () => string, self: unknown): string {
    const text = apply(nativeOfRealm, get(self) ?? self, []);
    // Nearly every text: a built-in's, or one that was not rewritten.
    if (!text.includes('h$')) return text;
    try {
      return original(text, sources, registerPending) ?? text;
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

function original(text: string, sources: SourceTable, registerPending: () => void): string | undefined {
  const probe = PROBE.exec(text);
  if (!probe) return undefined;
  const id = Number(probe[2]);
  if (!sources.byFunction(id)) registerPending();
  const pair = sources.byFunction(id);
  if (!pair || pair.file.prefix !== probe[1]) return undefined;
  // Ids occur once, so the place of the probe is that of the text. The text itself may be another than ours: Node blanks
  // out types behind us, which moves nothing.
  const local = pair.unlink(text);
  const own = PROBE.exec(local)!;
  const place = pair.rewritten.indexOf(own[0]);
  return place < 0 ? undefined : withoutEdits(local, place - own.index, pair);
}

/** Modifiers stand before the place of a method. */
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

/** A part of the rewritten text as it was, given where it starts. */
function withoutEdits(text: string, start: number, { edits, original }: SourcePair): string {
  const kept: string[] = [];
  let from = 0;
  let shift = 0;
  for (const { at, remove, insert } of edits) {
    const place = at + shift - start;
    shift += insert.length - remove;
    if (place < 0) continue;
    if (place >= text.length) break;
    kept.push(text.slice(from, place), original.slice(at, at + remove));
    from = place + insert.length;
  }
  kept.push(text.slice(from));
  return kept.join('');
}
