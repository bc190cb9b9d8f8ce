import { counted, REMEDIES } from '../reader/missing.js';
import type { TestGroup } from '../reader/test-groups.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import type { Process, Test } from '../reader/types.js';
import type { Values } from './command.js';
import { paint } from './escape.js';
import { marksOf, type NodeFilter, nodeFilter, testFilter } from './filters.js';
import { duration } from './format-duration.js';
import { formatError, formatPreview } from './format-preview.js';
import { processLine, timeText } from './node-line.js';
import type { Output } from './output.js';
import { type Entry, isComplete, rootsOfEntry, type Section, sectionsOf } from './sections.js';
import { type TreeOptions, TreeWriter } from './tree-writer.js';
import type { Preview } from '../trace-format.js';

/** Prints the tree of a trace: a headline a process, below it tests and what nothing called, then what is missing. */
export class TreePrinter {
  /** Entries that were written. */
  shown = 0;
  /** Whether anything is looked for. */
  readonly filters: boolean;
  readonly #options: TreeOptions;
  #writer: TreeWriter | undefined;
  #marks: Uint8Array | undefined;
  #nodePasses: NodeFilter;
  #testPasses: ((name: string) => boolean) | undefined;
  /** While a file is read in steps: the entries that were written, and how many nodes there were then. */
  readonly #done = new Map<number, number>();
  #headed = -1;

  constructor(
    private readonly trace: Trace,
    private readonly out: Pick<Output, 'line' | 'drained' | 'width'>,
    private readonly values: Values,
    style: Omit<TreeOptions, 'width'>,
  ) {
    this.#options = { ...style, width: out.width };
    this.#prepare();
    this.filters = this.#nodePasses !== undefined || values.test !== undefined || values.failed === true;
    this.#writer = this.#newWriter();
  }

  #prepare(): void {
    this.#nodePasses = nodeFilter(this.trace, this.values);
    this.#marks = marksOf(this.trace, this.#nodePasses);
    this.#testPasses = testFilter(groupTries(this.trace.tests), this.values);
  }

  #newWriter(): TreeWriter {
    return new TreeWriter(this.trace, this.out, this.#options, this.#marks, this.#writer?.takeRoom());
  }

  /** Everything of these processes that passes the filters. */
  async printAll(chosen: ReadonlySet<number>): Promise<void> {
    const sections = sectionsOf(this.trace, chosen);
    if (this.values.errors === true) {
      // What a person looks for first: a passing test may throw as often as it likes.
      await this.#printSections(sections, (entry) => hasFailed(entry));
      await this.#printSections(sections, (entry) => !hasFailed(entry));
    } else await this.#printSections(sections, () => true);
  }

  async #printSections(sections: readonly Section[], passes: (entry: Entry) => boolean): Promise<void> {
    for (const { process, entries } of sections) {
      const shown = entries.filter((entry) => passes(entry) && this.#passes(entry));
      if (shown.length === 0 && this.filters) continue;
      this.#head(process, true);
      await this.#entries(shown, process);
      if (!this.filters) this.#foot(process);
    }
  }

  // ---------------------------------------------------------------- in steps

  /** The entries that have ended, from the beginning to the first that has not. */
  async printComplete(): Promise<void> {
    const [section] = sectionsOf(this.trace, new Set([0]));
    this.#head(section.process, false);
    const left = section.entries.filter((entry) => !this.#done.has(keyOf(entry)));
    const open = left.findIndex((entry) => !isComplete(this.trace, entry));
    await this.#entries(open === -1 ? left : left.slice(0, open), section.process);
    this.#writer = this.#newWriter();
  }

  /** All entries that have ended since; for a file that grows. */
  async printEnded(): Promise<void> {
    this.#prepare();
    this.#writer = this.#newWriter();
    const last = this.trace.runs.at(-1);
    if (!last) return;
    for (const { process, entries } of sectionsOf(this.trace, new Set(last.processes))) {
      const ended = entries.filter(
        (entry) => !this.#done.has(keyOf(entry)) && isComplete(this.trace, entry) && this.#passes(entry),
      );
      if (ended.length === 0) continue;
      this.#head(process, false);
      await this.#entries(ended, process);
    }
  }

  /** What is left at the end: entries that never ended, calls that came below what was written, what is missing. */
  async printRest(): Promise<void> {
    this.#prepare();
    this.#writer = this.#newWriter();
    await this.#late();
    const last = this.trace.runs.at(-1);
    for (const { process, entries } of sectionsOf(this.trace, new Set(last?.processes))) {
      const left = entries.filter((entry) => !this.#done.has(keyOf(entry)) && this.#passes(entry));
      if (left.length > 0 || (!this.filters && this.#headed !== process.index)) this.#head(process, true);
      await this.#entries(left, process);
      if (this.filters) continue;
      if (left.length === 0) this.#line(paint.bold(processLine(this.trace, process)));
      this.#foot(process);
    }
  }

  /** A callback that runs after its caller has ended is still its child, and that may have been written. */
  async #late(): Promise<void> {
    const { nodes } = this.trace;
    const steps = [...new Set(this.#done.values())].sort((a, b) => a - b);
    let step = 0;
    for (let node = 0; node < nodes.count; node++) {
      while (step < steps.length && node >= steps[step]) step++;
      const parent = nodes.parent[node];
      // Only one that came in a later step than its parent.
      if (step === 0 || parent === -1 || parent >= steps[step - 1]) continue;
      const written = this.#writtenAt(parent);
      if (node < written || parent >= written) continue;
      const where = this.trace.functionOf(parent)?.func ?? 'an exchange';
      this.#line(paint.dim(`later, in ${where} (${this.trace.nameOf(parent)}):`));
      await this.#writer!.write([node], 1);
    }
  }

  /** How many nodes there were when the entry it belongs to was written. */
  #writtenAt(node: number): number {
    const { parent, count } = this.trace.nodes;
    let top = node;
    while (parent[top] !== -1) top = parent[top];
    const { test } = this.trace.scopeOf(top);
    return this.#done.get(test === -1 ? top : keyOfTest(test)) ?? count;
  }

  // -------------------------------------------------------------------- parts

  #passes(entry: Entry): boolean {
    const { values } = this;
    if (entry.type === 'test') {
      if (values.failed === true && !hasFailed(entry)) return false;
      if (this.#testPasses && !this.#testPasses(entry.group.name)) return false;
      if (values.errors === true && hasFailed(entry)) return true;
    } else if (values.failed === true || this.#testPasses) return false;
    const marks = this.#marks;
    return !marks || rootsOfEntry(this.trace, entry).some((node) => marks[node] > 0);
  }

  #head(process: Process, complete: boolean): void {
    if (this.#headed === process.index) return;
    if (this.#headed !== -1) this.#line('');
    this.#headed = process.index;
    this.#line(paint.bold(processLine(this.trace, process, complete)));
  }

  async #entries(entries: readonly Entry[], process: Process): Promise<void> {
    this.shown += entries.length;
    for (const entry of entries) this.#done.set(keyOf(entry), this.trace.nodes.count);
    const note = (node: number): string => this.#offset(this.trace.nodes.t0[node], process);
    for (let at = 0; at < entries.length;) {
      const nodes: number[] = [];
      for (let entry; (entry = entries[at])?.type === 'node'; at++) nodes.push(entry.node);
      // Together, for a loop at the top is a loop as well.
      if (nodes.length > 0) await this.#writer!.write(nodes, 0, note);
      const entry = entries.at(at++);
      if (entry?.type === 'test') await this.#test(entry.group, this.#offset(entry.startNs, process));
    }
  }

  async #test(group: TestGroup, offset: string): Promise<void> {
    const { name, tries } = group;
    const { width } = this.out;
    this.#line(`${paint.bold(`test ${name}`)} ${testText(this.trace, group, width)}${offset}`);
    for (const [index, test] of tries.entries()) {
      const several = tries.length > 1;
      if (several) this.#line(`  try ${test.try ?? index + 1} ${tryText(this.trace, test, width)}`);
      for (const line of differenceLines(this.trace, test)) this.#line(`${several ? '    ' : '  '}${line}`);
      await this.#writer!.write(this.trace.rootsOfTest(test.index), several ? 2 : 1);
    }
  }

  /** From the start of its process. */
  #offset(startNs: number, { firstNs }: Process): string {
    return startNs > firstNs ? paint.dim(`  at ${duration(Math.round(startNs - firstNs))}`) : '';
  }

  #foot({ index, end }: Process): void {
    const { skipped, summaries } = this.trace;
    for (const { process, file, reason } of skipped) {
      if (process === index) this.#line(paint.yellow(`not recorded: ${file}: ${reason}`));
    }
    for (const { process, func, file, line, calls, recorded } of summaries) {
      if (process !== index || recorded >= calls) continue;
      this.#line(
        paint.yellow(`in part: ${func}  ${file}:${line}  ${recorded} of ${counted(calls, 'call')} recorded in full`),
      );
    }
    const lost = Object.entries(end?.dropped ?? {});
    if (lost.length > 0) {
      this.#line(paint.yellow(`lost: ${lost.map(([why, count]) => `${count} (${why})`).join(', ')}`));
    }
    for (const [why] of lost) if (Object.hasOwn(REMEDIES, why)) this.#line(paint.yellow(`  ${why}: ${REMEDIES[why]}`));
  }

  #line(text: string): void {
    this.out.line(text);
  }
}

/** The node, or below zero the test. */
function keyOf(entry: Entry): number {
  return entry.type === 'node' ? entry.node : keyOfTest(entry.group.tries[0].index);
}

function keyOfTest(test: number): number {
  return -1 - test;
}

function hasFailed(entry: Entry): boolean {
  return entry.type === 'test' && entry.group.outcome === 'failed';
}

/** How it ended: `failed AssertionError: 1 !== 2  3.0 us`. */
export function testText(trace: Trace, { tries }: TestGroup, width: number): string {
  const last = tries[tries.length - 1];
  const count = tries.length > 1 ? ` (${tries.length} tries)` : '';
  return tryText(trace, last, width, count);
}

function tryText(trace: Trace, { outcome, dt, place }: Test, width: number, count = ''): string {
  if (outcome === undefined) return paint.yellow('... has not ended');
  if (outcome === 'skipped' || outcome === 'todo') return paint.yellow(outcome);
  if (outcome === 'passed') return `passed${count}${timeText(dt)}`;
  const error = trace.errorAt(place);
  const why = error ? ` ${formatError(error, Math.max(80, width - 20))}` : '';
  return `${paint.red(`failed${count}${why}`)}${timeText(dt)}`;
}

/** What an assertion compared. */
function differenceLines(trace: Trace, { outcome, place }: Test): string[] {
  if (outcome !== 'failed') return [];
  const { expected, actual } = (trace.errorAt(place) ?? {}) as { expected?: Preview; actual?: Preview };
  const lines: string[] = [];
  if (expected !== undefined) lines.push(`expected: ${formatPreview(expected)}`);
  if (actual !== undefined) lines.push(`actual:   ${formatPreview(actual)}`);
  return lines.map((line) => paint.red(line));
}
