import type { Detail } from './details-cache.js';
import { short } from './format.js';
import type { Term } from './query.js';

/** Whether the values of a call or exchange have what a term looks for. */
export function byValue(detail: Detail, { key, value }: Term): boolean {
  const has = (one: unknown): boolean => one !== undefined && short(one, 4000).toLowerCase().includes(value);
  if ('exchange' in detail) {
    const { url, requestBody, responseBody, error } = detail.exchange;
    const bodies = [requestBody?.json ?? requestBody?.text, responseBody?.json ?? responseBody?.text];
    if (key === 'err') return has(error?.message);
    if (key === 'arg') return has(bodies[0]);
    if (key === 'ret') return has(bodies[1]);
    return [url, ...bodies].some(has);
  }
  const { args, receiver, result, error, settled } = detail.call;
  const failure = error ?? settled?.error;
  if (key === 'arg') return has(args);
  if (key === 'ret') return has(settled && 'value' in settled ? settled.value : result);
  if (key === 'err') return has(failure && `${failure.name}: ${failure.message}`);
  return has(args) || has(receiver) || has(result) || has(settled?.value) || has(failure?.message);
}
