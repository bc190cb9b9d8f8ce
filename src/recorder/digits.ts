import { Uint32Array } from '../intrinsics.js';

/** The three digits of 0 to 999 as the bytes of a little-endian number. */
export const PADDED = new Uint32Array(1000);
/** The same without leading zeros. */
export const PLAIN = new Uint32Array(1000);
// By numbers, and not one more than needed: each start makes these tables, before V8 has compiled anything of this.
for (let hundreds = 48, i = 0; hundreds < 58; hundreds++) {
  for (let tens = 48; tens < 58; tens++) {
    for (let ones = 48; ones < 58; ones++, i++) {
      PADDED[i] = hundreds + tens * 256 + ones * 65_536;
      PLAIN[i] = i < 10 ? ones : i < 100 ? tens + ones * 256 : PADDED[i];
    }
  }
}
