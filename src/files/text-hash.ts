/** Of each of the four numbers: how far it is turned at each character, and what it is multiplied by. */
const TURNS = [13, 7, 19, 11] as const;
const FACTORS = [0x85ebca6b, 0x9e3779b1, 0xc2b2ae35, 0x27d4eb2f] as const;

/**
 * 128 bits, as hex digits, by which texts are told apart: names of cache entries and of processes. It is no defence
 * against somebody who wants two texts to have the same. `node:crypto` would be, and takes 5 ms of each start.
 */
export function textHash(text: string): string {
  let [a, b, c, d] = [1, 2, 3, 4];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(((a << TURNS[0]) | (a >>> (32 - TURNS[0]))) ^ unit, FACTORS[0]);
    b = Math.imul(((b << TURNS[1]) | (b >>> (32 - TURNS[1]))) ^ unit, FACTORS[1]);
    c = Math.imul(((c << TURNS[2]) | (c >>> (32 - TURNS[2]))) ^ unit, FACTORS[2]);
    d = Math.imul(((d << TURNS[3]) | (d >>> (32 - TURNS[3]))) ^ unit, FACTORS[3]);
  }
  return [a ^ text.length, b ^ a, c ^ b, d ^ c].map((number) => mixed(number).toString(16).padStart(8, '0')).join('');
}

/** Has each bit of the number decide on all of them. */
function mixed(number: number): number {
  const once = Math.imul(number ^ (number >>> 16), FACTORS[0]);
  const twice = Math.imul(once ^ (once >>> 13), FACTORS[2]);
  return (twice ^ (twice >>> 16)) >>> 0;
}
