import vm from 'node:vm';
import { Number, jsonStringify, uncurry, regExpTest } from '../intrinsics.js';

/** Milliseconds that a key may take; and when it is tried again, as the machine may have been busy. */
const MOST = 50;
const MOST_AGAIN = 250;

const { createContext, Script } = vm;
const runInContext = uncurry(Script.prototype.runInContext) as (
  script: object,
  context: object,
  options: object,
) => unknown;
const now = process.hrtime.bigint;

/** A group that is repeated, or a part that is to come again. */
const REPEATED = /\)[*+{]|\\[1-9]|\\k</;

/**
 * Asks a pattern of the user's about keys. One that takes too long for a key is left out from then on: V8 can be stopped in a
 * pattern only from outside, so what may take forever runs with a time limit.
 */
export function createSlowGuard(pattern: RegExp, complain: (line: string) => void): (key: string) => boolean {
  const ask = regExpTest(REPEATED, pattern.source) ? limited(pattern) : timed(pattern);
  let left = false;
  return (key) => {
    if (left) return false;
    const found = ask(key, MOST) ?? ask(key, MOST_AGAIN);
    if (found !== null) return found;
    left = true;
    complain(
      `HANDIT_REDACT=${jsonStringify(pattern.source)} took over ${MOST} ms for one key and is left out from now on: ` +
        'repeat no group that has a repetition in it',
    );
    return false;
  };
}

/** @returns null: it takes longer */
type Ask = (key: string, most: number) => boolean | null;

function timed(pattern: RegExp): Ask {
  return (key, most) => {
    const from = now();
    const found = regExpTest(pattern, key);
    return Number(now() - from) > most * 1e6 ? null : found;
  };
}

function limited(pattern: RegExp): Ask {
  const room = { ask: () => false };
  const context = createContext(room);
  const script = new Script('ask()');
  return (key, most) => {
    room.ask = () => regExpTest(pattern, key);
    try {
      return runInContext(script, context, { timeout: most }) as boolean;
    } catch {
      return null;
    }
  };
}
