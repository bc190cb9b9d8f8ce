import { stepOf } from './noise.js';

/** Where two values are not the same; a side that has nothing there lacks its field. */
export interface Difference {
  readonly path: string;
  readonly base?: unknown;
  readonly new?: unknown;
}

/** Whether two values, as JSON, are the same but for what differs by nature. */
export type Same = (base: string, next: string) => boolean;

const MAX_DIFFERENCES = 50;
const MAX_DEPTH = 64;

/** The places in which two values differ, by path: `result.items[2].price`. */
export function differencesOf(path: string, base: unknown, next: unknown, same: Same): Difference[] {
  const found: Difference[] = [];
  const add = (here: string, one: unknown, other: unknown): void => {
    if (isNodeFrame(one ?? other) && (one === undefined || other === undefined)) return;
    if (one !== undefined && other !== undefined && same(JSON.stringify(one), JSON.stringify(other))) return;
    const sides = { ...(one === undefined ? {} : { base: one }), ...(other === undefined ? {} : { new: other }) };
    found.push({ path: here, ...sides });
  };
  const compare = (here: string, one: unknown, other: unknown, depth: number): void => {
    if (found.length >= MAX_DIFFERENCES || Object.is(one, other)) return;
    if (depth > MAX_DEPTH || !alike(one, other)) return add(here, one, other);
    if (Array.isArray(one)) {
      const [left, right] = [one as unknown[], other as unknown[]];
      for (let i = 0; i < Math.max(left.length, right.length); i++) {
        compare(`${here}[${i}]`, left[i], right[i], depth + 1);
      }
      return;
    }
    const before = found.length;
    const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      if (isHash(key, left, right)) continue;
      compare(here + stepOf(key), ownOf(left, key), ownOf(right, key), depth + 1);
    }
    // Only a hash tells cut values apart.
    if (found.length === before && left.hash !== right.hash && isHash('hash', left, right)) add(here, one, other);
  };
  compare(path, base, next, 0);
  return found;
}

function ownOf(of: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(of, key) ? of[key] : undefined;
}

/** Of a preview that was cut: what is compared is what is shown of it, else nothing could be named. */
function isHash(key: string, left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  return key === 'hash' && typeof left.$type === 'string' && typeof right.$type === 'string';
}

/** What the hash leaves out of lists. */
function isNodeFrame(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith('node:internal/');
  return (value as { $type?: unknown } | null | undefined)?.$type === 'CallSite';
}

function alike(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  return Array.isArray(one) === Array.isArray(other);
}
