import { arrayFilter, arraySome, indexOfText, latin1Slice, regExpTest, SafeSet } from '../../src/intrinsics.js';
/** Bytes kept of each body of an exchange with a language model: what was asked and answered is all there is to see. */
export const MAX_LLM_BODY = 1024 * 1024;

/** Gemini, Bedrock and Azure name the model in the path. */
const MODEL_IN_PATH = /\/(models?|deployments)\/[^/?]+/;
const ASKED = ['messages', 'input', 'contents'];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Whether a body may be the JSON object that such a request sends: all that can be told before it is complete. */
export function beginsLikeObject(body: Buffer): boolean {
  let i = 0;
  while (i < body.length && body[i] <= 0x20) i++;
  return body[i] === 0x7b;
}

/**
 * Whether a request is one to a language model, by its shape: a POST of a JSON object with `model` and `messages`,
 * `input` or `contents`. Hosts say nothing: proxies and local servers have any name.
 *
 * @param end of a body that was too long
 */
export function isLlmRequest(method: string, url: string, body: Buffer, end: Buffer | null): boolean {
  if (method !== 'POST' || !beginsLikeObject(body)) return false;
  const wanted = arrayFilter(ASKED, (key) => indexOfText(body, `"${key}"`) >= 0);
  if (wanted.length === 0) return false;
  const keys = outerKeys(body);
  if (!arraySome(wanted, (key) => keys.has(key))) return false;
  return keys.has('model') || regExpTest(MODEL_IN_PATH, url) || (end !== null && indexOfText(end, '"model"') >= 0);
}

/** The keys of a JSON object, up to where it was cut. */
function outerKeys(bytes: Buffer): SafeSet<string> {
  const keys = new SafeSet<string>();
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i];
    if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === QUOTE) {
      const start = ++i;
      while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
      if (depth === 1 && i - start <= 8 && isBeforeColon(bytes, i + 1)) keys.add(latin1Slice(bytes, start, i));
    }
  }
  return keys;
}

function isBeforeColon(bytes: Buffer, from: number): boolean {
  let i = from;
  while (bytes[i] <= 0x20) i++;
  return bytes[i] === COLON;
}
