import { ceil, Float64Array, setBytes, Uint8Array, utf8Bytes, viewOf } from '../intrinsics.js';

/**
 * Text of lines that is written often: eight bytes at a time, as floating-point numbers. No eight bytes of UTF-8 are a NaN,
 * of which the bits might change on their way.
 */
export interface Constant {
  readonly length: number;
  readonly chunks: Float64Array;
}

/** @returns text in the form that the encoder writes fastest */
export function constant(text: string): Constant {
  const bytes = utf8Bytes(text);
  const padded = new Uint8Array(ceil(bytes.length / 8) * 8);
  setBytes(padded, bytes, 0);
  const view = viewOf(padded.buffer);
  const chunks = new Float64Array(padded.length / 8);
  for (let i = 0; i < chunks.length; i++) chunks[i] = view.getFloat64(i * 8, true);
  return { length: bytes.length, chunks };
}
