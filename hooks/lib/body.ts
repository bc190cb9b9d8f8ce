import { Buffer, isUtf8 } from 'node:buffer';
import type * as Zlib from 'node:zlib';
import { quote as quoted } from '../../src/recorder/quote.js';
import { textEscaper } from './escape-text.js';
import { redactForm } from '../../src/recorder/redact.js';
import { redactJsonText, redactMultipart } from './redact-text.js';
import { isJsonText } from './scan-json.js';

/** A body on its way: its true size, and a copy of its beginning. */
export class BodyCollector {
  size = 0;
  /** Nothing more will come. */
  complete = false;
  private kept = 0;
  private chunks: Buffer[] = [];

  /** @param max bytes to keep */
  constructor(private readonly max: number) {}

  /** Bytes of memory in use. */
  get held(): number {
    return this.kept;
  }

  /** Takes a chunk as streams do; what is neither text nor bytes counts for nothing. */
  add(chunk: unknown, encoding?: unknown): void {
    const room = this.max - this.kept;
    if (typeof chunk === 'string') {
      const from = (typeof encoding === 'string' ? encoding : 'utf8') as BufferEncoding;
      this.size += Buffer.byteLength(chunk, from);
      // A character takes at least half a byte (hex).
      if (room > 0 && chunk !== '') this.keep(Buffer.from(chunk.slice(0, room * 2), from), room);
    } else if (ArrayBuffer.isView(chunk)) {
      this.size += chunk.byteLength;
      // A copy: the program may write into it.
      if (room > 0) {
        const length = Math.min(room, chunk.byteLength);
        this.keep(Buffer.from(new Uint8Array(chunk.buffer, chunk.byteOffset, length)), room);
      }
    } else if (chunk instanceof ArrayBuffer) this.add(new Uint8Array(chunk));
  }

  private keep(bytes: Buffer, room: number): void {
    const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.chunks.push(part);
    this.kept += part.length;
  }

  /** What was kept; it is forgotten here. */
  take(): Buffer {
    const bytes = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = [];
    return bytes;
  }
}

export interface BodyHeaders {
  type: string | undefined;
  encoding: string | undefined;
}

/**
 * JSON text of a `BodyPreview`.
 *
 * @param maxBytes of decoded text
 */
export function bodyJson(
  body: BodyCollector,
  { type, encoding }: BodyHeaders,
  maxBytes: number,
  isSecret: (key: string) => boolean,
): string {
  const mediaType = type === undefined ? null : type.split(';', 1)[0].trim().toLowerCase() || null;
  const raw = body.take();
  let bytes: Buffer | null = raw;
  let truncated = raw.length < body.size || !body.complete;
  const codings = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  for (const coding of codings.reverse()) {
    const decoded: Decoded | null = bytes === null ? null : decode(coding, bytes, maxBytes);
    bytes = decoded?.bytes ?? null;
    truncated ||= decoded?.cut ?? false;
  }
  if (bytes !== null && bytes.length > maxBytes) {
    bytes = bytes.subarray(0, maxBytes);
    truncated = true;
  }
  const quick = truncated && bytes !== null ? cutText(bytes, type ?? '', mediaType ?? '', isSecret) : null;
  const text = bytes === null || quick !== null ? null : textOf(bytes, type ?? '', mediaType ?? '', truncated);
  const none = text === null && quick === null;
  const head = `{"content_type":${mediaType === null ? 'null' : quoted(mediaType)},"size":${body.size},"truncated":${truncated || (none && body.size > 0)}`;
  const coding = bytes !== null && codings.length > 0 ? `,"encoding":${quoted(codings.reverse().join(', '))}` : '';
  if (quick !== null) return `${head}${coding},"text":${quick}}`;
  return `${head}${coding}${text === null ? '' : shown(text, mediaType ?? '', truncated, isSecret)}}`;
}

/** The quick way for the beginning of a large text, as a JSON string; null where that has to be looked at more closely. */
function cutText(bytes: Buffer, type: string, mediaType: string, isSecret: (key: string) => boolean): string | null {
  if (bytes.length === 0 || /^multipart\/|urlencoded/.test(mediaType) || BINARY.test(mediaType)) return null;
  if (/charset/i.test(type) && !/charset\s*=\s*"?utf-?8\b/i.test(type)) return null;
  const whole = withoutCutCharacter(bytes);
  if (!isUtf8(whole) || whole.includes(0) || whole[0] === 0xef) return null;
  let escaper = escapers.get(isSecret);
  if (!escaper) escapers.set(isSecret, (escaper = textEscaper(isSecret)));
  return escaper(whole);
}

const escapers = new WeakMap<(key: string) => boolean, ReturnType<typeof textEscaper>>();

function shown(text: string, mediaType: string, truncated: boolean, isSecret: (key: string) => boolean): string {
  if (mediaType === 'application/x-www-form-urlencoded') return `,"text":${quoted(redactForm(text, isSecret))}`;
  if (mediaType.startsWith('multipart/')) {
    return `,"text":${quoted(redactJsonText(redactMultipart(text, isSecret), isSecret))}`;
  }
  const redacted = redactJsonText(text, isSecret);
  if (
    !truncated &&
    /^\s*[[{]/.test(redacted) &&
    !/x-ndjson|jsonl|event-stream/.test(mediaType) &&
    isJsonText(redacted)
  ) {
    // As it was sent: no digit of a long number is lost. Line ends stand only between its parts.
    return `,"json":${/[\r\n]/.test(redacted) ? redacted.replace(/[\r\n]+/g, ' ').trim() : redacted}`;
  }
  return `,"text":${quoted(redacted)}`;
}

const BINARY =
  /^(image\/(?!svg)|audio\/|video\/|font\/|application\/(octet-stream|pdf|zip|gzip|x-tar|wasm|protobuf|grpc))/;

/** null: it is not text. */
function textOf(bytes: Buffer, type: string, mediaType: string, truncated: boolean): string | null {
  if (bytes.length === 0 || BINARY.test(mediaType)) return null;
  const charset = /charset\s*=\s*"?([\w:.-]+)/i.exec(type)?.[1].toLowerCase();
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
    return whole.includes(0) && !mediaType.startsWith('multipart/') ? null : text.replace(/^\uFEFF/, '');
  }
  return /^(text|multipart)\/|[/+](json|xml)$|javascript|urlencoded/.test(mediaType) ? whole.toString('utf8') : null;
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
