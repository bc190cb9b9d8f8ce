import {
  arrayForEach,
  arrayIncludes,
  arrayPush,
  regExpExec,
  regExpTest,
  stringIndexOf,
  stringReplace,
  stringSlice,
  stringStartsWith,
  stringTrim,
} from '../intrinsics.js';
/** The parameters of a function, as its text has them. */
export interface Parameters {
  /** By position; `arg1` and so on for patterns. */
  names: string[];
  /** The last one takes all the rest. */
  rest: boolean;
}

/** The pattern is here, as V8 takes half a millisecond of each start to make it. */
function isName(text: string): boolean {
  return regExpTest(/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u, text);
}
const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Reads them from a function's text; null where it has none: built-in functions, and texts that make no sense. */
export function parametersOf(text: string): Parameters | null {
  if (regExpTest(/\{\s*\[native code\]\s*\}\s*$/, text)) return null;
  const alone = regExpExec(/^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u, text);
  if (alone) return { names: [alone[1]], rest: false };
  const start = listStart(text);
  const parts = start < 0 ? null : partsOf(text, start + 1);
  if (!parts) return null;
  let rest = false;
  const names: string[] = [];
  arrayForEach(parts, (part, index) => {
    const bare = stringTrim(stringReplace(part, /\/\*[^]*?\*\/|\/\/[^\n]*/g, ''));
    if (bare === '' && index === parts.length - 1) return;
    rest = stringStartsWith(bare, '...');
    const name = stringReplace(beforeDefault(bare), /^\.\.\.\s*/, '');
    arrayPush(names, isName(name) && !arrayIncludes(names, name) ? name : `arg${index + 1}`);
  });
  return { names, rest };
}

function beforeDefault(parameter: string): string {
  const at = stringIndexOf(parameter, '=');
  return at < 0 ? parameter : stringTrim(stringSlice(parameter, 0, at));
}

/** The first parenthesis that is not in a computed key. */
function listStart(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') return at;
    if (text[at] === '[') at = partsEnd(text, at + 1, ']');
    else if (stringStartsWith(text, '/*', at)) at = stringIndexOf(text, '*/', at) + 1;
    if (at < 0) return -1;
  }
  return -1;
}

function partsEnd(text: string, from: number, close: string): number {
  for (let at = from; at < text.length; at++) {
    const next = skip(text, at);
    if (next > at) at = next;
    else if (text[at] === close) return at;
  }
  return -1;
}

function partsOf(text: string, from: number): string[] | null {
  const parts: string[] = [];
  let begin = from;
  for (let at = from; at < text.length; at++) {
    const next = skip(text, at);
    if (next < 0) return null;
    if (next > at) at = next;
    else if (text[at] === ',' || text[at] === ')') {
      arrayPush(parts, stringSlice(text, begin, at));
      if (text[at] === ')') return parts;
      begin = at + 1;
    }
  }
  return null;
}

/** The last character of the string, comment or bracket that begins at `at`; `at` itself where none does. */
function skip(text: string, at: number): number {
  const character = text[at];
  if (character === '"' || character === "'" || character === '`') {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === '\\') end++;
      else if (text[end] === character) return end;
    }
    return -1;
  }
  if (stringStartsWith(text, '/*', at)) return stringIndexOf(text, '*/', at) + 1 || -1;
  if (stringStartsWith(text, '//', at)) return stringIndexOf(text, '\n', at);
  return character in CLOSING ? partsEnd(text, at + 1, CLOSING[character]) : at;
}
