import { constant, type Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import { quote } from '../../src/recorder/quote.js';
import { REDACTED, redactText } from '../../src/recorder/redact.js';
import {
  arrayFlat,
  arrayOf,
  arrayPush,
  isArray,
  isBuffer,
  latin1Slice,
  listFrom,
  objectEntries,
  SafeMap,
  String,
  stringToLowerCase,
} from '../../src/intrinsics.js';

/** Names and values as they go over the wire; several values of one name are several entries. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** The last URL and its JSON: the next exchange often has the same. */
const last = { url: '', json: '""' };

export function urlJson(url: string, isSecret: (key: string) => boolean): string {
  if (url !== last.url) {
    last.json = quote(redactText(url, isSecret));
    last.url = url;
  }
  return last.json;
}

interface HeaderName {
  lower: string;
  /** `"name":` */
  json: string;
  secret: boolean;
  /** The last value and its JSON: most exchanges have the same. */
  value: string;
  valueJson: string;
}

/** Names seen before, by how they were written. A program may meet any number of them. */
const names = new SafeMap<string, HeaderName>();
const MAX_NAMES = 1000;
/** Characters of a value that is remembered. */
const MAX_VALUE = 200;

function nameOf(name: string, isSecret: (key: string) => boolean): HeaderName {
  const known = names.get(name);
  if (known) return known;
  const lower = stringToLowerCase(name);
  const entry = { lower, json: `${quote(lower)}:`, secret: isSecret(lower), value: '', valueJson: '""' };
  if (names.size < MAX_NAMES) names.set(name, entry);
  return entry;
}

/** Lists written before, of which all values may be remembered: those of the next exchange are often the same. */
interface KnownHeaders {
  list: HeaderList;
  /** null: it has been seen once. */
  json: Constant | null;
}
const knownLists = arrayOf<KnownHeaders | null>(16, null);
/** Characters of all values. */
const MAX_LIST = 1000;
/** A value that was written had a secret in it: no secret is remembered. */
let hidden = false;

/** Writes them as JSON. */
export function writeHeaders(out: Encoder, headers: HeaderList, isSecret: (key: string) => boolean): void {
  let size = 0;
  for (let i = 0; i < headers.length; i++) size += headers[i][1].length;
  const place = (size + headers.length) % knownLists.length;
  const known = knownLists[place];
  if (known !== null && isSame(known.list, headers)) {
    known.json ??= constant(headersJson(headers, isSecret));
    return out.constant(known.json);
  }
  hidden = false;
  out.text(headersJson(headers, isSecret));
  if (size <= MAX_LIST && !hidden) knownLists[place] = { list: headers, json: null };
}

function isSame(one: HeaderList, other: HeaderList): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i][1] !== other[i][1] || one[i][0] !== other[i][0]) return false;
  return true;
}

function headersJson(headers: HeaderList, isSecret: (key: string) => boolean): string {
  let text = '';
  for (let i = 0; i < headers.length; i++) {
    const name = nameOf(headers[i][0], isSecret);
    let values = valueJson(name, headers[i][1], isSecret);
    let first = true;
    let several = false;
    // Several of one name are rare, and headers are few.
    for (let other = 0; other < headers.length; other++) {
      if (other === i || headers[other][0].length !== name.lower.length) continue;
      if (nameOf(headers[other][0], isSecret).lower !== name.lower) continue;
      if (other < i) first = false;
      several = true;
      values += `,${valueJson(name, headers[other][1], isSecret)}`;
    }
    if (first) text += `${text === '' ? '' : ','}${name.json}${several ? `[${values}]` : values}`;
  }
  return `{${text}}`;
}

function valueJson(name: HeaderName, value: string, isSecret: (key: string) => boolean): string {
  if (name.secret) {
    hidden = true;
    return `"${REDACTED}"`;
  }
  if (name.value === value) return name.valueJson;
  const shown = redactText(value, isSecret);
  const json = quote(shown);
  if (shown !== value) hidden = true;
  else if (value.length <= MAX_VALUE) {
    name.value = value;
    name.valueJson = json;
  }
  return json;
}

export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header[0].length === name.length && stringToLowerCase(header[0]) === name) return header[1];
  }
  return undefined;
}

/** `[name, value, name, value]`, as Node gives raw headers; also as bytes, as undici does. */
export function pairs(raw: readonly unknown[]): HeaderList {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const value = raw[i + 1];
    if (isArray(value)) for (let k = 0; k < value.length; k++) arrayPush(list, [text(raw[i]), text(value[k])]);
    else arrayPush(list, [text(raw[i]), text(value)]);
  }
  return list;
}

/** Of an object that `fetch` made. */
export function headerPairs(headers: Headers): HeaderList {
  return pairs(arrayFlat(listFrom(headers)));
}

/** `{ name: value }`, values may be arrays. */
export function entries(headers: object): HeaderList {
  return pairs(arrayFlat(objectEntries(headers as Record<string, unknown>)));
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return isBuffer(value) ? latin1Slice(value, 0, value.length) : String(value);
}
