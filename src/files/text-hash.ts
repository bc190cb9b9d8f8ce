// Constants of their own, not in lists: this runs over each source at each start, mostly before it is compiled.
const TURN_A = 13;
const TURN_B = 7;
const TURN_C = 19;
const TURN_D = 11;
const FACTOR_A = 0x85ebca6b;
const FACTOR_B = 0x9e3779b1;
const FACTOR_C = 0xc2b2ae35;
const FACTOR_D = 0x27d4eb2f;

/**
 * 128 bits, as hex digits, by which texts are told apart: names of cache entries and of processes. It is no defence
 * against someone who wants two texts to have the same. `node:crypto` would be, and takes 5 ms of each start.
 */
export function textHash(text: string): string {
  let a = 1;
  let b = 2;
  let c = 3;
  let d = 4;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(((a << TURN_A) | (a >>> (32 - TURN_A))) ^ unit, FACTOR_A);
    b = Math.imul(((b << TURN_B) | (b >>> (32 - TURN_B))) ^ unit, FACTOR_B);
    c = Math.imul(((c << TURN_C) | (c >>> (32 - TURN_C))) ^ unit, FACTOR_C);
    d = Math.imul(((d << TURN_D) | (d >>> (32 - TURN_D))) ^ unit, FACTOR_D);
  }
  return [a ^ text.length, b ^ a, c ^ b, d ^ c].map((number) => mixed(number).toString(16).padStart(8, '0')).join('');
}

/** Has each bit of the number decide on all of them. */
function mixed(number: number): number {
  const once = Math.imul(number ^ (number >>> 16), FACTOR_A);
  const twice = Math.imul(once ^ (once >>> 13), FACTOR_C);
  return (twice ^ (twice >>> 16)) >>> 0;
}
