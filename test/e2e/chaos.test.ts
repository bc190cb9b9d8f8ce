import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { cleanEnv, repository, tempProject } from '../helpers/run.js';
import { problemOf } from '../helpers/trace.js';

// Many writers at once, of which some are killed, and a disk that is full: in each mode of HANDIT_KEEP.

const register = join(repository, 'dist/register.cjs');
const api = JSON.stringify(join(repository, 'dist/index.cjs'));
const modes = ['oldest', 'newest', 'failed'] as const;
const PROCESSES = 16;
const THREADS = 4;
/** Sessions of a writer that is left alone, and of one that is killed long before it has made as many. */
const SHORT = 60;
const LONG = 2000;

/** A process and its threads; each says how many calls of `f` it made. The argument: how many sessions. */
const source = `
const { Worker, isMainThread, threadId, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { session } = require(${api});
const sessions = isMainThread ? Number(process.argv[2]) : workerData;
let made = 0;
function f(i, text) {
  made++;
  if (i % 97 === 96) throw new Error('no ' + i);
  return text;
}
function job(number) {
  for (let k = 0; k < 20; k++) try { f(number * 20 + k, 'x'.repeat(k * 10)); } catch {}
  if (number % 10 === 3) throw new Error('failed');
}
async function work() {
  for (let number = 0; number < sessions; number++) {
    try { session({ tag: 'job' }, () => job(number)); } catch {}
    if (number === 3) writeSync(1, 'busy\\n');
    await new Promise((done) => setTimeout(done, number % 3));
  }
  writeSync(1, 'made ' + process.pid + '/' + threadId + ' ' + made + '\\n');
}
if (isMainThread) for (let i = 1; i < ${THREADS}; i++) new Worker(__filename, { workerData: sessions });
work();
`;

interface Writer {
  child: ChildProcess;
  output: string;
  closed: Promise<unknown[]>;
}

function start(cwd: string, sessions: number, env: Record<string, string>): Writer {
  const child = spawn(process.execPath, ['--require', register, 'app.js', String(sessions)], {
    ...{ cwd, env: { ...cleanEnv(), ...env } },
  });
  const writer: Writer = { child, output: '', closed: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (writer.output += text));
  }
  return writer;
}

/** By process and thread: the calls that it said it made. */
function madeBy(writers: readonly Writer[]): Map<string, number> {
  const all = writers.flatMap(({ output }) => [...output.matchAll(/^made (\S+) (\d+)$/gm)]);
  return new Map(all.map(([, name, made]) => [name, Number(made)]));
}

/** The lines of all files of a folder, and how many are damaged. */
function readAll(folder: string): { records: TraceRecord[]; damaged: number } {
  const records: TraceRecord[] = [];
  let damaged = 0;
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.jsonl'))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line === '') continue;
      if (problemOf(line) === undefined) records.push(JSON.parse(line) as TraceRecord);
      else damaged++;
    }
  }
  return { records, damaged };
}

interface Found {
  /** Lines of calls of `f`, and how many there were as the totals say. */
  recorded: number;
  ids: Set<number>;
  calls: number | undefined;
  ended: Extract<TraceRecord, { type: 'process_end' }> | undefined;
}

/** By process and thread. */
function foundBy(records: readonly TraceRecord[]): Map<string, Found> {
  const names = new Map<string, string>();
  const found = new Map<string, Found>();
  for (const record of records) {
    if (record.type === 'process_start') {
      const name = `${record.pid}/${record.tid}`;
      names.set(record.proc, name);
      if (!found.has(name)) found.set(name, { recorded: 0, ids: new Set(), calls: undefined, ended: undefined });
    }
  }
  for (const record of records) {
    const own = found.get(names.get(record.proc) ?? '');
    if (!own) continue;
    // What was open at a seam is in two segments.
    if (record.type === 'call' && record.func === 'f') own.recorded = own.ids.add(record.id).size;
    if (record.type === 'summary' && record.func === 'f') own.calls = record.calls;
    if (record.type === 'process_end') own.ended = record;
  }
  return found;
}

describe.each(modes)('with HANDIT_KEEP=%s', (mode) => {
  test('64 writers, half of them killed, leave whole lines; what is recorded and counted is what was called', async () => {
    const cwd = tempProject({ 'app.js': source });
    const env = { HANDIT_KEEP: mode, HANDIT_MAX_FILE_MB: '1', HANDIT_MAX_CALLS: '700' };
    const rounds = (index: number): number => (index % 2 === 1 ? LONG : SHORT);
    const writers = Array.from({ length: PROCESSES }, (_, index) => start(cwd, rounds(index), env));
    const killed = writers.filter((_, index) => index % 2 === 1);
    for (const [index, { child }] of killed.entries()) {
      // In the middle of its work, each at another moment.
      child.stdout!.once('data', () => setTimeout(() => child.kill('SIGKILL'), (index * 7) % 50));
    }
    await Promise.all(writers.map(({ closed }) => closed));
    expect(killed.map(({ child }) => child.signalCode)).toEqual(killed.map(() => 'SIGKILL'));
    const made = madeBy(writers);
    const { records, damaged } = readAll(cwd);
    // The line that a killed process was writing; what another process has put after it is there once more.
    expect(damaged).toBeLessThanOrEqual(killed.length);
    const found = foundBy(records);
    const survivors = writers.filter(({ child }) => child.exitCode === 0);
    expect(survivors).toHaveLength(PROCESSES / 2);
    expect(survivors.map(({ output }) => output.replace(/^(busy|made .*)\n/gm, ''))).toEqual(survivors.map(() => ''));
    let checked = 0;
    for (const [name, calls] of madeBy(survivors)) {
      const own = found.get(name)!;
      expect(calls).toBe(SHORT * 20);
      expect([name, own.ended?.exit_code]).toEqual([name, 0]);
      expect([name, own.calls ?? own.recorded]).toEqual([name, calls]);
      expect(own.recorded).toBeLessThanOrEqual(mode === 'failed' ? 0.2 * calls : calls);
      checked++;
    }
    expect(checked).toBe((PROCESSES / 2) * THREADS);
    // Of what was killed there is no more than was done, and no total.
    for (const [name, { recorded, calls, ended }] of found) {
      if (made.has(name)) continue;
      expect([name, recorded <= LONG * 20, calls, ended]).toEqual([name, true, undefined, undefined]);
    }
  }, 240_000);
});

describe('a disk that is full', () => {
  const folder = tempProject({});
  const mounted: string[] = [];
  const mount = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path]).status !== 0) return '';
    mounted.push(path);
    return path;
  };
  afterAll(() => mounted.forEach((path) => spawnSync('umount', ['-l', path])));
  const disks = modes.map((mode) => ({ mode, disk: mount(mode) }));
  const canMount = disks.every(({ disk }) => disk !== '');
  if (!canMount) test.skip('is not tested here: mount is not permitted', () => undefined);

  (canMount ? test.each(disks) : test.skip.each(disks))(
    'with HANDIT_KEEP=$mode, costs lines, which are counted, and nothing of the program',
    async ({ mode, disk }) => {
      const cwd = tempProject({ 'app.js': source });
      const env = { HANDIT_KEEP: mode, HANDIT_OUTPUT_FILE: join(disk, 'handit_events.jsonl') };
      const writers = Array.from({ length: 4 }, () => start(cwd, 60, env));
      await Promise.all(writers.map(({ closed }) => closed));
      expect(writers.map(({ child }) => child.exitCode)).toEqual([0, 0, 0, 0]);
      const made = madeBy(writers);
      expect([...made.values()]).toEqual(Array(4 * THREADS).fill(60 * 20));
      expect(writers.map(({ output }) => output).join('')).toContain('ENOSPC');
      const { records, damaged } = readAll(disk);
      // Of each writer the line at which the disk was full.
      expect(damaged).toBeLessThanOrEqual(4 * THREADS);
      expect(records.length).toBeGreaterThan(50);
      for (const [name, { recorded, ended }] of foundBy(records)) {
        expect([name, recorded <= made.get(name)!]).toEqual([name, true]);
        if (!ended) continue;
        const missing = Object.values(ended.dropped).reduce((sum, count) => sum + count, 0);
        expect(missing).toBeGreaterThanOrEqual(made.get(name)! - recorded);
      }
    },
    120_000,
  );
});
