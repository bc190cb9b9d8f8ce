import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { closeBrowser, describeInBrowser } from '../helpers/browser.js';
import { exported, recordApp, type Recorded } from '../helpers/exported.js';
import { call, processStart, returned } from '../helpers/records.js';
import { tempProject } from '../helpers/run.js';
import { importedBySpeedscope, release } from '../helpers/speedscope.js';

interface Profile {
  name: string;
  startValue: number;
  endValue: number;
  events: { type: 'O' | 'C'; frame: number; at: number }[];
}
interface File {
  shared: { frames: { name: string; file?: string; line?: number }[] };
  profiles: Profile[];
}

let app: Recorded;
let file: File;

beforeAll(async () => {
  app = await recordApp();
  file = JSON.parse(await exported(app.folder, '--to', 'speedscope')) as File;
});

test('it is as the schema says, and frames open and close in pairs, in the order of time', () => {
  const schema = JSON.parse(readFileSync(join(release, 'file-format-schema.json'), 'utf8')) as object;
  const validate = new Ajv({ strict: false }).compile(schema);
  expect(validate(file) ? [] : validate.errors).toEqual([]);
  expect(validate({ ...file, profiles: [{}] })).toBe(false);
  for (const { events, startValue, endValue } of file.profiles) {
    const stack: number[] = [];
    let last = startValue;
    for (const { type, frame, at } of events) {
      expect(at).toBeGreaterThanOrEqual(last);
      last = at;
      if (type === 'O') stack.push(frame);
      else expect(stack.pop()).toBe(frame);
    }
    expect(stack).toEqual([]);
    expect(last).toBe(endValue);
  }
});

test('each test and each root outside of one is a profile; each call is opened once', () => {
  const roots = [...app.calls, ...app.requests].filter((one) => one.parent === null && one.test === undefined);
  const names = file.profiles.map(({ name }) => name.replace(/ http:.*/, ''));
  const expected = [
    ...roots
      .filter((one) => !('side' in one && one.side === 'server'))
      .map((one) => ('func' in one ? one.func : one.method)),
    ...app.tests.map(({ test }) => test),
  ];
  expect(names.sort()).toEqual(expected.sort());
  const opened = file.profiles.flatMap(({ events }) => events.filter(({ type }) => type === 'O'));
  expect(opened).toHaveLength(app.calls.length + app.requests.length);
  const leafs = opened.filter(({ frame }) => file.shared.frames[frame].name === 'leaf');
  expect(leafs).toHaveLength(app.calls.filter(({ func }) => func === 'leaf').length);
});

test('the outermost frame takes as long as its call', () => {
  const main = file.profiles.find(({ name }) => name === 'main')!;
  const { proc, id } = app.calls.find(({ func }) => func === 'main')!;
  const { at } = main.events.findLast(({ frame }) => file.shared.frames[frame].name === 'main')!;
  const dt = app.ends.get(`${proc}:${id}`)!.dt_ns!;
  expect(at).toBeGreaterThanOrEqual(dt);
  expect(at).toBeLessThan(dt * 1.5 + 5e6);
});

test('calls that overlap are cut, and what comes after the end of its caller is beside it', async () => {
  const records = [
    processStart(),
    ...[call(1, null, 0), call(2, 1, 1, { async: true }), call(3, 1, 2, { async: true })],
    ...[returned(2, 5, { dt_ns: 4000 }), returned(3, 7, { dt_ns: 5000 }), returned(1, 8, { dt_ns: 8000 })],
    ...[call(4, 1, 20), returned(4, 23, { dt_ns: 3000 })],
  ];
  const folder = tempProject({ 'handit_events.jsonl': records.map((one) => `${JSON.stringify(one)}\n`).join('') });
  const written = JSON.parse(await exported(folder, '--to', 'speedscope')) as File;
  const text = written.profiles[0].events.map(
    ({ type, frame, at }) => `${type} ${written.shared.frames[frame].name} ${at}`,
  );
  expect(text).toEqual([
    ...['O f1 0', 'O f2 1000', 'C f2 5000', 'O f3 5000', 'C f3 7000', 'C f1 8000'],
    ...['O f4 20000', 'C f4 23000'],
  ]);
});

describeInBrowser("speedscope's own importer", () => {
  afterAll(closeBrowser);

  test('reads it', async () => {
    const { title, said } = await importedBySpeedscope(app.folder, 'handit_speedscope.json', JSON.stringify(file));
    expect(said).toEqual(['console: Importing as speedscope json file']);
    expect(title).toBe('node app.mjs - speedscope');
  });
});
