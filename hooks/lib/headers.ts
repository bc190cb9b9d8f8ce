import { constant, type Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import type { BodyHeaders } from './body.js';
import { quote } from '../../src/recorder/quote.js';
import { REDACTED, redactText } from '../../src/recorder/redact.js';
import {
  arrayFlat,
  arrayOf,
  arrayPush,
  arraySlice,
  charCode,
  isArray,
  isBuffer,
  latin1Slice,
  listFrom,
  objectEntries,
  SafeMap,
  String,
  stringIndexOf,
  stringSlice,
  stringToLowerCase,
} from '../../src/intrinsics.js';

/** Names and values as they go over the wire; several values of one name are several entries. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** The same as Node has them: names and values in turn, or the head of a message that was sent. Made a list when written. */
export type RawHeaders = HeaderList | readonly string[] | string;

interface KnownUrl {
  url: string;
  json: string;
}

/** URLs that were written, and their JSON: later exchanges often have the same. A power of two. */
const urls = arrayOf<KnownUrl | null>(32, null);
/** Characters of a URL that is remembered. */
const MAX_URL = 1000;

export function urlJson(url: string, isSecret: (key: string) => boolean): string {
  const place = (url.length + charCode(url, url.length - 1)) & (urls.length - 1);
  const known = urls[place];
  if (known !== null && known.url === url) return known.json;
  const json = quote(redactText(url, isSecret));
  if (url.length <= MAX_URL) urls[place] = { url, json };
  return json;
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

/** The headers of a message, and of those after it that had the same. */
export class Head {
  /** null: it was written once at most. */
  json: Constant | null = null;
  private known: BodyHeaders | null = null;

  constructor(readonly headers: RawHeaders) {}

  about(): BodyHeaders {
    if (this.known !== null) return this.known;
    const type = headerOf(this.headers, 'content-type');
    const encoding = headerOf(this.headers, 'content-encoding');
    return (this.known = { type, encoding, media: undefined });
  }
}

/** Heads written before, of which all values may be remembered: those of the next exchange are often the same. */
const heads = arrayOf<Head | null>(32, null);
/** Characters of all of them. */
const MAX_SIZE = 1500;
/** A value that was written had a secret in it: no secret is remembered. */
let hidden = false;

/** To be asked when the message passes: what it is made of can go then, if others had the same. */
export function headWith(headers: RawHeaders): Head {
  const known = heads[placeOf(headers)];
  if (known !== null && isSame(known.headers, headers)) return known;
  // The program may change that list.
  return new Head(isFlat(headers) ? arraySlice(headers, 0) : headers);
}

/** Writes them as JSON. */
export function writeHeaders(out: Encoder, head: Head, isSecret: (key: string) => boolean): void {
  const { headers, json } = head;
  if (json !== null) return out.constant(json);
  const place = placeOf(headers);
  const known = heads[place];
  if (known !== null && isSame(known.headers, headers)) {
    known.json ??= constant(headersJson(listOf(headers), isSecret));
    return out.constant(known.json);
  }
  hidden = false;
  out.text(headersJson(listOf(headers), isSecret));
  if (sizeOf(headers) <= MAX_SIZE && !hidden) heads[place] = head;
}

/** Of a request and its response, one is text where the other is a list: neither takes the place of the other. */
function placeOf(headers: RawHeaders): number {
  const half = heads.length / 2;
  return ((sizeOf(headers) + headers.length) % half) + (typeof headers === 'string' ? half : 0);
}

function sizeOf(headers: RawHeaders): number {
  if (typeof headers === 'string') return headers.length;
  let size = 0;
  for (let i = 0; i < headers.length; i++) {
    const each = headers[i];
    size += typeof each === 'string' ? each.length : each[1].length;
  }
  return size;
}

function isSame(one: RawHeaders, other: RawHeaders): boolean {
  if (one === other) return true;
  if (typeof one === 'string' || typeof other === 'string') return false;
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) {
    const a = one[i];
    const b = other[i];
    if (a === b) continue;
    if (typeof a === 'string' || typeof b === 'string' || a[1] !== b[1] || a[0] !== b[0]) return false;
  }
  return true;
}

function listOf(headers: RawHeaders): HeaderList {
  if (typeof headers === 'string') return headersOfHead(headers);
  return isFlat(headers) ? pairs(headers) : headers;
}

function isFlat(headers: RawHeaders): headers is readonly string[] {
  return typeof headers !== 'string' && typeof headers[0] === 'string';
}

function headersOfHead(head: string): HeaderList {
  const list: [string, string][] = [];
  let from = stringIndexOf(head, '\r\n') + 2;
  for (let end = stringIndexOf(head, '\r\n', from); end > from; end = stringIndexOf(head, '\r\n', from)) {
    const colon = stringIndexOf(head, ': ', from);
    if (colon > from && colon < end) {
      arrayPush(list, [stringSlice(head, from, colon), stringSlice(head, colon + 2, end)]);
    }
    from = end + 2;
  }
  return list;
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

/** @param name in lower case */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  if (typeof headers === 'string') return headerOfHead(headers, name);
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (typeof header !== 'string') {
      if (isName(header[0], name)) return header[1];
    } else if ((i & 1) === 0 && isName(header, name)) return headers[i + 1] as string;
  }
  return undefined;
}

function isName(written: string, name: string): boolean {
  return written.length === name.length && (written === name || stringToLowerCase(written) === name);
}

function headerOfHead(head: string, name: string): string | undefined {
  const { length } = name;
  let from = stringIndexOf(head, '\r\n') + 2;
  for (let end = stringIndexOf(head, '\r\n', from); end > from; end = stringIndexOf(head, '\r\n', from)) {
    if (charCode(head, from + length) === COLON && isName(stringSlice(head, from, from + length), name)) {
      return stringSlice(head, from + length + 2, end);
    }
    from = end + 2;
  }
  return undefined;
}

const COLON = 0x3a;

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

/** The same without a list for each, unless a name has several values. */
export function flatPairs(raw: readonly unknown[]): RawHeaders {
  const list: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (isArray(raw[i + 1])) return pairs(raw);
    arrayPush(list, text(raw[i]));
    arrayPush(list, text(raw[i + 1]));
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
