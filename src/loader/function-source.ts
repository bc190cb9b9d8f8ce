import { originalOffset } from '../transform/edits.js';
import type { SourceTable } from './source-table.js';

/** A probe that opens a call, as it stands in a rewritten text: the prefix and the function's id. */
const PROBE = /(h\$\d*_)(?:e[0-3n]|fa|fg)\((\d+),/;

/**
 * Makes `Function.prototype.toString` answer the text that the user wrote. Programs send functions to browsers and
 * workers as text, and read parameter names from it.
 *
 * @param registerPending asked when a function's file is not known: another thread may have rewritten it
 * @returns takes the change back
 */
export function showOriginalSource(sources: SourceTable, registerPending: () => void): () => void {
  const prototype = Function.prototype;
  const native = Object.getOwnPropertyDescriptor(prototype, 'toString')!;
  const nativeToString = native.value as () => string;
  const { apply } = Reflect;

  // A method has no `prototype` and cannot be constructed, like the built-in.
  const { toString } = {
    toString(this: unknown): string {
      const text = apply(nativeToString, this === toString ? nativeToString : this, []);
      // Nearly every text: a built-in's, or one that was not rewritten.
      if (!text.includes('h$')) return text;
      try {
        return original(text, sources, registerPending) ?? text;
      } catch {
        return text;
      }
    },
  };
  Object.defineProperty(prototype, 'toString', { ...native, value: toString });
  return () => {
    if (prototype.toString === toString) Object.defineProperty(prototype, 'toString', native);
  };
}

function original(text: string, sources: SourceTable, registerPending: () => void): string | undefined {
  const probe = PROBE.exec(text);
  if (!probe) return undefined;
  const id = Number(probe[2]);
  if (!sources.byFunction(id)) registerPending();
  const pair = sources.byFunction(id);
  if (!pair || pair.file.prefix !== probe[1]) return undefined;
  // Ids occur once, so the text does.
  const local = pair.unlink(text);
  const start = pair.rewritten.indexOf(local);
  if (start < 0) return undefined;
  return pair.original.slice(originalOffset(start, pair.edits), originalOffset(start + local.length, pair.edits));
}
