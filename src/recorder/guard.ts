import { apply, each, RangeError } from '../intrinsics.js';
import { PROBES, type ProbeMeaning, type Probes } from '../probes.js';

type Probe = (...args: unknown[]) => unknown;
type Failed = (error: unknown) => void;

/** Minus the function's id: the handle of a call that is counted only. */
export const COUNTED = -1;

/**
 * Keeps an error in a probe from the program: it is reported, and the program gets what it would have had. The end of the
 * stack is the program's own affair, and goes on to it.
 *
 * @param probes by what they mean; returned by the names that rewritten code uses
 */
export function guardProbes(probes: Record<ProbeMeaning, unknown>, broken: (error: unknown) => void): Probes {
  const failed = (error: unknown): void => {
    if (error instanceof RangeError) throw error;
    broken(error);
  };
  const guarded: Record<string, unknown> = {};
  for (let i = 0; i < PROBES.length; i++) {
    const { name, means, fallback } = PROBES[i];
    const probe = probes[means] as Probe;
    if (fallback === 'constant') guarded[name] = probe;
    else guarded[name] = (OWN_GUARDS[means] ?? GUARDS[fallback])(probe, failed);
  }
  return guarded as Probes;
}

/** The same probes by what they mean. */
export function byMeaning(probes: Probes): Record<ProbeMeaning, unknown> {
  const named: Partial<Record<ProbeMeaning, unknown>> = {};
  for (let i = 0; i < PROBES.length; i++) named[PROBES[i].means] = probes[PROBES[i].name];
  return named as Record<ProbeMeaning, unknown>;
}

const GUARDS = {
  counted: passOn,
  value: passOn,
  unrecorded: begin,
  empty: list,
};

/** Those that are called at each call have guards of their own: so the compiler knows which probe they call. */
const OWN_GUARDS: Partial<Record<ProbeMeaning, (probe: Probe, failed: Failed) => unknown>> = {
  enter0,
  enter1,
  enter2,
  enter3,
  enterMany,
  leave,
  leaveByError,
  thrown,
  enterAsync,
  suspendForAwait,
  resume,
  leaveAsync,
};

/** For those that pass a value on. */
function passOn(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function begin(probe: Probe, failed: Failed) {
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

function list(probe: Probe, failed: Failed) {
  return (...given: unknown[]): unknown => {
    try {
      return apply(probe, undefined, given);
    } catch (error) {
      failed(error);
      return each([]);
    }
  };
}

function enter0(probe: Probe, failed: Failed) {
  return (fn: number, lexical: unknown): unknown => {
    try {
      return probe(fn, lexical);
    } catch (error) {
      failed(error);
      return COUNTED - fn;
    }
  };
}

function enter1(probe: Probe, failed: Failed) {
  return (fn: number, lexical: unknown, a: unknown): unknown => {
    try {
      return probe(fn, lexical, a);
    } catch (error) {
      failed(error);
      return COUNTED - fn;
    }
  };
}

function enter2(probe: Probe, failed: Failed) {
  return (fn: number, lexical: unknown, a: unknown, b: unknown): unknown => {
    try {
      return probe(fn, lexical, a, b);
    } catch (error) {
      failed(error);
      return COUNTED - fn;
    }
  };
}

function enter3(probe: Probe, failed: Failed) {
  return (fn: number, lexical: unknown, a: unknown, b: unknown, c: unknown): unknown => {
    try {
      return probe(fn, lexical, a, b, c);
    } catch (error) {
      failed(error);
      return COUNTED - fn;
    }
  };
}

function enterMany(probe: Probe, failed: Failed) {
  return (fn: number, lexical: unknown, args: unknown): unknown => {
    try {
      return probe(fn, lexical, args);
    } catch (error) {
      failed(error);
      return COUNTED - fn;
    }
  };
}

function leave(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function leaveByError(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function thrown(probe: Probe, failed: Failed) {
  return (fn: number, offset: number, value: unknown): unknown => {
    try {
      return probe(fn, offset, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function suspendForAwait(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function resume(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function leaveAsync(probe: Probe, failed: Failed) {
  return (call: unknown, value: unknown): unknown => {
    try {
      return probe(call, value);
    } catch (error) {
      failed(error);
      return value;
    }
  };
}

function enterAsync(probe: Probe, failed: Failed) {
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
