import type { IsSecret } from './is-secret.js';
import { charCode, setOf, stringIndexOf, stringToLowerCase } from '../intrinsics.js';

// Names that stand beside their values: `["Authorization", "Bearer x"]`, `{ name: "password", value: "x" }`.

const NAMES = setOf(
  'name key header headername field fieldname param parameter parametername k n variable property attribute secretname'.split(
    ' ',
  ),
);
const VALUES = setOf(
  'value val v values content data text stringvalue secretvalue parametervalue plaintext'.split(' '),
);
/** What comes after a name in lists of names. */
const FIELDS = setOf(
  'password passwordconfirmation confirmpassword newpassword repeatpassword token accesstoken refreshtoken secret apikey cookie authorization email mail username user name id login role type phone address avatar url host'.split(
    ' ',
  ),
);

export const NO_ROLE = 0;
export const NAME = 1;
export const VALUE = 2;

/** What a key says of its value: that it is a name, or what that name names. */
export function roleOf(key: string): number {
  if (key.length > 16) return NO_ROLE;
  const lower = stringToLowerCase(key);
  return NAMES.has(lower) ? NAME : VALUES.has(lower) ? VALUE : NO_ROLE;
}

/** The longest name that is looked at. */
const MAX_NAME = 64;

/** The length of a list in which only names of headers are looked for. */
export const OF_HEADERS = 4;

/**
 * Whether the item of a list names the next one, and that is a secret.
 *
 * @param length of the list
 */
export function namesNext(item: unknown, index: number, length: number, next: unknown, isSecret: IsSecret): boolean {
  if (typeof item !== 'string' || (index & 1) !== 0 || (length & 1) !== 0) return false;
  if (item.length < 3 || item.length > MAX_NAME) return false;
  // In a long list only what looks like a header: it may be one of names.
  if (length > 2 && !isHeaderName(item)) return false;
  if (!isSecret(item)) return false;
  return typeof next !== 'string' || next.length > MAX_NAME || !FIELDS.has(stringToLowerCase(next));
}

/** `authorization`, `cookie`, and names of several words joined by dashes. */
export function isHeaderName(name: string): boolean {
  const first = charCode(name, 0) | 0x20;
  // a, c, p, s, x
  if (first !== 0x61 && first !== 0x63 && first !== 0x70 && first !== 0x73 && first !== 0x78) {
    return stringIndexOf(name, '-') > 0;
  }
  return stringIndexOf(name, '-') > 0 || HEADERS.has(stringToLowerCase(name));
}

const HEADERS = setOf(['authorization', 'cookie', 'cookies', 'apikey', 'api_key']);
