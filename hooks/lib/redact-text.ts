import {
  arrayJoin,
  arrayMap,
  regExpExec,
  stringEndsWith,
  stringIndexOf,
  stringReplace,
  stringSlice,
  stringSplit,
  stringTrim,
} from '../../src/intrinsics.js';
import { REDACTED, redactText, type IsSecret } from '../../src/recorder/redact.js';

const decodeName = decodeURIComponent;

/**
 * A multipart body without the content of parts with a secret name.
 *
 * @param boundary as the content type says; else as the first line says that begins with two dashes
 */
export function redactMultipart(text: string, isSecret: IsSecret, boundary?: string): string {
  const delimiter = boundary === undefined ? firstDelimiter(text) : `--${boundary}`;
  if (delimiter === undefined) return redactText(text, isSecret);
  const parts = arrayMap(stringSplit(text, delimiter), (part, index) =>
    index === 0 ? redactText(part, isSecret) : redactPart(part, isSecret),
  );
  return arrayJoin(parts, delimiter);
}

function firstDelimiter(text: string): string | undefined {
  return regExpExec(/(?:^|\n)(--[^\r\n]{1,200})\r?\n[\w-]{1,64}:/, text)?.[1];
}

function redactPart(part: string, isSecret: IsSecret): string {
  const { head, content } = headAndContent(part);
  if (content === '') return part;
  const name = nameOfPart(head);
  if (name === undefined || !isSecret(name)) return head + redactText(content, isSecret);
  // The line end before the next delimiter is no part of the content.
  const end = stringEndsWith(content, '\r\n') ? '\r\n' : stringEndsWith(content, '\n') ? '\n' : '';
  return head + REDACTED + end;
}

/** The empty line between them belongs to the head. */
function headAndContent(part: string): { head: string; content: string } {
  const windows = stringIndexOf(part, '\r\n\r\n');
  const unix = stringIndexOf(part, '\n\n');
  const end = windows >= 0 && (unix < 0 || windows < unix) ? windows + 4 : unix < 0 ? part.length : unix + 2;
  return { head: stringSlice(part, 0, end), content: stringSlice(part, end) };
}

/** Characters of a head that are looked at. */
const MAX_HEAD = 4096;

/** `name="a b"`, `name=a` or `name*=utf-8''a%20b`, also on a line that is folded. */
function nameOfPart(head: string): string | undefined {
  const unfolded = stringReplace(stringSlice(head, 0, MAX_HEAD), /\r?\n[ \t]+/g, ' ');
  const line = regExpExec(/^content-disposition:.*/im, unfolded)?.[0];
  const found = line === undefined ? null : regExpExec(NAME, line);
  if (found === null) return undefined;
  const name = stringTrim(stringReplace(found[1] ?? found[2], /\\(.)/g, (match) => match[1]));
  const plain = stringReplace(name, /^[\w-]{0,20}'[\w-]{0,20}'/, '');
  try {
    return decodeName(plain);
  } catch {
    return plain;
  }
}

const NAME = /[;\s]name\*?(?:0\*?)?\s{0,8}=\s{0,8}(?:"((?:[^"\\]|\\.)*)"?|([^";\r\n]*))/i;
