import { jsonStringify, regExpTest } from '../intrinsics.js';

// Everything JSON must escape, and surrogates, which may stand alone.
// eslint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A string as JSON text. */
export function quote(text: string): string {
  return regExpTest(NEEDS_ESCAPE, text) ? jsonStringify(text) : `"${text}"`;
}
