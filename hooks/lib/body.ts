import type { Buffer } from 'node:buffer';
import { constant, type Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import { quote } from '../../src/recorder/quote.js';
import { redactForm, redactText } from '../../src/recorder/redact.js';
import { tailOf, type BodyCollector } from './body-collector.js';
import { wholeCharacters } from './body-tail.js';
import { decode, type Decoded } from './decode.js';
import { EVENT_STREAM } from './event-stream.js';
import { redactMultipart } from './redact-text.js';
import { endFrom, scanBody, writeAgain, writeKnown } from './known-json.js';
import { JSON_TEXT, LINES, scanJson } from './scan-json.js';
import { keyTest, type KeyTest } from '../../src/recorder/key-kinds.js';
import {
  bufferView,
  indexOfByte,
  indexOfText,
  lastIndexOfText,
  latin1Slice,
  utf8Bytes,
  utf8Text,
  uncurry,
  isUtf8,
  arrayFilter,
  arrayJoin,
  arrayMap,
  max,
  min,
  regExpExec,
  regExpTest,
  SafeMap,
  stringReplace,
  stringSplit,
  stringStartsWith,
  stringToLowerCase,
  stringTrim,
} from '../../src/intrinsics.js';

/** What headers say of a body. */
export interface BodyHeaders {
  type: string | undefined;
  encoding: string | undefined;
  /** What is known of the type, once a body had it. */
  media?: Media;
}

/** What a content type says about how a body is to be shown. */
interface Media {
  /** Without parameters, in lower case. */
  name: string;
  /** Begins the preview, with the same. */
  start: Constant;
  binary: boolean;
  /** It may be text in UTF-8 of which secrets can be told without a string being made of it. */
  plain: boolean;
  /** Several JSON values, a line each. */
  lines: boolean;
  charset: string | undefined;
  /** Of the parts of a multipart body. */
  boundary: string | undefined;
}

/** Types seen before. A program may meet any number of them. */
const medias = new SafeMap<string | undefined, Media>();
const MAX_MEDIAS = 100;

function mediaOf(type: string | undefined): Media {
  const known = medias.get(type);
  if (known) return known;
  const name = type === undefined ? '' : stringToLowerCase(stringTrim(stringSplit(type, ';')[0]));
  const charset = regExpExec(/charset\s*=\s*"?([\w:.-]+)/i, type ?? '');
  const boundary = regExpExec(/boundary\s{0,8}=\s{0,8}(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i, type ?? '');
  const media = {
    name,
    start: constant(`{"content_type":${name === '' ? 'null' : quote(name)},"size":`),
    binary: regExpTest(BINARY, name),
    plain: !regExpTest(NO_JSON, name) && !regExpTest(/charset(?!\s*=\s*"?utf-?8\b)/i, type ?? ''),
    lines: regExpTest(/x-ndjson|jsonl|event-?stream/, name),
    boundary: boundary === null ? undefined : (boundary[1] ?? boundary[2]),
    charset: charset === null ? undefined : stringToLowerCase(charset[1]),
  };
  if (medias.size < MAX_MEDIAS) medias.set(type, media);
  return media;
}

const NO_JSON = /^multipart\/|urlencoded/;
const BINARY =
  /^(image\/(?!svg)|audio\/|video\/|font\/|application\/(octet-stream|pdf|zip|gzip|x-tar|wasm|protobuf|grpc))/;

/**
 * Writes JSON text of a `BodyPreview`.
 *
 * @param maxBytes of decoded text
 */
export function writeBody(
  out: Encoder,
  body: BodyCollector,
  about: BodyHeaders,
  maxBytes: number,
  isSecret: (key: string) => boolean,
): void {
  const media = (about.media ??= mediaOf(about.type));
  const codings = codingsOf(about.encoding, media);
  const { head, end, total, whole } = endsOf(body, codings, maxBytes);
  const start = (cut: boolean): void => {
    out.constant(media.start);
    out.integer(body.size);
    out.text(`,"truncated":${cut}`);
    if (media.lines) out.text(`,"chunks":${body.chunks}`);
    if (head !== null && codings.length > 0) out.text(`,"encoding":${quote(arrayJoin(codings, ', '))}`);
  };
  const from = out.at;
  start(!whole);
  if (head === null || head.length === 0 || media.binary || !writeText(out, head, media, !whole, isSecret)) {
    out.cut(from);
    start(!whole || body.size > 0);
  } else if (total > head.length) writeEnd(out, head, end, total, media, isSecret);
  out.text('}');
}

interface Ends {
  /** null: it cannot be decoded. */
  head: Buffer | null;
  /** Of a whole body that is too long. */
  end: Buffer | null;
  /** Bytes of all of it, decoded; 0: nobody knows. */
  total: number;
  /** `head` is all of it. */
  whole: boolean;
}

function endsOf(body: BodyCollector, codings: readonly string[], maxBytes: number): Ends {
  let bytes: Buffer | null = body.bytes();
  let whole = body.complete && bytes.length === body.size;
  if (codings.length > 0) {
    for (let i = codings.length - 1; i >= 0; i--) {
      const decoded: Decoded | null = bytes === null ? null : decode(codings[i], bytes, maxBytes, whole);
      bytes = decoded?.bytes ?? null;
      whole &&= decoded !== null && !decoded.cut;
    }
    if (bytes === null) return { head: null, end: null, total: 0, whole };
    if (!whole) return { head: bufferView(bytes, 0, min(bytes.length, maxBytes)), end: null, total: 0, whole };
  }
  const total = codings.length > 0 ? bytes.length : body.size;
  const fits = total <= maxBytes && bytes.length === total;
  if (fits) return { head: bytes, end: null, total: body.complete ? total : 0, whole };
  const length = tailOf(maxBytes);
  const tail = body.tail();
  const end = !body.complete ? null : lastOf(tail ?? bytes, length);
  return { head: bufferView(bytes, 0, min(bytes.length, maxBytes - length)), end, total, whole: false };
}

/** Writes the end of a body of which `head` was written, and how much is missing. */
function writeEnd(
  out: Encoder,
  head: Buffer,
  end: Buffer | null,
  total: number,
  media: Media,
  isSecret: (key: string) => boolean,
): void {
  const known = end === null ? null : knownEnd(end, head, media);
  if (known !== null) {
    out.text(TAIL_KEY);
    if (!media.plain || !writeKnown(known, out, keyTest(isSecret))) {
      out.text(quote(redacted(utf8Text(known), media, isSecret)));
    }
  }
  out.text(`,"omitted":${total - withoutCutCharacter(head).length - (known?.length ?? 0)}`);
}

/** What may be shown of the end of a text, before secrets are redacted; null: nothing. */
function knownEnd(end: Buffer, head: Buffer, media: Media): Buffer | null {
  if (media.charset !== undefined && !regExpTest(/^(utf-?8|us-ascii)$/, media.charset)) return null;
  const bytes = wholeCharacters(end);
  if (bytes === null) return null;
  const from = tailStart(bytes, head, media);
  return from >= bytes.length ? null : bufferView(bytes, from);
}

function tailStart(bytes: Buffer, head: Buffer, media: Media): number {
  if (media.name === 'application/x-www-form-urlencoded') {
    const ampersand = indexOfByte(bytes, 0x26);
    return ampersand < 0 ? bytes.length : ampersand + 1;
  }
  if (stringStartsWith(media.name, 'multipart/')) {
    const boundary = regExpExec(/^(--[^\r\n]{1,200})\r?\n/, latin1Slice(head, 0, min(head.length, 210)))?.[1];
    const at = boundary === undefined ? -1 : indexOfText(bytes, `\n${boundary}`, 0, 'latin1');
    return at < 0 ? bytes.length : at + 1;
  }
  const pem = lastIndexOfText(bytes, '-----END ');
  const start = pem >= 0 && lastIndexOfText(bytes, '-----BEGIN ', pem) < 0 ? indexOfText(bytes, '\n', pem) : 0;
  if (start < 0) return bytes.length;
  return start + endFrom(bufferView(bytes, start), !media.lines && beginsLikeJson(head));
}

function beginsLikeJson(bytes: Buffer): boolean {
  return regExpTest(/^(\xef\xbb\xbf)?\s*[[{]/, latin1Slice(bytes, 0, min(bytes.length, 100)));
}

const { TextDecoder } = globalThis;
const decodeText = uncurry(TextDecoder.prototype.decode);

const NO_CODINGS: string[] = [];
const EVENTS = [EVENT_STREAM];

/** In the order in which they were applied. */
function codingsOf(encoding: string | undefined, { name }: Media): string[] {
  if (encoding === undefined || encoding === '') return name === EVENT_STREAM ? EVENTS : NO_CODINGS;
  return arrayFilter(
    arrayMap(stringSplit(stringToLowerCase(encoding), ','), (name) => stringTrim(name)),
    (name) => name !== '' && name !== 'identity',
  );
}

/** Returns false, with nothing written, where it is no text. */
function writeText(
  out: Encoder,
  bytes: Buffer,
  media: Media,
  truncated: boolean,
  isSecret: (key: string) => boolean,
): boolean {
  if (media.plain && writePlain(out, truncated ? withoutCutCharacter(bytes) : bytes, media, truncated, isSecret)) {
    return true;
  }
  const text = textOf(bytes, media, truncated);
  if (text === null) return false;
  out.text(shown(text, media, truncated, isSecret));
  return true;
}

const TEXT_KEY = ',"text":';
const TAIL_KEY = ',"tail":';
const JSON_KEY = ',"json":';

/** The quick way for most bodies, from bytes to bytes; false where they have to be looked at more closely. */
function writePlain(
  out: Encoder,
  bytes: Buffer,
  media: Media,
  truncated: boolean,
  isSecret: (key: string) => boolean,
): boolean {
  const keyKind = keyTest(isSecret);
  if (truncated && writeTextAgain(out, bytes, keyKind)) return true;
  if (!isUtf8(bytes)) return false;
  if (!truncated && !media.lines && (bytes[0] === 0x7b || bytes[0] === 0x5b)) {
    const found = scanBody(bytes, keyKind);
    if (found === JSON_TEXT) {
      // As it was sent: no digit of a long number is lost.
      out.text(JSON_KEY);
      out.bytes(bytes);
      return true;
    }
    if (found === JSON_TEXT + LINES) {
      out.text(JSON_KEY + inOneLine(utf8Text(bytes)));
      return true;
    }
    if (found !== 0) return false;
  }
  // The mark of a byte order, or no text at all.
  if (bytes[0] === 0xef || indexOfByte(bytes, 0) >= 0) return false;
  const from = out.at;
  out.text(TEXT_KEY);
  if (writeKnown(bytes, out, keyKind)) return true;
  out.cut(from);
  return false;
}

/** What was written before is valid text; one that begins with the mark of a byte order is not shown as it is. */
function writeTextAgain(out: Encoder, bytes: Buffer, keyKind: KeyTest): boolean {
  const from = out.at;
  out.text(TEXT_KEY);
  if (bytes[0] !== 0xef && writeAgain(bytes, out, keyKind)) return true;
  out.cut(from);
  return false;
}

/** Of JSON, where line ends stand only between its parts. */
function inOneLine(json: string): string {
  return stringTrim(stringReplace(json, /[\r\n]+/g, ' '));
}

function shown(text: string, media: Media, truncated: boolean, isSecret: (key: string) => boolean): string {
  const visible = redacted(text, media, isSecret);
  const json = !truncated && !media.lines && !regExpTest(NO_JSON, media.name) && regExpTest(/^\s*[[{]/, visible);
  const found = json ? scanJson(utf8Bytes(visible), () => 0) : 0;
  if (found === 0) return TEXT_KEY + quote(visible);
  return JSON_KEY + ((found & LINES) === 0 ? visible : inOneLine(visible));
}

function redacted(text: string, { name, boundary }: Media, isSecret: (key: string) => boolean): string {
  if (name === 'application/x-www-form-urlencoded') return redactForm(text, isSecret);
  return stringStartsWith(name, 'multipart/') ? redactMultipart(text, isSecret, boundary) : redactText(text, isSecret);
}

/** null: it is not text. */
function textOf(bytes: Buffer, { name, charset }: Media, truncated: boolean): string | null {
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    try {
      return decodeText(new TextDecoder(charset), bytes);
    } catch {
      // A charset that nobody knows.
    }
  }
  const whole = truncated ? withoutCutCharacter(bytes) : bytes;
  if (isUtf8(whole)) {
    const text = utf8Text(whole);
    return indexOfByte(whole, 0) >= 0 && !stringStartsWith(name, 'multipart/')
      ? null
      : stringReplace(text, /^\uFEFF/, '');
  }
  return regExpTest(/^(text|multipart)\/|[/+](json|xml)$|javascript|urlencoded/, name) ? utf8Text(whole) : null;
}

/** @returns the last bytes, that many at most */
function lastOf(bytes: Buffer, length: number): Buffer {
  return bufferView(bytes, max(0, bytes.length - length));
}

/** The first bytes of a character of UTF-8 may be at the end. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if (byte >= 0xc0)
      return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bufferView(bytes, 0, bytes.length - back) : bytes;
    if (byte < 0x80) break;
  }
  return bytes;
}
