import { SOFT_FRAGMENTS, SECRET } from './secret-names.js';
import { Int32Array, charCode } from '../intrinsics.js';

/** A name may be a secret only for some values. Each bit below it stands for the kind of `SECRET` with that index. */
export const MAY_BE_SOFT = 1 << 30;
export const MAY_BE_SECRET = MAY_BE_SOFT - 1;
const ANYTHING = MAY_BE_SOFT | MAY_BE_SECRET;

/** Three letters, of either case, in a number. */
const LETTER_BITS = 5;
const LETTER = (1 << LETTER_BITS) - 1;
const THREE_LETTERS = (1 << (3 * LETTER_BITS)) - 1;

/** Made when the first name is asked about. */
let marks: Int32Array | null = null;

/**
 * What a name may be, as a sum, by three letters of it, as quickly as can be told: most names are nothing, and each program has some
 * hundred that are seen once, by code that has not been compiled yet.
 */
export function nameMayBe(name: string): number {
  marks ??= makeMarks();
  let letters = 0;
  let found = 0;
  for (let i = 0; i <= name.length; i++) {
    const code = i < name.length ? charCode(name, i) : 0;
    if (code > 0x7f) return ANYTHING;
    letters = ((letters << LETTER_BITS) | (code & LETTER)) & THREE_LETTERS;
    found |= marks[letters];
  }
  return found;
}

function makeMarks(): Int32Array {
  const made = new Int32Array(THREE_LETTERS + 1);
  for (let i = 0; i < SECRET.length; i++) markAll(made, SECRET[i].fragments, 1 << i);
  markAll(made, SOFT_FRAGMENTS, MAY_BE_SOFT);
  return made;
}

function markAll(made: Int32Array, fragments: readonly string[], mark: number): void {
  for (let i = 0; i < fragments.length; i++) {
    const fragment = fragments[i];
    let letters = 0;
    let isAscii = true;
    for (let j = 0; j < 3 && j < fragment.length; j++) {
      letters = (letters << LETTER_BITS) | (charCode(fragment, j) & LETTER);
      isAscii &&= charCode(fragment, j) <= 0x7f;
    }
    // Names with such letters pass in any case.
    if (!isAscii) continue;
    if (fragment.length > 2) made[letters] |= mark;
    // Two letters, whatever comes next.
    else for (let next = 0; next <= LETTER; next++) made[(letters << LETTER_BITS) | next] |= mark;
  }
}
