import type { Test } from './types.js';

/** One test with all of its tries; the last says how it ended. */
export interface TestGroup {
  readonly name: string;
  readonly process: number;
  readonly tries: readonly Test[];
  readonly firstNs: number;
  /** Of the last try; undefined where that has not ended. */
  readonly outcome: Test['outcome'];
}

/**
 * Puts the tries of one test together. Two tests of one title are two: only a try that says it is a second one belongs to
 * the one before. Traces of earlier versions do not say, so there each end is a test.
 */
export function groupTries(tests: readonly Test[]): TestGroup[] {
  const groups: { name: string; process: number; tries: Test[] }[] = [];
  const last = new Map<string, Test[]>();
  for (const test of tests) {
    if (test.late) continue;
    const key = `${test.process} ${test.name}`;
    const before = last.get(key);
    if (before && test.try !== undefined && test.try > 1) {
      before.push(test);
      continue;
    }
    const tries = [test];
    last.set(key, tries);
    groups.push({ name: test.name, process: test.process, tries });
  }
  return groups.map((group) => ({
    ...group,
    firstNs: group.tries[0].firstNs,
    outcome: group.tries[group.tries.length - 1].outcome,
  }));
}
