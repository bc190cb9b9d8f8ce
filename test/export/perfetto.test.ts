import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, describeInBrowser } from '../helpers/browser.js';
import { exported, keyOf, recordApp, type Recorded } from '../helpers/exported.js';
import { call, processStart, returned } from '../helpers/records.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { importedBySpeedscope } from '../helpers/speedscope.js';

interface Event {
  ph: string;
  name: string;
  cat?: string;
  id?: string | number;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  args: Record<string, unknown>;
}

const cli = join(repository, 'dist/cli.cjs');
let app: Recorded;
let events: Event[];
let text: string;

beforeAll(async () => {
  app = await recordApp();
  text = await exported(app.folder, '--to', 'perfetto');
  events = (JSON.parse(text) as { traceEvents: Event[] }).traceEvents;
});

test('each call is a slice or a pair of async events, by whether it waits', () => {
  const slices = events.filter(({ ph }) => ph === 'X').map(({ args }) => args.id);
  const begun = events.filter(({ ph, cat }) => ph === 'b' && cat === 'call').map(({ args }) => args.id);
  const waits = app.calls.filter((one) => one.async || one.generator || !app.ends.has(keyOf(one)));
  expect(waits.length).toBeGreaterThan(8);
  expect(begun.sort()).toEqual(waits.map(keyOf).sort());
  expect(slices.sort()).toEqual(
    app.calls
      .filter((one) => !waits.includes(one))
      .map(keyOf)
      .sort(),
  );
  const pairs = new Map<unknown, string>();
  for (const { ph, id, cat } of events) {
    if (ph === 'b' || ph === 'e') pairs.set(`${cat} ${id}`, (pairs.get(`${cat} ${id}`) ?? '') + ph);
  }
  expect(new Set(pairs.values())).toEqual(new Set(['be']));
});

test('every slice is inside of the one that was running, and events are in the order of time', () => {
  expect(problems(events)).toEqual([]);
  const byId = new Map(events.filter(({ ph }) => ph === 'X').map((event) => [event.args.id, event]));
  const leaves = [...byId.values()].filter(({ name, args }) => name === 'leaf' && byId.has(args.parent as string));
  expect(leaves.length).toBeGreaterThan(6);
  for (const leaf of leaves) {
    const parent = byId.get(leaf.args.parent)!;
    expect(leaf.ts).toBeGreaterThanOrEqual(parent.ts);
    expect(leaf.ts + leaf.dur!).toBeLessThanOrEqual(parent.ts + parent.dur! + 1e-3);
  }
});

test('times are whole nanoseconds: the digits of the trace', () => {
  const start = BigInt(/"startTimeUnixNano":"(\d+)"/.exec(text)![1]);
  const lines = [...text.matchAll(/^\{"ph":"X".*"id":"(\w+):(\d+)".*"ts":(\d+)\.(\d{3}),"dur":(\d+)\.(\d{3})\}/gm)];
  expect(lines.length).toBeGreaterThan(10);
  const exact = exactTimes();
  for (const [, proc, id, us, ns] of lines) {
    expect(start + BigInt(us) * 1000n + BigInt(ns)).toBe(exact.get(`${proc}:${id}`));
  }
});

function exactTimes(): Map<string, bigint> {
  const source = readFileSync(app.file, 'utf8');
  const calls = source.matchAll(/^\{"type":"call","proc":"(\w+)","id":(\d+).*"t0_ns":(\d+)/gm);
  return new Map([...calls].map(([, proc, id, t0]) => [`${proc}:${id}`, BigInt(t0)]));
}

test('an arrow leads from a call to what it caused after its end', () => {
  const fired = events.find(({ ph, name }) => ph === 'X' && name.includes('fired'))!;
  const timers = events.find(({ ph, name }) => ph === 'X' && name === 'timers')!;
  const into = events.find(({ ph, ts, tid }) => ph === 'f' && ts === fired.ts && tid === fired.tid)!;
  const from = events.find(({ ph, id }) => ph === 's' && id === into.id)!;
  expect(from).toMatchObject({ ts: timers.ts, tid: timers.tid });
  expect(events.filter(({ ph, ts }) => ph === 's' && ts < from.ts)).toHaveLength(0);
});

test('exchanges, tests and sessions are there, with their failures; values only where they are asked for', async () => {
  const of = (cat: string) => events.filter((event) => event.ph === 'b' && event.cat === cat);
  expect(of('http').map(({ args }) => args.id)).toEqual(app.requests.map(keyOf));
  expect(of('test').map(({ args }) => args.outcome)).toEqual(app.tests.map(({ outcome }) => outcome));
  expect(of('session')).toMatchObject([{ name: 'checkout' }]);
  expect(events.find(({ name, ph }) => ph === 'X' && name === 'broken')!.args.error).toBe('RangeError: no needle-arg');
  for (const value of ['needle-sent', 'needle-body', '"needle-arg"']) expect(text).not.toContain(value);
  const full = await exported(app.folder, '--to', 'perfetto', '--values');
  for (const value of ['needle-sent', 'needle-body', '"needle-arg"']) expect(full).toContain(value);
});

test('slices nest where the time that handit took is not in the durations', async () => {
  // The second call in f1 begins when f1 is over, if its duration were all that is known.
  const records = [
    processStart(),
    ...[call(1, null, 0), call(2, 1, 1), returned(2, 2, { dt_ns: 1000 })],
    ...[call(3, 1, 500), returned(3, 502, { dt_ns: 2000 }), returned(1, 503, { dt_ns: 5000 })],
    ...[call(4, null, 504), returned(4, 505)],
  ];
  const folder = tempProject({ 'handit_events.jsonl': records.map((one) => `${JSON.stringify(one)}\n`).join('') });
  const written = JSON.parse(await exported(folder, '--to', 'perfetto')) as { traceEvents: Event[] };
  expect(problems(written.traceEvents)).toEqual([]);
  const f1 = written.traceEvents.find(({ name }) => name === 'f1')!;
  expect(f1.ts + f1.dur!).toBe(502);
});

test('700,000 calls are written in bounded memory, nested and in order', async () => {
  const folder = tempProject({});
  const lines = [JSON.stringify(processStart())];
  const [begin, end] = [JSON.stringify(call(1, 0, 0)), JSON.stringify(returned(1, 0))].map((line) =>
    line.split(/"id":1|"parent":0|"t0_ns":\d+|"t1_ns":\d+|"dt_ns":1000/),
  );
  const ns = (us: number) => `${1_767_600_000_000_000 + us}000`;
  for (let id = 1, us = 0; id <= 700_000; id += 7) {
    for (let level = 0; level < 7; level++) {
      const [a, b, c, d] = begin;
      lines.push(`${a}"id":${id + level}${b}"parent":${level ? id + level - 1 : null}${c}"t0_ns":${ns(us++)}${d}`);
    }
    for (let level = 6; level >= 0; level--) {
      const [a, b, c, d] = end;
      lines.push(`${a}"id":${id + level}${b}"t1_ns":${ns(us++)}${c}"dt_ns":${13 - 2 * level}000${d}`);
    }
  }
  writeFileSync(join(folder, 'handit_events.jsonl'), `${lines.join('\n')}\n`);
  const { code } = await runNode(process.execPath, ['--max-old-space-size=200', cli, 'export', '--to', 'perfetto'], {
    cwd: folder,
  });
  expect(code).toBe(0);
  const target = join(folder, 'handit_perfetto.json');
  const checker = new Checker();
  let slices = 0;
  for (const line of readFileSync(target, 'latin1').split('\n')) {
    if (!line.startsWith('{"ph":"X"')) continue;
    slices++;
    const ts = line.indexOf(',"ts":') + 6;
    const dur = line.indexOf(',"dur":', ts);
    checker.take({ ph: 'X', name: '', tid: 1, ts: Number(line.slice(ts, dur)), dur: parseFloat(line.slice(dur + 7)) });
  }
  expect(slices).toBe(700_000);
  expect(checker.found).toEqual([]);
  if (process.platform !== 'win32') expect(statSync(target).mode & 0o777).toBe(0o600);
});

// Perfetto's own importer is in no registry.
describeInBrowser("speedscope's importer of this format", () => {
  afterAll(closeBrowser);

  test('reads it, and finds every end with its beginning', async () => {
    const { title, said } = await importedBySpeedscope(app.folder, 'handit_perfetto.json', text);
    expect(said).toEqual(['console: Importing as Trace Event Format profile']);
    expect(title).toMatch(/ - speedscope$/);
  });

  test('tells of an event that does not nest', async () => {
    const begun = events.find(({ ph }) => ph === 'X')!;
    const wrong = JSON.stringify({ traceEvents: [...events, { ...begun, ph: 'E', name: 'never begun' }] });
    const { said } = await importedBySpeedscope(app.folder, 'handit_perfetto.json', wrong);
    expect(said.join()).toMatch(/Tried to end frame "never begun /);
  });
});

/** Events out of order, and slices that are not within the one that is open on their thread. */
function problems(all: Event[]): string[] {
  const checker = new Checker();
  for (const event of all) checker.take(event);
  return checker.found;
}

class Checker {
  readonly found: string[] = [];
  readonly #stacks = new Map<number, number[]>();
  #last = 0;

  take({ ph, ts, dur = 0, tid, name }: Pick<Event, 'ph' | 'ts' | 'dur' | 'tid' | 'name'>): void {
    if (ph === 'M') return;
    if (ts < this.#last) this.found.push(`${name} at ${ts} is before ${this.#last}`);
    this.#last = ts;
    if (ph !== 'X') return;
    const stack = this.#stacks.get(tid) ?? [];
    const [begin, end] = [Math.round(ts * 1000), Math.round(ts * 1000) + Math.round(dur * 1000)];
    while (stack.length > 0 && stack[stack.length - 1] <= begin) stack.pop();
    if (stack.length > 0 && end > stack[stack.length - 1]) this.found.push(`${name} at ${ts} ends after what it is in`);
    stack.push(end);
    this.#stacks.set(tid, stack);
  }
}
