import { apply, each, RangeError } from '../intrinsics.js';
import { PROBES, type Probes } from '../probes.js';

type Probe = (...args: unknown[]) => unknown;

/** Minus the function's id: the handle of a call that is counted only. */
export const COUNTED = -1;

/**
 * Keeps an error in a probe from the program: it is told, and the program gets what it would have had. The end of the
 * stack is the program's own affair, and goes on to it. Those that are called at each call are written out.
 */
export function guardProbes(probes: Probes, broken: (error: unknown) => void): Probes {
  const { e0, e1, e2, e3, en, x, t, w } = probes as Record<string, Probe>;

  function failed(error: unknown): void {
    if (error instanceof RangeError) throw error;
    broken(error);
  }
  /** For those that hand a value on. */
  function handOn(probe: Probe) {
    return (call: unknown, value: unknown): unknown => {
      try {
        return probe(call, value);
      } catch (error) {
        failed(error);
        return value;
      }
    };
  }
  function begin(probe: Probe) {
    return (fn: number, lexical: unknown, args: unknown): unknown => {
      try {
        return probe(fn, lexical, args);
      } catch (error) {
        failed(error);
        // The handle of a call that is not recorded.
        return { running: false, ended: true, id: 0, fn, waitsFor: null };
      }
    };
  }
  function list(probe: Probe) {
    return (...given: unknown[]): unknown => {
      try {
        return apply(probe, undefined, given);
      } catch (error) {
        failed(error);
        return each([]);
      }
    };
  }

  const guarded: Record<string, unknown> = {};
  for (let i = 0; i < PROBES.length; i++) {
    const { name, fallback } = PROBES[i];
    if (fallback === 'unrecorded') guarded[name] = begin(probes[name] as Probe);
    if (fallback === 'value') guarded[name] = handOn(probes[name] as Probe);
    if (fallback === 'empty') guarded[name] = list(probes[name] as Probe);
  }
  return {
    ...probes,
    ...guarded,
    e0(fn: number, lexical: unknown) {
      try {
        return e0(fn, lexical);
      } catch (error) {
        failed(error);
        return COUNTED - fn;
      }
    },
    e1(fn: number, lexical: unknown, a: unknown) {
      try {
        return e1(fn, lexical, a);
      } catch (error) {
        failed(error);
        return COUNTED - fn;
      }
    },
    e2(fn: number, lexical: unknown, a: unknown, b: unknown) {
      try {
        return e2(fn, lexical, a, b);
      } catch (error) {
        failed(error);
        return COUNTED - fn;
      }
    },
    e3(fn: number, lexical: unknown, a: unknown, b: unknown, c: unknown) {
      try {
        return e3(fn, lexical, a, b, c);
      } catch (error) {
        failed(error);
        return COUNTED - fn;
      }
    },
    en(fn: number, lexical: unknown, args: unknown) {
      try {
        return en(fn, lexical, args);
      } catch (error) {
        failed(error);
        return COUNTED - fn;
      }
    },
    x(call: unknown, value: unknown) {
      try {
        return x(call, value);
      } catch (error) {
        failed(error);
        return value;
      }
    },
    t(call: unknown, value: unknown) {
      try {
        return t(call, value);
      } catch (error) {
        failed(error);
        return value;
      }
    },
    w(fn: number, offset: number, value: unknown) {
      try {
        return w(fn, offset, value);
      } catch (error) {
        failed(error);
        return value;
      }
    },
  };
}
