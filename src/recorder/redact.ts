/** Words that make a key secret wherever they stand in it. */
const ANYWHERE =
  /passw(or)?d|passphrase|secret|authorization|cookie|apikey|privatekey|accesskey|signingkey|encryptionkey|credential|sessionid|creditcard|cardnumber|bearer|(access|refresh|auth|id|session|api|csrf|xsrf|bearer)tokens|token(value|hash)$/;
/** `token` counts at the end only: `max_tokens`, `tokenCount` and `tokenizer` are no secrets. */
const WHOLE = /token$|^(pwd|passwd|auth|sid|connectsid|jwt|cvv|cvc|cvv2|pan|ssn)$/;

/**
 * Answers whether the value of a key must not be recorded. Keys are compared in lower case without `-`, `_`, `.`, `$`
 * and `@`, so `X-API-Key`, `api_key` and `apiKey` are one.
 *
 * @param extra more keys, by the same comparison and by the key as it is written
 */
export function secretKeys(extra: RegExp | null): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return (key) => {
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const normal = key.toLowerCase().replace(/[-_.$@]/g, '');
    const secret =
      ANYWHERE.test(normal) || WHOLE.test(normal) || (extra !== null && (extra.test(normal) || extra.test(key)));
    // Programs use objects as dictionaries, so the number of keys has no bound.
    if (known.size < 10_000) known.set(key, secret);
    return secret;
  };
}
