import {
  allocUnsafeSlow,
  arrayMap,
  latin1Write,
  stringSplit,
  charCode,
  regExpExec,
  stringIndexOf,
  stringSlice,
  stringStartsWith,
} from '../intrinsics.js';

// Secrets known by their form, under whatever name. All of this is one pass by hand: a regular expression that is tried at
// each character would cost as much as the rest of a recorded call.

interface Shape {
  prefix: string;
  /** Characters that must follow at least: of a token, or capitals and digits alone, or letters and digits alone. */
  least: number;
  of?: 'capitals' | 'letters';
  /** A digit is among them, which words do not have. */
  digit?: true;
  /** It goes on over dots. */
  dots?: true;
}

const like = (prefixes: string, shape: Omit<Shape, 'prefix'>): Shape[] =>
  arrayMap(stringSplit(prefixes, ' '), (prefix) => ({ prefix, ...shape }));

const SHAPES: readonly Shape[] = [
  // Amazon: the ids of keys, each of which has a secret beside it.
  ...like('AKIA ASIA ABIA ACCA', { least: 12, of: 'capitals' }),
  ...like('ghp_ gho_ ghu_ ghs_ ghr_ github_pat_', { least: 16 }),
  ...like('glpat- gldt- glrt- glptt- glcbt- glsoat-', { least: 12, dots: true }),
  // Slack.
  ...like('xoxb- xoxp- xoxa- xoxr- xoxs- xoxc- xoxd- xoxe- xapp-', { least: 8, dots: true }),
  // Stripe, and those that took over its form.
  ...like('sk_live_ sk_test_ rk_live_ rk_test_ whsec_', { least: 8 }),
  // Models.
  ...like('sk-ant- sk-proj- sk-or- sk-svcacct- sk-admin-', { least: 8 }),
  ...like('sk- gsk_ xai- r8_ pplx-', { least: 16, of: 'letters', digit: true }),
  ...like('hf_', { least: 30, of: 'letters' }),
  // Google.
  ...like('AIza', { least: 24 }),
  ...like('ya29. GOCSPX-', { least: 16, dots: true }),
  // Registries and hosts.
  ...like('npm_', { least: 24, of: 'letters', digit: true }),
  ...like('pypi- rubygems_ dckr_pat_ dckr_oat_ dop_v1_ doo_v1_ dor_v1_ shpat_ shpca_ shppa_ shpss_ sbp_ nfp_', {
    ...{ least: 16, digit: true },
  }),
  ...like('hvs. hvb. SG. atlasv1. PMAK- lin_api_ ntn_ figd_ glc_ glsa_ sntrys_ sntryu_ NRAK- sq0atp- sq0csp-', {
    ...{ least: 16, digit: true, dots: true },
  }),
  ...like('dapi', { least: 32, of: 'letters', digit: true }),
  ...like('EAAC EAAG EAAB', { least: 60, of: 'letters', digit: true }),
  ...like('AGE-SECRET-KEY-1', { least: 40, of: 'capitals' }),
];

/** What is looked for in bytes has as many characters at least, as a part of a JSON Web Token has. */
const SHORTEST = 16;
/** The shortest of all: `xoxb-` and what must follow. */
const LEAST = 13;

/** By the first character. */
const byFirst: (readonly Shape[] | undefined)[] = [];
for (const shape of SHAPES) {
  const first = shape.prefix.charCodeAt(0);
  byFirst[first] = [...(byFirst[first] ?? []), shape];
}

const LETTER = 1;
const CAPITAL = 2;
const DIGIT = 4;
const JOINT = 8;
/** Per character: what a token is made of. */
const KINDS = new Uint8Array(256);
for (let a = 0x61; a <= 0x7a; a++) KINDS[a] = LETTER;
for (let a = 0x41; a <= 0x5a; a++) KINDS[a] = CAPITAL;
for (let digit = 0x30; digit <= 0x39; digit++) KINDS[digit] = DIGIT;
for (const letter of '_-') KINDS[letter.charCodeAt(0)] = JOINT;

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/**
 * Whether text as bytes of UTF-8 may hold such a secret. Looks at every 16th byte, and around it where that may be in a
 * token: what has no sixteen characters of a token in a row is passed by at that pace.
 */
export function mayHoldShape(bytes: Uint8Array, from: number, to: number): boolean {
  let start = from;
  /** The token that goes on there has been looked at. */
  let inside = false;
  for (let probe = start + SHORTEST - 1; probe < to; probe = start + SHORTEST - 1) {
    let at = probe;
    while (at >= start && KINDS[bytes[at]] !== 0) at--;
    if (at >= start) {
      start = at + 1;
      inside = false;
      continue;
    }
    if (!inside && beginsAt(bytes, from, start)) return true;
    inside = true;
    start = probe + 1;
  }
  return false;
}

/** Texts that are looked through as bytes first: for a short one it is no gain, a long one has no room. */
const AS_BYTES_FROM = 64;
const scratch = allocUnsafeSlow(16 * 1024);

/** The same of a string. Characters beyond Latin-1 become others, so that it says so once too often. */
function textMayHoldShape(text: string): boolean {
  const { length } = text;
  if (length < LEAST) return false;
  if (length < AS_BYTES_FROM || length > scratch.length) return true;
  latin1Write(scratch, text);
  return mayHoldShape(scratch, 0, length);
}

function beginsAt(bytes: Uint8Array, from: number, start: number): boolean {
  const before = start > from ? bytes[start - 1] : 0;
  // `\n` as it is written in JSON.
  const first = before === BACKSLASH ? start + 1 : start;
  if (begins(bytes, first)) return true;
  if (before === DOT) {
    let part = start - 1;
    while (part > from && part > start - 9 && KINDS[bytes[part - 1]] !== 0) part--;
    return begins(bytes, part);
  }
  // `Bearer x`, `Basic x`, `token x`.
  if (before !== SPACE || start - from < 6) return false;
  const last = bytes[start - 2];
  return last === 0x72 || last === 0x63 || last === 0x6e || last === 0x79 || last === 0x52 || last === 0x43;
}

function begins(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  // eyJ
  if (first === 0x65) return bytes[at + 1] === 0x79 && bytes[at + 2] === 0x4a;
  const shapes = byFirst[first];
  if (shapes === undefined) return false;
  for (let i = 0; i < shapes.length; i++) {
    const { prefix } = shapes[i];
    let same = 1;
    while (same < prefix.length && bytes[at + same] === charCode(prefix, same)) same++;
    if (same === prefix.length) return true;
  }
  return false;
}

/** What an `Authorization` header holds: a scheme and what comes after it. */
export const SCHEMES =
  /(\b(?:Bearer|Basic|Digest|Negotiate|NTLM|DPoP|AWS4-HMAC-SHA256|Token|ApiKey) {1,4})([^\s"'<>\\,;)]{6,})/gi;

/** By the last letter of a scheme: its length and its first letter, all of them small. */
const schemesByLast: (readonly { length: number; first: number }[] | undefined)[] = [];
for (const scheme of 'bearer basic digest negotiate ntlm dpop aws4-hmac-sha256 token apikey'.split(' ')) {
  const last = scheme.charCodeAt(scheme.length - 1);
  schemesByLast[last] = [...(schemesByLast[last] ?? []), { length: scheme.length, first: scheme.charCodeAt(0) }];
}

/** Whether `SCHEMES` may match, and rather once too often: where a space comes after what may be one. */
export function mayHoldScheme(text: string): boolean {
  for (let at = stringIndexOf(text, ' '); at >= 0; at = stringIndexOf(text, ' ', at + 1)) {
    const schemes = schemesByLast[charCode(text, at - 1) | 0x20];
    if (schemes === undefined) continue;
    for (let i = 0; i < schemes.length; i++) {
      const scheme = schemes[i];
      if ((charCode(text, at - scheme.length) | 0x20) === scheme.first) return true;
    }
  }
  return false;
}

/** After a name that is a word too there must be what no word is: a digit, both cases, or a length. */
export function isCredential(text: string): boolean {
  return text.length >= 24 || regExpExec(NO_WORD, text) !== null;
}

const NO_WORD = /[\d=]|[a-z][A-Z]/;

/** Whether text begins as one of those, and rather once too often. */
export function mayBeginWithScheme(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 5] === SPACE || bytes[at + 6] === SPACE) && FIRST_OF_SCHEME[bytes[at] | 0x20] === 1;
}

const FIRST_OF_SCHEME = new Uint8Array(256);
for (const letter of 'bdnta') FIRST_OF_SCHEME[letter.charCodeAt(0)] = 1;

const PEM = '-----BEGIN ';
/** Text without the secrets in it that have such a form. */
export function redactShapes(text: string, replacement: string): string {
  const unlocked = redactPem(text, replacement);
  return textMayHoldShape(unlocked) ? redactTokens(unlocked, replacement) : unlocked;
}

/** Keys in their blocks; certificates and public keys are there to be seen. */
function redactPem(text: string, replacement: string): string {
  let out = '';
  let from = 0;
  for (let at = stringIndexOf(text, PEM); at >= 0; at = stringIndexOf(text, PEM, at + 1)) {
    const label = stringSlice(text, at + PEM.length, at + PEM.length + 64);
    if (regExpExec(PUBLIC, label) !== null) continue;
    const begin = stringIndexOf(text, '-----END ', at);
    // A block that was cut has no end.
    const end = begin < 0 ? text.length : stringIndexOf(text, '-----', begin + 9);
    out += stringSlice(text, from, at) + replacement;
    from = end < 0 || begin < 0 ? text.length : end + 5;
    at = from - 1;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

const PUBLIC =
  /^(?:CERTIFICATE|TRUSTED CERTIFICATE|X509 |NEW CERTIFICATE|(?:[A-Z0-9]+ ){0,2}PUBLIC KEY|DH PARAM|EC PARAM|CMS|PKCS7)/;

function redactTokens(text: string, replacement: string): string {
  const { length } = text;
  let out = '';
  let from = 0;
  let i = 0;
  while (i < length) {
    if (kindAt(text, i) === 0) {
      i++;
      continue;
    }
    if (i > 0 && charCode(text, i - 1) === BACKSLASH) i++;
    const end = endOfSecret(text, i);
    if (end > 0) {
      out += stringSlice(text, from, i) + replacement;
      from = end;
      i = end;
    }
    while (i < length && kindAt(text, i) !== 0) i++;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

function kindAt(text: string, at: number): number {
  const code = charCode(text, at);
  return code < 128 ? KINDS[code] : 0;
}

/** Where the secret ends that begins there; 0: none does. */
function endOfSecret(text: string, at: number): number {
  const first = charCode(text, at);
  if (first === 0x65 && stringStartsWith(text, 'eyJ', at)) return endOfWebToken(text, at);
  const shapes = first < 128 ? byFirst[first] : undefined;
  if (shapes === undefined) return 0;
  for (let i = 0; i < shapes.length; i++) {
    if (!stringStartsWith(text, shapes[i].prefix, at)) continue;
    const end = endOfShape(text, at + shapes[i].prefix.length, shapes[i]);
    if (end > 0) return end;
  }
  return 0;
}

function endOfShape(text: string, start: number, { least, of: only, digit, dots }: Shape): number {
  let seen = 0;
  let end = start;
  for (; end < text.length; end++) {
    const kind = kindAt(text, end);
    if (kind === 0) {
      if (dots === undefined || charCode(text, end) !== DOT || kindAt(text, end + 1) === 0) break;
      continue;
    }
    seen |= kind;
  }
  if (end - start < least) return 0;
  if (only === 'capitals' && (seen & (LETTER | JOINT)) !== 0) return 0;
  if (only === 'letters' && (seen & JOINT) !== 0) return 0;
  return digit !== undefined && (seen & DIGIT) === 0 ? 0 : end;
}

/** Two parts at least; base64 of JSON alone is often no secret. */
function endOfWebToken(text: string, start: number): number {
  let dots = 0;
  let end = start;
  for (; end < text.length; end++) {
    if (kindAt(text, end) !== 0) continue;
    const code = charCode(text, end);
    if (code === DOT) dots++;
    else if (code !== 0x3d && code !== 0x2b) break;
  }
  // A sentence may end after it.
  while (end > start && charCode(text, end - 1) === DOT) {
    end--;
    dots--;
  }
  return dots > 0 && end - start >= 20 ? end : 0;
}
