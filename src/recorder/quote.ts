import { uncurry } from './uncurry.js';

// Everything JSON must escape, and surrogates, which may stand alone.
// eslint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

const exec = uncurry(RegExp.prototype.exec);
const stringify = JSON.stringify;

/** A string as JSON text. */
export function quote(text: string): string {
  return exec(NEEDS_ESCAPE, text) === null ? `"${text}"` : stringify(text);
}
