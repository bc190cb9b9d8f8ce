import type { Run } from '../reader/types.js';
import type { Trace } from '../reader/trace.js';
import type { Surroundings } from './stable-hash.js';

/** One of the two runs that are compared: some processes of a trace. */
export class Side {
  readonly processes: ReadonlySet<number>;
  readonly #surroundings: (Surroundings | undefined)[] = [];
  #pids: ReadonlySet<number> | undefined;
  #entering: Map<number, number[]> | undefined;

  constructor(
    readonly trace: Trace,
    readonly run: Run | undefined,
  ) {
    this.processes = new Set(run?.processes ?? trace.processes.map(({ index }) => index));
  }

  has(node: number): boolean {
    return this.processes.has(this.trace.processOf(node));
  }

  /** What a test called first: that stands at the top, or below a call that was made outside of tests. */
  rootsOfTest(test: number): number[] {
    const entering = (this.#entering ??= this.#findEntering()).get(test) ?? [];
    return [...this.trace.rootsOfTest(test), ...entering].sort((a, b) => a - b);
  }

  #findEntering(): Map<number, number[]> {
    const found = new Map<number, number[]>();
    const { trace } = this;
    const { parent, count } = trace.nodes;
    for (let node = 0; node < count; node++) {
      const { test } = trace.scopeOf(node);
      if (test === -1 || parent[node] === -1 || trace.testOf(parent[node]) !== -1) continue;
      const nodes = found.get(test);
      if (nodes) nodes.push(node);
      else found.set(test, [node]);
    }
    return found;
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
      pids: (this.#pids ??= this.#findPids()),
      cwd: typeof start?.cwd === 'string' ? start.cwd : '',
    };
  }

  #findPids(): Set<number> {
    const starts = [...this.processes].map((process) => this.trace.processes[process].start);
    const pids = starts.flatMap((start) => [start?.pid, start?.ppid]);
    return new Set(pids.filter((pid) => typeof pid === 'number'));
  }
}

/** The last run of a trace, or all of it where it has none. */
export function lastRun(trace: Trace): Side {
  return new Side(trace, trace.runs.at(-1));
}
