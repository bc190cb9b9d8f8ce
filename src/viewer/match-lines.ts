import { callDetail, exchangeDetail } from '../reader/details.js';
import { byValue } from './by-value.js';
import type { Term } from './query.js';

/** What is looked for in recorded values: all of the terms, or one value. */
export type Sought = { readonly terms: readonly Term[] } | { readonly json: string };

export const IN_ARGUMENTS = 1;
export const IN_RESULT = 2;

type Fields = Record<string, unknown>;

/** Looks into the lines of one node after the other. */
export class MatchedLines {
  readonly #decoder = new TextDecoder();
  /** Words whose bytes are the same in a line that holds them: a line without them need not be parsed. */
  readonly #words: readonly string[];

  constructor(private readonly sought: Sought) {
    this.#words =
      'json' in sought ? [sought.json] : sought.terms.filter((term) => isPlain(term)).map(({ value }) => value);
  }

  /** Terms: 1 where all match. A value: whether arguments, the result, or both have it. */
  test(lines: readonly (Uint8Array | undefined)[], isExchange: boolean): number {
    const texts = lines.map((bytes) => bytes && this.#decoder.decode(bytes));
    const { sought } = this;
    const isHere = (word: string): boolean =>
      texts.some((text) => text !== undefined && ('json' in sought ? text : text.toLowerCase()).includes(word));
    if (!this.#words.every(isHere)) return 0;
    const [begin, end, settle] = texts.map((text) => (text === undefined ? undefined : parsed(text)));
    if ('terms' in sought) {
      const detail = isExchange
        ? { exchange: exchangeDetail(begin, end) }
        : { call: callDetail(begin, end, settle, -1) };
      return sought.terms.every((term) => byValue(detail, term) !== term.not) ? 1 : 0;
    }
    const has = (value: unknown): boolean => holds(value, sought.json);
    if (isExchange) {
      const { requestBody, responseBody } = exchangeDetail(begin, end);
      return (
        (has(requestBody?.json ?? requestBody?.text) ? IN_ARGUMENTS : 0) |
        (has(responseBody?.json ?? responseBody?.text) ? IN_RESULT : 0)
      );
    }
    const { args, receiver, result, settled } = callDetail(begin, end, settle, -1);
    const gave = settled && 'value' in settled ? settled.value : result;
    return (Object.values(args ?? {}).some(has) || has(receiver) ? IN_ARGUMENTS : 0) | (has(gave) ? IN_RESULT : 0);
  }
}

/** A value of these characters looks the same in JSON as on the screen. */
function isPlain({ value, not }: Term): boolean {
  return !not && /^[\w.-]+$/.test(value);
}

function parsed(text: string): Fields | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is, or has in it, the one that is looked for. */
function holds(value: unknown, json: string): boolean {
  if (value === undefined) return false;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one !== 'object' || one === null) {
      if (JSON.stringify(one) === json) return true;
      continue;
    }
    if (json.startsWith('{') || json.startsWith('[')) {
      if (JSON.stringify(one) === json) return true;
    }
    waiting.push(...Object.values(one as Fields));
  }
  return false;
}
