import { countOf, fieldsOf } from './json.js';
import type { Usage } from './reply.js';

/** What a million tokens cost, in whatever currency. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** By model; a name that ends with `*` is that of all models that begin so. */
export type Prices = ReadonlyMap<string, Price>;

const EXAMPLE = '{"gpt-4o*": {"input": 2.5, "cache_read": 1.25, "output": 10}}';

/** Throws where the text says something else. */
export function pricesIn(text: string): Prices {
  const prices = new Map<string, Price>();
  for (const [model, value] of Object.entries(fieldsOf(JSON.parse(text)))) {
    const { input, output, cache_read, cache_write } = fieldsOf(value);
    const given = [input, output, ...[cache_read, cache_write].filter((one) => one !== undefined)];
    if (given.some((one) => countOf(one) === undefined))
      throw new Error(`"${model}" needs prices of a million tokens, as in ${EXAMPLE}`);
    prices.set(model, {
      ...{ input: input as number, output: output as number },
      ...{ cacheRead: cache_read as number | undefined, cacheWrite: cache_write as number | undefined },
    });
  }
  if (prices.size === 0) throw new Error(`it has no model; write ${EXAMPLE}`);
  return prices;
}

/** Undefined where the price of a model, or a number that is needed, is not known. */
export function costOf(prices: Prices, models: readonly string[], usage: Usage): number | undefined {
  const price = models.map((model) => priceOf(prices, model)).find((one) => one !== undefined);
  const { input, output, cacheRead = 0, cacheWrite = 0 } = usage;
  if (!price || input === undefined || output === undefined) return undefined;
  const read = cacheRead === 0 ? 0 : price.cacheRead;
  const write = cacheWrite === 0 ? 0 : price.cacheWrite;
  if (read === undefined || write === undefined) return undefined;
  return (input * price.input + cacheRead * read + cacheWrite * write + output * price.output) / 1e6;
}

/** The longest that fits. */
function priceOf(prices: Prices, model: string): Price | undefined {
  const exact = prices.get(model);
  if (exact) return exact;
  const fits = [...prices.keys()].filter((name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)));
  const [best] = fits.sort((a, b) => b.length - a.length);
  return prices.get(best);
}
