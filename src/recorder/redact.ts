import { arrayMap, regExpExec, stringStartsWith } from '../intrinsics.js';

/** Words that make a key secret wherever they stand in it. */
const ANYWHERE = new RegExp(
  [
    'passw(or)?d(?!less)|passphrase|passcode|passkey',
    'secret(?!ar)|credential|authorization|bearer|cookie',
    '(api|private|access|signing|encryption|auth|master|consumer|session|ssh|hmac)key',
    '(?<!pos)sessionid|(?<!as)sessid|connectionstring',
    'creditcard|cardnumber|cardno$|(?<!a)ccnum|securitycode|cardcode',
    'token(value|hash)$',
  ].join('|'),
);
/** What makes a key secret only by standing at its end or by being all of it: `author`, `compass` and `bypass` are none. */
const WHOLE = new RegExp(
  [
    // `max_tokens`, `tokenCount` and `tokenizer` are no secrets.
    'token$|pwd$',
    '^(access|refresh|auth|id|session|api|csrf|xsrf|bearer)tokens$',
    '^(user|db|database|mysql|pg|redis|smtp|mail|ftp|ssh|admin|root|http|proxy|basic)?(pass|pw|auth)$',
    '^(sid|connectsid|jwt|csrf|xsrf|otp|totp|cvv2?|cvc2?|pan|ssn)$',
    '^(database|db|redis|mongo|mongodb|postgres|postgresql|mysql|amqp)(url|uri)$',
  ].join('|'),
);
const IGNORED = '-_.$@ :[]';
/** A longer key is told by its beginning and its end. */
const MAX_KEY = 256;

// Taken when the agent starts: the program may patch its prototypes, and these run inside of its calls.
const call = Function.prototype.call;
const test = call.bind(RegExp.prototype.exec) as unknown as (pattern: RegExp, text: string) => unknown;
const lowerCase = call.bind(String.prototype.toLowerCase) as unknown as (text: string) => string;
const slice = call.bind(String.prototype.slice) as unknown as (text: string, from: number, to?: number) => string;

/**
 * Answers whether the value of a key must not be recorded. Keys are compared in lower case without `-`, `_`, `.`, `$`,
 * `@`, `:`, brackets and spaces, so `X-API-Key`, `api_key`, `apiKey` and `user[api key]` are one.
 *
 * @param extra more keys, by the same comparison and by the key as it is written
 */
export function secretKeys(extra: RegExp | null): (key: string) => boolean {
  return (key) => {
    const normal = normalKey(key);
    if (test(ANYWHERE, normal) !== null || test(WHOLE, normal) !== null) return true;
    return extra !== null && (test(extra, normal) !== null || test(extra, key) !== null);
  };
}

function normalKey(key: string): string {
  const whole = key.length <= MAX_KEY ? key : slice(key, 0, MAX_KEY / 2) + slice(key, -MAX_KEY / 2);
  let text = '';
  for (let i = 0; i < whole.length; i++) {
    let ignored = false;
    for (let j = 0; j < IGNORED.length && !ignored; j++) ignored = whole[i] === IGNORED[j];
    if (!ignored) text += whole[i];
  }
  return lowerCase(text);
}

export const REDACTED = '<redacted>';

const includes = call.bind(String.prototype.includes) as unknown as (text: string, part: string) => boolean;
const decodeName = decodeURIComponent;
const matches = test as unknown as (pattern: RegExp, text: string) => RegExpExecArray | null;

/** `String.prototype.replace` asks the pattern for methods that the program may have patched; `exec` alone does not. */
function replace(text: string, pattern: RegExp, replacement: (match: RegExpExecArray) => string): string {
  let out = '';
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = matches(pattern, text); match !== null; match = matches(pattern, text)) {
    out += slice(text, from, match.index) + replacement(match);
    from = match.index + match[0].length;
  }
  return from === 0 ? text : out + slice(text, from);
}

/** Whether `redactUrls` could find something: to be asked of every string. */
export function mayHoldUrl(text: string): boolean {
  return includes(text, '://') || (includes(text, '?') && includes(text, '='));
}

/** Text without the users and passwords of the addresses in it, and without the values of secret query parameters. */
export function redactUrls(text: string, isSecret: (key: string) => boolean): string {
  const anonymous = includes(text, '@') ? replace(text, USER_INFO, (match) => `${match[1]}${REDACTED}@`) : text;
  if (!includes(anonymous, '=')) return anonymous;
  return replace(anonymous, PARAMETER, (match) =>
    isSecretParameter(match[2], isSecret) ? `${match[1]}${match[2]}=${REDACTED}` : match[0],
  );
}

const USER_INFO = /([a-z][a-z\d+.-]{0,30}:\/\/)[^/?#\s"'<>\\@]*@(?:[^/?#\s"'<>\\@]*@)*/gi;
const PARAMETER = /([?&;#])([^=&;?#\s"'<>\\]{1,200})=([^&#\s"'<>\\]+)/g;

/** `a=1&token=x` without the values of secret names: the body of a form. */
export function redactForm(text: string, isSecret: (key: string) => boolean): string {
  return slice(redactUrls(`?${text}`, isSecret), 1);
}

function isSecretParameter(name: string, isSecret: (key: string) => boolean): boolean {
  const decoded = decode(name);
  return isSecret(decoded) || test(SIGNATURE, decoded) !== null;
}

/** What grants access all by itself in a signed address: S3, Google, Azure. */
const SIGNATURE = /(^|[-_])(signature|sig)$/i;

const PLUS = /\+/g;

function decode(name: string): string {
  const spaced = replace(name, PLUS, () => ' ');
  try {
    return decodeName(spaced);
  } catch {
    return spaced;
  }
}

/** `--api-key=abc`, `--api-key abc`, `API_KEY=abc` and `Authorization: abc` lose the value, an URL its password. */
export function argvWithoutSecrets(argv: readonly string[], isSecret: (key: string) => boolean): string[] {
  return arrayMap(argv, (argument, index) => {
    const named = regExpExec(/^-{0,2}([\w.-]+) ?[=:]/, argument);
    if (named && isSecret(named[1])) return named[0] + REDACTED;
    const before = regExpExec(/^--?([\w.-]+)$/, argv[index - 1] ?? '');
    if (before && isSecret(before[1]) && !stringStartsWith(argument, '-')) return REDACTED;
    return redactUrls(argument, isSecret);
  });
}
