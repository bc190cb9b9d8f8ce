import { call, processEnd, processStart } from '../helpers/records.js';
import { traceOf } from '../helpers/reading.js';

const start = 1_767_600_000_000_000_000;
const seconds = (value: number) => ({ ts_ns: start + value * 1e9 });

/** A process from one second to another. */
function life(proc: string, from: number, to: number | null, extra: object = {}): object[] {
  const begin = processStart({ proc, ...seconds(from), ...extra });
  return to === null ? [begin, call(1, null, from * 1e6 + 1, { proc })] : [begin, processEnd({ proc, ...seconds(to) })];
}

const runsOf = (...lives: object[][]) => traceOf(...lives.flat()).runs.map(({ processes }) => [...processes]);

test('the same command again is another run', () => {
  expect(runsOf(life('a', 0, 1), life('b', 1.2, 2), life('c', 60, 61))).toEqual([[0], [1], [2]]);
});

test('a process and those it started, workers too, are one run', () => {
  expect(
    runsOf(
      life('a', 0, 1, { pid: 10, ppid: 1 }),
      life('b', 0.5, 9, { pid: 11, ppid: 10 }),
      life('c', 20, 21, { pid: 12, ppid: 11 }),
      life('d', 30, 31, { pid: 12, tid: 1, ppid: 11 }),
      life('e', 40, 41, { pid: 50, ppid: 1 }),
    ),
  ).toEqual([[0, 1, 2, 3], [4]]);
});

test('what starts while a run goes on belongs to it', () => {
  expect(runsOf(life('a', 0, 10, { ppid: 1 }), life('b', 5, 6, { pid: 9, ppid: 77 }))).toEqual([[0, 1]]);
});

test('commands that one script starts at once after each other are one run', () => {
  const by = (file: string) => ({ ppid: 5, argv: ['node', file] });
  expect(runsOf(life('a', 0, 1, by('a.js')), life('b', 1.5, 2, by('b.js')))).toEqual([[0, 1]]);
  expect(runsOf(life('a', 0, 1, by('a.js')), life('b', 9, 10, by('b.js')))).toEqual([[0], [1]]);
});

test('on a slow machine the next process takes longer to start', () => {
  const by = (script: string) => ({ ppid: 50, argv: ['node', script] });
  expect(runsOf(life('a', 0, 6, by('a.js')), life('b', 10, 12, by('b.js')))).toEqual([[0, 1]]);
  expect(runsOf(life('a', 0, 600, by('a.js')), life('b', 660, 661, by('b.js')))).toEqual([[0], [1]]);
});

test('workers of a test runner are one run, though they are the same command', () => {
  const worker = { ppid: 5, argv: ['node', '/p/node_modules/jest-worker/build/workers/processChild.js'] };
  expect(runsOf(life('a', 0, 1, worker), life('b', 1.1, 2, worker))).toEqual([[0, 1]]);
});

test('a run that has a name is all that has it, and nothing else', () => {
  const job = (run: string) => ({ ci: { provider: 'github', run, job: 'test' } }) as object;
  expect(runsOf(life('a', 0, 1, job('1')), life('b', 50, 51, job('1')), life('c', 50, 51, job('2')))).toEqual([
    ...[[0, 1], [2]],
  ]);
  expect(runsOf(life('a', 0, 1, { run: 'x' }), life('b', 50, 51, { run: 'x' }))).toEqual([[0, 1]]);
});
