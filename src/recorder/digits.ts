import { floor, Uint32Array } from '../intrinsics.js';

/** The three digits of 0 to 999 as the bytes of a little-endian number. */
export const PADDED = new Uint32Array(1000);
/** The same without leading zeros. */
export const PLAIN = new Uint32Array(1000);
// By numbers: each start makes these tables, and with strings that takes 2 ms.
for (let i = 0; i < 1000; i++) {
  const ones = 48 + (i % 10);
  const tens = 48 + (floor(i / 10) % 10);
  PADDED[i] = 48 + floor(i / 100) + tens * 256 + ones * 65_536;
  PLAIN[i] = i < 10 ? ones : i < 100 ? tens + ones * 256 : PADDED[i];
}
