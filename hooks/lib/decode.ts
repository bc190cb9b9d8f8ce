import type { Buffer } from 'node:buffer';
import type * as Zlib from 'node:zlib';
import { EVENT_STREAM, eventLines } from './event-stream.js';
import { bufferView, floor, max, min } from '../../src/intrinsics.js';

const { getBuiltinModule } = process;

export interface Decoded {
  bytes: Buffer;
  /** There is more than was decoded. */
  cut: boolean;
}

/** Compressed bytes of the first try. */
const FIRST = 16 * 1024;

/** Bytes that may be made of a body to find its end. */
const MAX_DECODED = 256 * 1024;

/**
 * What was compressed, or its beginning. However much a byte expands to, no more than four times `wanted` or
 * `MAX_DECODED` is ever made: what is too much is tried again with half of the input.
 *
 * @param whole `input` is all that came
 */
export function decode(coding: string, input: Buffer, wanted: number, whole: boolean): Decoded | null {
  const decoder = decoders()[coding];
  if (!decoder) return null;
  if (whole) {
    try {
      return { bytes: decoder(input, max(wanted * 4, MAX_DECODED), true), cut: false };
    } catch {
      // Too much, or it breaks off.
    }
  }
  let best: Buffer | null = null;
  let length = min(input.length, FIRST);
  let known = input.length + 1;
  for (;;) {
    try {
      best = decoder(bufferView(input, 0, length), max(wanted * 4, 1024), false);
      if (best.length >= wanted || length === input.length || length * 2 >= known) break;
      length = min(length * 2, input.length);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE' || length <= 1) break;
      known = length;
      if (best !== null) break;
      length = floor(length / 2);
    }
  }
  return best === null ? null : { bytes: best, cut: true };
}

/** @param ends the input is all of it, and an error otherwise */
type Decoder = (input: Buffer, maxOutputLength: number, ends: boolean) => Buffer;

let known: Record<string, Decoder> | null = null;

function decoders(): Record<string, Decoder> {
  if (known !== null) return known;
  // Loading it takes 3 ms, and few programs need it.
  const zlib = getBuiltinModule('node:zlib') as typeof Zlib & { zstdDecompressSync?: typeof Zlib.gunzipSync };
  const { Z_SYNC_FLUSH, Z_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH } = zlib.constants;
  // With a flush instead of an end, input that was cut gives what it holds.
  const flush = (ends: boolean): number => (ends ? Z_FINISH : Z_SYNC_FLUSH);
  const gunzip: Decoder = (input, maxOutputLength, ends) =>
    // eslint-disable-next-line handit/intrinsics -- loaded late, by few programs
    zlib.gunzipSync(input, { finishFlush: flush(ends), maxOutputLength });
  known = {
    gzip: gunzip,
    'x-gzip': gunzip,
    [EVENT_STREAM]: eventLines,
    deflate: (input, maxOutputLength, ends) => {
      const options = { finishFlush: flush(ends), maxOutputLength };
      // Some servers send the bare stream without the two bytes before it.
      // eslint-disable-next-line handit/intrinsics -- as above
      return (input[0] & 0x0f) === 8 ? zlib.inflateSync(input, options) : zlib.inflateRawSync(input, options);
    },
    br: (input, maxOutputLength, ends) =>
      // eslint-disable-next-line handit/intrinsics -- as above
      zlib.brotliDecompressSync(input, {
        finishFlush: ends ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH,
        maxOutputLength,
      }),
  };
  const { zstdDecompressSync } = zlib;
  if (zstdDecompressSync) {
    const { ZSTD_e_flush, ZSTD_e_end } = zlib.constants as unknown as Record<string, number>;
    known.zstd = (input, maxOutputLength, ends) =>
      zstdDecompressSync(input, { finishFlush: ends ? ZSTD_e_end : ZSTD_e_flush, maxOutputLength });
  }
  return known;
}
