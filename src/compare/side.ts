import type { Run } from '../reader/types.js';
import type { Trace } from '../reader/trace.js';
import type { Surroundings } from './stable-hash.js';

/** One of the two runs that are compared: some processes of a trace. */
export class Side {
  readonly processes: ReadonlySet<number>;
  readonly #surroundings: (Surroundings | undefined)[] = [];

  constructor(
    readonly trace: Trace,
    readonly run: Run | undefined,
  ) {
    this.processes = new Set(run?.processes ?? trace.processes.map(({ index }) => index));
  }

  has(node: number): boolean {
    return this.processes.has(this.trace.processOf(node));
  }

  surroundingsOf(process: number): Surroundings {
    return (this.#surroundings[process] ??= this.#lookAround(process));
  }

  #lookAround(process: number): Surroundings {
    const { start, firstNs, lastNs } = this.trace.processes[process];
    const base = Number(this.trace.baseNs / 1_000_000n);
    return {
      from: base + Math.max(0, firstNs) / 1e6,
      to: base + Math.max(0, lastNs) / 1e6,
      pid: typeof start?.pid === 'number' ? start.pid : -1,
      cwd: typeof start?.cwd === 'string' ? start.cwd : '',
    };
  }
}

/** The last run of a trace, or all of it where it has none. */
export function lastRun(trace: Trace): Side {
  return new Side(trace, trace.runs.at(-1));
}
