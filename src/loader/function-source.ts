import type { SourcePair, SourceTable } from './source-table.js';

/** A probe that opens a call, as it stands in a rewritten text: the prefix and the function's id. */
const PROBE = /(h\$\d*_)(?:e[0-3n]|fa|fg)\((\d+),/;

export interface Disguise {
  /** From now on the text of the replacement is that of the original. */
  looksLike(original: object, replacement: object): void;
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
  const nativeToString = native.value as () => string;
  const { apply } = Reflect;
  /** Methods that we have put in the place of Node's. */
  const replaced = new WeakMap<object, object>();

  // A method has no `prototype` and cannot be constructed, like the built-in.
  const { toString } = {
    toString(this: unknown): string {
      const text = apply(nativeToString, replacedBy(this), []);
      // Nearly every text: a built-in's, or one that was not rewritten.
      if (!text.includes('h$')) return text;
      try {
        return original(text, sources, registerPending) ?? text;
      } catch {
        return text;
      }
    },
  };
  const get = WeakMap.prototype.get.bind(replaced) as (key: unknown) => object | undefined;
  const replacedBy = (self: unknown): unknown => get(self) ?? self;
  replaced.set(toString, nativeToString);
  Object.defineProperty(prototype, 'toString', { ...native, value: toString });
  return {
    looksLike: (original, replacement) => void replaced.set(replacement, original),
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
