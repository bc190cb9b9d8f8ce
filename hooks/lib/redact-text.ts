import { REDACTED } from '../../src/recorder/redact.js';
import {
  arrayJoin,
  arrayMap,
  each,
  fromCharCode,
  numberFromText,
  regExpExec,
  regExpTest,
  SafeMap,
  stringIncludes,
  stringIndexOf,
  stringReplace,
  stringSlice,
  stringSplit,
} from '../../src/intrinsics.js';

type IsSecret = (key: string) => boolean;

/**
 * A key as it stands in JSON, also in JSON that is itself inside of a string, and there inside of a string again. A run
 * of backslashes is looked at from each of its places, so that it must have a bound.
 */
const KEY = /(\\{0,255})"((?:[^"\\]|\\u[\da-fA-F]{4}){1,200})\1"\s*:\s*/g;

/**
 * Text that holds JSON, whole or cut, one value or many, with the values of secret keys replaced. What is valid JSON
 * stays valid JSON.
 */
export function redactJsonText(text: string, isSecret: IsSecret): string {
  const known = new SafeMap<string, boolean>();
  let out = '';
  let from = 0;
  KEY.lastIndex = 0;
  for (let match = regExpExec(KEY, text); match; match = regExpExec(KEY, text)) {
    const [, escape, key] = each(match);
    let secret = known.get(key);
    if (secret === undefined) known.set(key, (secret = isSecret(stringIncludes(key, '\\') ? unescaped(key) : key)));
    if (!secret) continue;
    const start = KEY.lastIndex;
    const end = endOfValue(text, start, escape.length);
    out += `${stringSlice(text, from, start)}${escape}"${REDACTED}${escape}"`;
    from = end;
    KEY.lastIndex = end;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

function unescaped(key: string): string {
  return stringReplace(key, /\\u([\da-fA-F]{4})/g, (match) => fromCharCode(numberFromText(match[1], 16)));
}

/** Where the value that starts there ends; the end of the text where it was cut. */
function endOfValue(text: string, start: number, level: number): number {
  let i = start;
  while (text[i] === '\\' && i - start < level) i++;
  if (text[i] === '"') return endOfString(text, i + 1, level);
  if (text[start] !== '{' && text[start] !== '[') {
    let end = start;
    while (end < text.length && !regExpTest(/[,}\]\s\\"]/, text[end])) end++;
    return end;
  }
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at + 1, level) - 1;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

/** Behind the closing quote of a string that is itself `level` backslashes deep. */
function endOfString(text: string, from: number, level: number): number {
  for (let quote = stringIndexOf(text, '"', from); quote >= 0; quote = stringIndexOf(text, '"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\' && quote - 1 - backslashes >= from) backslashes++;
    if (backslashes % (2 * (level + 1)) === level) return quote + 1;
  }
  return text.length;
}

/** A multipart body without the content of parts with a secret name. */
export function redactMultipart(text: string, isSecret: IsSecret): string {
  const boundary = regExpExec(/^(--[^\r\n]{1,200})\r?\n/, text)?.[1];
  if (boundary === undefined) return text;
  return arrayJoin(
    arrayMap(stringSplit(text, boundary), (part) => {
      const name = regExpExec(/^\r?\ncontent-disposition:[^\r\n]*?[;\s]name="?([^"\r\n;]*)/im, part)?.[1];
      const head = regExpExec(/\r?\n\r?\n/, part);
      if (name === undefined || !head || !isSecret(name)) return part;
      return `${stringSlice(part, 0, head.index + head[0].length)}${REDACTED}\r\n`;
    }),
    boundary,
  );
}
