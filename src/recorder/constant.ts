import { allocUnsafeSlow, ceil, fillBytes, Float64Array, viewOf, writeUtf8 } from '../intrinsics.js';

/**
 * Text of lines that is written often: eight bytes at a time, as floating-point numbers. No eight bytes of UTF-8 are a NaN,
 * of which the bits might change on their way.
 */
export interface Constant {
  readonly length: number;
  readonly chunks: Float64Array;
}

/** Room for almost all of them, made once: a program has thousands. */
const ROOM = 1024;
const room = allocUnsafeSlow(ROOM);
const viewOfRoom = viewOf(room.buffer);

/** @returns text in the form that the encoder writes fastest */
export function constant(text: string): Constant {
  // A character takes three bytes at most, and what is after the last one is zero.
  const most = text.length * 3 + 8;
  const bytes = most <= ROOM ? room : allocUnsafeSlow(most);
  const view = most <= ROOM ? viewOfRoom : viewOf(bytes.buffer);
  const length = writeUtf8(bytes, text, 0);
  fillBytes(bytes, 0, length, length + 8);
  const chunks = new Float64Array(ceil(length / 8));
  for (let i = 0; i < chunks.length; i++) chunks[i] = view.getFloat64(i * 8, true);
  return { length, chunks };
}
