import { isOpaque, type IsSecret } from './is-secret.js';
import { REDACTED } from './replacement.js';
import { charCode, regExpExec, stringIndexOf, stringSlice } from '../intrinsics.js';

const decodeText = decodeURIComponent;
const encodeText = encodeURIComponent;

/** Characters of the user and the password before a host. */
const MAX_USER_INFO = 512;
const SLASH = 0x2f;

/** Text without the users and passwords of the addresses in it. */
export function redactUserInfo(text: string): string {
  let at = stringIndexOf(text, '@');
  if (at < 0) return text;
  let out = '';
  let from = 0;
  for (let mark = stringIndexOf(text, '://'); mark >= 0; mark = stringIndexOf(text, '://', mark + 3)) {
    const start = mark + 3;
    if (at < start) at = stringIndexOf(text, '@', start);
    if (at < 0) break;
    if (at - start > MAX_USER_INFO || !isSchemeBefore(text, mark)) continue;
    const end = endOfUserInfo(text, start, mark);
    if (end <= start) continue;
    out += `${stringSlice(text, from, start)}${REDACTED}`;
    from = end;
    mark = end - 3;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

function isSchemeBefore(text: string, mark: number): boolean {
  const code = charCode(text, mark - 1) | 0x20;
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** Where the `@` stands that ends the user and the password; 0: there is none. */
function endOfUserInfo(text: string, start: number, mark: number): number {
  const most = start + MAX_USER_INFO < text.length ? start + MAX_USER_INFO : text.length;
  let last = 0;
  let at = start;
  for (; at < most && !isPathOrEnd(charCode(text, at)); at++) if (charCode(text, at) === 0x40) last = at;
  if (last > 0)
    return regExpExec(DATABASE, schemeAt(text, mark)) === null ? last : lastBeforeHost(text, at, most, last);
  // A password may hold what has to be escaped: `//user:a/b?c#d@host`. What is no password is a port.
  const colon = stringIndexOf(text, ':', start);
  if (colon < 0 || colon >= at || isPort(text, colon + 1, at)) return 0;
  // In a text that begins as an address, even spaces and quotes.
  const alone = regExpExec(SCHEME_ALONE, schemeAt(text, mark)) !== null;
  for (; at < most; at++) {
    const code = charCode(text, at);
    if (code === 0x0a || code === 0x0d || (!alone && isEnd(code))) return last;
    if (code !== 0x40 || !isHost(text, at + 1)) continue;
    if (!alone) return at;
    last = at;
  }
  return last;
}

/** Such an address has no other `@`, and a password may hold one beside what has to be escaped: `//user:p@a/b@host`. */
function lastBeforeHost(text: string, from: number, most: number, found: number): number {
  let last = found;
  // It may have ended at the slash of the next one.
  for (let at = from - 1; at < most && !isEnd(charCode(text, at)); at++) {
    if (charCode(text, at) === 0x40 && isHost(text, at + 1)) last = at;
    if (charCode(text, at) === 0x3a && stringSlice(text, at, at + 3) === '://') break;
  }
  return last;
}

function schemeAt(text: string, mark: number): string {
  return stringSlice(text, mark < 32 ? 0 : mark - 32, mark);
}

/** Of a database or queue, of which prose says little. */
const DATABASE =
  /\b(?:postgres|postgresql|mysql|mariadb|mssql|mongodb|redis|rediss|amqp|amqps|ldap|ldaps|smtp|smtps|ftp|sftp|ssh)(?:\+[a-z]{1,8})?$/i;
/** It begins the text, or is one of those. */
const SCHEME_ALONE = new RegExp(`^\\s*"?[a-z][a-z\\d+.-]*$|${DATABASE.source}`, 'i');

function isPort(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (charCode(text, at) < 0x30 || charCode(text, at) > 0x39) return false;
  return end > start;
}

/** Whether a host is there, and then an end, a port or a path. */
function isHost(text: string, start: number): boolean {
  let at = start;
  for (; at < text.length && at < start + 256; at++) {
    const code = charCode(text, at);
    const inHost = (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
    if (!inHost && code !== 0x2d && code !== 0x2e && code !== 0x5f && code !== 0x5b && code !== 0x5d) break;
  }
  if (at === start) return false;
  const code = charCode(text, at);
  return (
    code !== code || isEnd(code) || code === SLASH || code === 0x3a || code === 0x3f || code === 0x23 || code === 0x2c
  );
}

/** White space, quotes, `<`, `>`, `\`: no address goes on over them. */
function isEnd(code: number): boolean {
  return (
    code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x3c || code === 0x3e || code === 0x5c || code === 0x60
  );
}

function isPathOrEnd(code: number): boolean {
  return code === SLASH || code === 0x3f || code === 0x23 || isEnd(code);
}

/** Whether the value of a parameter of an address or of a form is secret. */
export function isSecretParameter(name: string, value: string, isSecret: IsSecret): boolean {
  const decoded = decode(name);
  if (isSecret(decoded) || regExpExec(SIGNATURE, decoded) !== null) return true;
  // What an authorization server sends back.
  return (decoded === 'code' || decoded === 'assertion') && (value.length >= 20 || isOpaque(decode(value)));
}

/** What grants access all by itself in a signed address: S3, Google, Azure. */
const SIGNATURE = /(?:^|[-_])(?:signature|sig)$/i;

/** `String.prototype.replace` asks the pattern for methods that the program may have patched. */
function spaced(text: string): string {
  if (stringIndexOf(text, '+') < 0) return text;
  let out = '';
  let from = 0;
  for (let at = stringIndexOf(text, '+'); at >= 0; at = stringIndexOf(text, '+', from)) {
    out += `${stringSlice(text, from, at)} `;
    from = at + 1;
  }
  return out + stringSlice(text, from);
}

export function decode(text: string): string {
  const plain = spaced(text);
  if (stringIndexOf(plain, '%') < 0) return plain;
  try {
    return decodeText(plain);
  } catch {
    return plain;
  }
}

/**
 * The value of a parameter without what is secret in it, as it is written in the address.
 *
 * @param inside redacts the value itself
 */
export function redactEncoded(value: string, inside: (text: string) => string): string {
  const plain = decode(value);
  if (plain === value) return value;
  const shown = inside(plain);
  if (shown === plain) return value;
  let out = '';
  let rest = shown;
  for (let at = stringIndexOf(rest, REDACTED); at >= 0; at = stringIndexOf(rest, REDACTED)) {
    out += encodeText(stringSlice(rest, 0, at)) + REDACTED;
    rest = stringSlice(rest, at + REDACTED.length);
  }
  return out + encodeText(rest);
}

/** `a=1&token=x` without the values of secret names: the body of a form. Only `&` ends a value. */
export function redactForm(text: string, isSecret: IsSecret, inside: (text: string) => string): string {
  let out = '';
  let from = 0;
  while (from <= text.length) {
    const next = stringIndexOf(text, '&', from);
    const end = next < 0 ? text.length : next;
    const equals = stringIndexOf(text, '=', from);
    if (equals < 0 || equals >= end) out += stringSlice(text, from, end);
    else {
      const name = stringSlice(text, from, equals);
      const value = stringSlice(text, equals + 1, end);
      const secret = value !== '' && isSecretParameter(name, value, isSecret);
      out += `${name}=${secret ? REDACTED : redactEncoded(value, inside)}`;
    }
    if (next < 0) break;
    out += '&';
    from = end + 1;
  }
  return out;
}
