import { secretKeys, type IsSecret } from './is-secret.js';
import { redactJsonText } from './redact-json.js';
import { redactPairs } from './redact-pairs.js';
import { redactForm as redactFormBy, redactUserInfo } from './redact-url.js';
import { redactTags } from './redact-tags.js';
import { REDACTED } from './replacement.js';
import { SCHEMES, isCredential, mayHoldScheme, redactShapes } from './secret-shapes.js';
import { arrayMap, stringStartsWith, regExpExec, stringIndexOf, stringSlice } from '../intrinsics.js';

export { REDACTED, secretKeys, type IsSecret };

/** Text in text in text: what is escaped more often is not looked into. */
const MAX_NESTED = 8;

/** Text of any kind without the secrets in it. The same for arguments, messages, addresses, headers and bodies. */
export function redactText(text: string, isSecret: IsSecret): string {
  return redactNested(text, isSecret, 0);
}

/** Whether a name and a value may be in a text. */
export function mayHoldName(text: string): boolean {
  return stringIndexOf(text, '=') >= 0 || stringIndexOf(text, ':') >= 0 || stringIndexOf(text, '",') >= 0;
}

function redactNested(text: string, isSecret: IsSecret, nested: number): string {
  if (nested > MAX_NESTED) return text;
  const named = mayHoldName(text) ? redactNames(text, isSecret, nested) : text;
  return redactShapes(redactSchemes(redactTags(named, isSecret)), REDACTED);
}

function redactNames(text: string, isSecret: IsSecret, nested: number): string {
  const around = (rest: string, level: number): string => redactPlain(rest, isSecret, level);
  if (stringIndexOf(text, '"') < 0) return around(text, nested);
  return redactJsonText(text, isSecret, (held, level) => redactNested(held, isSecret, level), around, nested);
}

/** What is no JSON. */
function redactPlain(text: string, isSecret: IsSecret, nested: number): string {
  return redactPairs(redactUserInfo(text), isSecret, (held) => redactNested(held, isSecret, nested + 1));
}

/** `Bearer x` and the like, wherever it is. */
function redactSchemes(text: string): string {
  if (!mayHoldScheme(text)) return text;
  let out = '';
  let from = 0;
  SCHEMES.lastIndex = 0;
  for (let match = regExpExec(SCHEMES, text); match !== null; match = regExpExec(SCHEMES, text)) {
    if (!isCredential(match[2])) continue;
    out += stringSlice(text, from, match.index) + match[1] + REDACTED;
    from = match.index + match[0].length;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

/** The body of a form. */
export function redactForm(text: string, isSecret: IsSecret): string {
  return redactShapes(
    redactFormBy(text, isSecret, (held) => redactNested(held, isSecret, 1)),
    REDACTED,
  );
}

/** `--api-key=abc`, `--api-key abc`, `API_KEY=abc` and `Authorization: abc` lose the value; all else as any text. */
export function argvWithoutSecrets(argv: readonly string[], isSecret: IsSecret): string[] {
  return arrayMap(argv, (argument, index) => {
    const named = mayHoldName(argument) ? regExpExec(OPTION, argument) : null;
    if (named && isSecret(named[1])) return named[0] + REDACTED;
    const last = index > 0 ? argv[index - 1] : '';
    const before = stringStartsWith(last, '-') ? regExpExec(FLAG, last) : null;
    if (before && isSecret(before[1]) && !stringStartsWith(argument, '-')) return REDACTED;
    return redactText(argument, isSecret);
  });
}

const OPTION = /^-{0,2}([\w.-]{1,200}) ?[=:]/;
const FLAG = /^--?([\w.-]{1,200})$/;
