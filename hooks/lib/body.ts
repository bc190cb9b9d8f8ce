import { Buffer, isUtf8 } from 'node:buffer';
import type * as Zlib from 'node:zlib';
import type { Encoder } from '../../src/recorder/encoder.js';
import { quote } from '../../src/recorder/quote.js';
import { redactForm } from '../../src/recorder/redact.js';
import type { BodyCollector } from './body-collector.js';
import { writeEscaped } from './escape-text.js';
import { redactJsonText, redactMultipart } from './redact-text.js';
import { JSON_TEXT, LINES, scanJson } from './scan-json.js';
import { secretKeyTest } from './secret-keys.js';

export interface BodyHeaders {
  type: string | undefined;
  encoding: string | undefined;
}

/** What a content type says about how a body is to be shown. */
interface Media {
  /** Without parameters, in lower case. */
  name: string;
  /** The same as JSON. */
  json: string;
  binary: boolean;
  /** It may be text in UTF-8 of which secrets can be told by the keys of JSON. */
  plain: boolean;
  /** Several JSON values, a line each. */
  lines: boolean;
  charset: string | undefined;
}

/** Types seen before. A program may meet any number of them. */
const medias = new Map<string | undefined, Media>();
const MAX_MEDIAS = 100;

function mediaOf(type: string | undefined): Media {
  const known = medias.get(type);
  if (known) return known;
  const name = type === undefined ? '' : type.split(';', 1)[0].trim().toLowerCase();
  const media = {
    name,
    json: name === '' ? 'null' : quote(name),
    binary: BINARY.test(name),
    plain: !/^multipart\/|urlencoded/.test(name) && !/charset(?!\s*=\s*"?utf-?8\b)/i.test(type ?? ''),
    lines: /x-ndjson|jsonl|event-stream/.test(name),
    charset: /charset\s*=\s*"?([\w:.-]+)/i.exec(type ?? '')?.[1].toLowerCase(),
  };
  if (medias.size < MAX_MEDIAS) medias.set(type, media);
  return media;
}

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
  { type, encoding }: BodyHeaders,
  maxBytes: number,
  isSecret: (key: string) => boolean,
): void {
  const media = mediaOf(type);
  let bytes: Buffer | null = body.bytes();
  let truncated = bytes.length < body.size || !body.complete;
  const codings = codingsOf(encoding);
  for (let i = codings.length - 1; i >= 0; i--) {
    const decoded: Decoded | null = bytes === null ? null : decode(codings[i], bytes, maxBytes);
    bytes = decoded?.bytes ?? null;
    truncated ||= decoded?.cut ?? false;
  }
  if (bytes !== null && bytes.length > maxBytes) {
    bytes = bytes.subarray(0, maxBytes);
    truncated = true;
  }
  const head = (cut: boolean): void =>
    out.text(
      `{"content_type":${media.json},"size":${body.size},"truncated":${cut}` +
        (bytes === null || codings.length === 0 ? '' : `,"encoding":${quote(codings.join(', '))}`),
    );
  const from = out.position();
  head(truncated);
  if (bytes === null || bytes.length === 0 || media.binary || !writeText(out, bytes, media, truncated, isSecret)) {
    out.cut(from);
    head(truncated || body.size > 0);
  }
  out.text('}');
}

const NO_CODINGS: string[] = [];

/** In the order in which they were applied. */
function codingsOf(encoding: string | undefined): string[] {
  if (encoding === undefined || encoding === '') return NO_CODINGS;
  return encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
}

/** Answers false, with nothing written, where it is no text. */
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
const JSON_KEY = ',"json":';

/** The quick way for most bodies, from bytes to bytes; false where they have to be looked at more closely. */
function writePlain(
  out: Encoder,
  bytes: Buffer,
  media: Media,
  truncated: boolean,
  isSecret: (key: string) => boolean,
): boolean {
  if (!isUtf8(bytes)) return false;
  const isSecretKey = secretKeyTest(isSecret);
  if (!truncated && !media.lines && (bytes[0] === 0x7b || bytes[0] === 0x5b)) {
    const found = scanJson(bytes, isSecretKey);
    if (found === JSON_TEXT) {
      // As it was sent: no digit of a long number is lost.
      out.text(JSON_KEY);
      out.bytes(bytes);
      return true;
    }
    if (found === JSON_TEXT + LINES) {
      out.text(JSON_KEY + inOneLine(bytes.toString()));
      return true;
    }
    if (found !== 0) return false;
  }
  // The mark of a byte order, or no text at all.
  if (bytes[0] === 0xef || bytes.includes(0)) return false;
  const from = out.position();
  out.text(TEXT_KEY);
  if (writeEscaped(bytes, out, isSecretKey)) return true;
  out.cut(from);
  return false;
}

/** Of JSON, where line ends stand only between its parts. */
function inOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ').trim();
}

function shown(text: string, media: Media, truncated: boolean, isSecret: (key: string) => boolean): string {
  if (media.name === 'application/x-www-form-urlencoded') return TEXT_KEY + quote(redactForm(text, isSecret));
  if (media.name.startsWith('multipart/')) {
    return TEXT_KEY + quote(redactJsonText(redactMultipart(text, isSecret), isSecret));
  }
  const redacted = redactJsonText(text, isSecret);
  const whole = !truncated && !media.lines && /^\s*[[{]/.test(redacted);
  const found = whole ? scanJson(Buffer.from(redacted), () => false) : 0;
  if (found === 0) return TEXT_KEY + quote(redacted);
  return JSON_KEY + ((found & LINES) === 0 ? redacted : inOneLine(redacted));
}

/** null: it is not text. */
function textOf(bytes: Buffer, { name, charset }: Media, truncated: boolean): string | null {
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      // A charset that nobody knows.
    }
  }
  const whole = truncated ? withoutCutCharacter(bytes) : bytes;
  if (isUtf8(whole)) {
    const text = whole.toString('utf8');
    return whole.includes(0) && !name.startsWith('multipart/') ? null : text.replace(/^\uFEFF/, '');
  }
  return /^(text|multipart)\/|[/+](json|xml)$|javascript|urlencoded/.test(name) ? whole.toString('utf8') : null;
}

/** The first bytes of a character of UTF-8 may stand at the end. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.subarray(0, -back) : bytes;
    if (byte < 0x80) break;
  }
  return bytes;
}

interface Decoded {
  bytes: Buffer;
  /** There is more than was decoded. */
  cut: boolean;
}

/** Compressed bytes of the first try. */
const FIRST = 16 * 1024;

/**
 * The beginning of what was compressed. However much a byte expands to, no more than four times `wanted` is ever made:
 * what is too much is tried again with half of the input.
 */
function decode(coding: string, input: Buffer, wanted: number): Decoded | null {
  const decoder = decoders()[coding];
  if (!decoder) return null;
  let best: Buffer | null = null;
  let length = Math.min(input.length, FIRST);
  let known = input.length + 1;
  for (;;) {
    try {
      best = decoder(input.subarray(0, length), Math.max(wanted * 4, 1024));
      if (best.length >= wanted || length === input.length || length * 2 >= known) break;
      length = Math.min(length * 2, input.length);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE' || length <= 1) break;
      known = length;
      if (best !== null) break;
      length = Math.floor(length / 2);
    }
  }
  return best === null ? null : { bytes: best, cut: length < input.length };
}

type Decoder = (input: Buffer, maxOutputLength: number) => Buffer;

let known: Record<string, Decoder> | null = null;

function decoders(): Record<string, Decoder> {
  if (known !== null) return known;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- 3 ms, needed by few programs
  const zlib = require('node:zlib') as typeof Zlib & { zstdDecompressSync?: typeof Zlib.gunzipSync };
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  // With a flush instead of an end, input that was cut gives what it holds.
  const gunzip: Decoder = (input, maxOutputLength) =>
    zlib.gunzipSync(input, { finishFlush: Z_SYNC_FLUSH, maxOutputLength });
  known = {
    gzip: gunzip,
    'x-gzip': gunzip,
    deflate: (input, maxOutputLength) => {
      const options = { finishFlush: Z_SYNC_FLUSH, maxOutputLength };
      // Some servers send the bare stream without the two bytes before it.
      return (input[0] & 0x0f) === 8 ? zlib.inflateSync(input, options) : zlib.inflateRawSync(input, options);
    },
    br: (input, maxOutputLength) =>
      zlib.brotliDecompressSync(input, { finishFlush: BROTLI_OPERATION_FLUSH, maxOutputLength }),
  };
  const { zstdDecompressSync } = zlib;
  if (zstdDecompressSync) {
    const { ZSTD_e_flush } = zlib.constants as unknown as { ZSTD_e_flush: number };
    known.zstd = (input, maxOutputLength) => zstdDecompressSync(input, { finishFlush: ZSTD_e_flush, maxOutputLength });
  }
  return known;
}
