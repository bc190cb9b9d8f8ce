import type { Run } from '../reader/types.js';
import type { Trace } from '../reader/trace.js';
import { Clocks } from './clocks.js';
import type { Surroundings } from './stable-hash.js';

/** One of the two runs that are compared: some processes of a trace. */
export class Side {
  readonly processes: ReadonlySet<number>;
  readonly #surroundings: (Surroundings | undefined)[] = [];
  #pids: ReadonlySet<number> | undefined;
  #cuts: ReadonlyMap<string, number> | undefined;
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

  /** What a test called first: that is at the top, or below a call that was made outside of tests. */
  rootsOfTest(test: number): number[] {
    const entering = (this.#entering ??= this.#findEntering()).get(test) ?? [];
    return [...this.trace.rootsOfTest(test), ...entering].sort((a, b) => a - b);
  }

  /** From when on calls were left out of the test in which a call was made; Infinity: none were. */
  cutAt(node: number): number {
    const { process, test } = this.trace.scopeOf(node);
    const cuts = (this.#cuts ??= this.#findCuts());
    const ofTest = test === -1 ? undefined : cuts.get(`${process} ${this.trace.tests[test].id}`);
    return Math.min(cuts.get(String(process)) ?? Infinity, ofTest ?? Infinity);
  }

  #findCuts(): Map<string, number> {
    const found = new Map<string, number>();
    for (const { process, ns, reason, test_id: test } of this.trace.limits) {
      const key = reason === 'max_file' ? String(process) : `${process} ${test}`;
      if (reason === 'max_file' || (reason === 'context_share' && test !== undefined))
        found.set(key, Math.min(ns, found.get(key) ?? Infinity));
    }
    return found;
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
      clocks: new Clocks(),
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
