import type { IsSecret } from './is-secret.js';
import { REDACTED } from './replacement.js';
import {
  charCode,
  regExpExec,
  stringIndexOf,
  stringLastIndexOf,
  stringSlice,
  stringStartsWith,
  stringTrim,
} from '../intrinsics.js';

/** Characters of a name, of a tag with its attributes, and of the text in a `CDATA` section that are looked through. */
const MAX_NAME = 200;
const MAX_TAG = 1024;
const MAX_DATA = 4096;
const CDATA = '<![CDATA[';

/** Text of XML or HTML without what is in elements with a secret name: `<wsse:Password Type="text">x</wsse:Password>`. */
export function redactTags(text: string, isSecret: IsSecret): string {
  let out = '';
  let from = 0;
  for (let at = stringIndexOf(text, '</'); at >= 0; at = stringIndexOf(text, '</', at + 2)) {
    const name = nameAt(text, at + 2);
    if (name === '' || !isSecret(stringSlice(name, stringLastIndexOf(name, ':') + 1))) continue;
    const start = startOfContent(text, name, from, at);
    if (start < 0 || stringTrim(stringSlice(text, start, at)) === '') continue;
    out += stringSlice(text, from, start) + REDACTED;
    from = at;
  }
  const cut = startOfCut(text, from, isSecret);
  if (cut >= 0) return out + stringSlice(text, from, cut) + REDACTED;
  return from === 0 ? text : out + stringSlice(text, from);
}

/** Where the content of a last element begins of which the end tag was cut off; -1: nothing was. */
function startOfCut(text: string, from: number, isSecret: IsSecret): number {
  if (charCode(text, 0) !== 0x3c) return -1;
  const close = stringLastIndexOf(text, '>');
  if (close < from || close === text.length - 1) return -1;
  const opened = stringSlice(text, stringLastIndexOf(text, '<', close) + 1, close);
  const name = (opened.length <= MAX_TAG && regExpExec(NAME, opened)?.[1]) || '';
  return name !== '' && isSecret(name) ? close + 1 : -1;
}

const NAME = /^(?:[\w.-]{1,200}:)?([\w.-]{1,200})(?:\s|$)/;

/** The name of the end tag; '': there is none. */
function nameAt(text: string, start: number): string {
  const most = start + MAX_NAME;
  for (let end = start; end < text.length && end < most; end++) {
    const code = charCode(text, end);
    if (code === 0x3e) return stringTrim(stringSlice(text, start, end));
    if (code === 0x3c) return '';
  }
  return '';
}

/** Where the content begins that ends at `at`; -1: no tag of that name is right before it. */
function startOfContent(text: string, name: string, from: number, at: number): number {
  let end = at;
  if (at - 3 >= from && stringSlice(text, at - 3, at) === ']]>') {
    const first = at - MAX_DATA > from ? at - MAX_DATA : from;
    const open = stringLastIndexOf(stringSlice(text, first, at), CDATA);
    if (open < 0) return -1;
    end = first + open;
  }
  const close = stringLastIndexOf(text, '>', end - 1);
  if (close < from) return -1;
  const first = close - MAX_TAG > from ? close - MAX_TAG : from;
  const tag = stringSlice(text, first, close);
  const opened = stringSlice(tag, stringLastIndexOf(tag, '<') + 1);
  if (!stringStartsWith(opened, name)) return -1;
  const after = charCode(opened, name.length);
  return after !== after || after <= 0x20 ? close + 1 : -1;
}
