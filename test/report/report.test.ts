import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackIndex } from '../../src/reader/pack-index.js';
import { handit } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';
import { redShop } from '../helpers/shop.js';

let folder: string;
beforeAll(async () => {
  folder = await redShop();
});

async function report(...args: string[]): Promise<{ page: string; said: string }> {
  const { stdout, stderr, code } = await handit(folder, 'report', ...args);
  if (code !== 0) throw new Error(stderr);
  const target = args.includes('-o') ? args[args.indexOf('-o') + 1] : 'handit_report.html';
  return { page: readFileSync(join(folder, target), 'utf8'), said: stdout };
}

/** The lines of the trace that are in a page. */
function linesIn(page: string): Record<string, unknown>[] {
  const blocks = [...page.matchAll(/data-kind="lines" data-size="(\d+)" data-lines="(\d+)">([\w+/=]+)</g)];
  return blocks.flatMap(([, size, many, base64]) => {
    const bytes = gunzipSync(Buffer.from(base64, 'base64'));
    const lines = bytes.toString().trimEnd().split('\n');
    expect(bytes.length).toBe(Number(size));
    expect(lines.length).toBe(Number(many));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  });
}

/** What the index of a page says: names of functions and tests of its calls. */
function indexIn(page: string): { calls: string[]; tests: string[]; allTests: number } {
  const [, base64] = /data-kind="index" data-size="\d+">([\w+/=]+)</.exec(page)!;
  const { count, columns, tables } = unpackIndex(gunzipSync(Buffer.from(base64, 'base64')));
  const nodes = Array.from({ length: count }, (_, node) => node);
  const tests = nodes.map((node) => tables.scopes[columns.scope[node]].test);
  return {
    calls: nodes.map((node) => tables.functions[columns.func[node]].func),
    tests: [...new Set(tests)].filter((test) => test !== -1).map((test) => tables.tests[test].name),
    allTests: tables.tests.length,
  };
}

function textOf(page: string): string {
  const markup = page.slice(page.indexOf('<main'), page.indexOf('</main>'));
  return markup
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
}

test('the page says without a script which test failed, why, and which function is suspect', async () => {
  const { page, said } = await report('red.jsonl', '--base', 'green.jsonl');
  const text = textOf(page);
  expect(text).toContain('2 of 3 tests failed');
  expect(text).toContain('2 tests, one cause');
  expect(text).toContain('adds up');
  expect(text).toMatch(/expected 29.75 actual 2.98/);
  expect(text).toMatch(/suspect round money.mjs:3/);
  expect(text).toContain('return Math.round(value * 10) / 100;');
  expect(said).toContain('2 of 3 tests failed');
  expect(said).toContain('handit_report.html');
});

test('the page is only for whoever wrote it, also where one was there before', async () => {
  writeFileSync(join(folder, 'open.html'), '', { mode: 0o644 });
  await report('red.jsonl', '-o', 'open.html');
  expect(statSync(join(folder, 'open.html')).mode & 0o777).toBe(0o600);
});

/** What is in a line besides what the index says. */
function valuesOf({ type, ...record }: Record<string, unknown>): Record<string, unknown> {
  const names = ['args_preview', 'this_preview', 'return_preview', 'error'];
  if (!['call', 'return', 'settle', 'exception'].includes(type as string)) return { type, ...record };
  return { type, ...Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name))) };
}

test('it has what failing tests did, and with --all everything', async () => {
  const some = indexIn((await report('red.jsonl')).page);
  const { page } = await report('red.jsonl', '--all');
  const all = indexIn(page);
  expect(some.tests.sort()).toEqual(['cart.test.mjs > adds up', 'cart.test.mjs > rounds nothing away']);
  expect(all.tests).toHaveLength(3);
  const whole = readFileSync(join(folder, 'red.jsonl'), 'utf8').trimEnd().split('\n');
  const lines = whole.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(linesIn(page)).toEqual(lines.map(valuesOf));
  expect(all.calls).toEqual(lines.filter(({ type }) => type === 'call').map(({ func }) => func));
  // Every test is listed.
  expect(some.allTests).toBe(3);
});

test('where no test failed it has everything', async () => {
  const { page, said } = await report('green.jsonl');
  const recorded = readFileSync(join(folder, 'green.jsonl'), 'utf8').match(/^\{"type":"call"/gm);
  expect(indexIn(page).calls).toHaveLength(recorded!.length);
  expect(said).toContain('3 tests, none failed');
});

test('--no-values leaves out every recorded value, also beside source lines and in the comparison', async () => {
  for (const base of [[], ['--base', 'green.jsonl']]) {
    const { page } = await report('red.jsonl', '--all', '--no-values', ...base);
    // All that is packed into the page but the sources, which have what was expected, and not what was got.
    const packed = [...page.matchAll(/data-kind="(\w+)"[^>]*>([\w+/=]+)</g)].filter(([, kind]) => kind !== 'sources');
    const text = packed.map(([, , base64]) => gunzipSync(Buffer.from(base64, 'base64')).toString('latin1')).join('\n');
    expect(packed.map(([, kind]) => kind)).toEqual(['report', 'lines', 'index']);
    const recorded = text.replace(/"text":"(?:[^"\\]|\\.)*"/g, '');
    for (const value of ['2.98', '29.75', '"de"', 'no rate for']) expect(recorded).not.toContain(value);
    expect(textOf(page)).not.toContain('2.98');
    expect(indexIn(page).calls).toContain('rateOf');
  }
});

test('--no-bodies leaves out the bodies of messages, and keeps the rest', async () => {
  const proc = '5f0c9a1e';
  const body = { content_type: 'text/plain', size: 6, truncated: false, text: 'wormwood' };
  const lines = [
    {
      type: 'process_start',
      proc,
      ts_ns: 1,
      schema: 1,
      handit: '0',
      node: 'v24',
      pid: 1,
      ppid: 0,
      tid: 0,
      argv: [],
      cwd: '/',
    },
    {
      type: 'http_request',
      proc,
      id: 1,
      parent: null,
      side: 'client',
      client: 'fetch',
      method: 'POST',
      url: 'http://a.test/x',
      headers: { kept: 'anise' },
      t0_ns: 2,
    },
    {
      type: 'http_response',
      proc,
      id: 1,
      t1_ns: 3,
      dt_ns: 1,
      status: 200,
      headers: {},
      request_body: body,
      response_body: body,
    },
  ];
  const place = tempProject({ 't.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') });
  const packedIn = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await handit(place, 'report', 't.jsonl', ...args);
    if (code !== 0) throw new Error(stderr);
    return JSON.stringify(linesIn(readFileSync(join(place, 'handit_report.html'), 'utf8')));
  };
  expect(await packedIn()).toContain('wormwood');
  const without = await packedIn('--no-bodies');
  expect(without).not.toContain('wormwood');
  expect(without).toContain('anise');
  expect(without).toContain('"size":6');
});

test('what a trace says is text, whatever it says', async () => {
  const hostile = `</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\u202eevil\u0000`;
  const proc = '5f0c9a1e';
  const start = {
    type: 'process_start',
    proc,
    ts_ns: 1,
    schema: 1,
    handit: '0',
    node: hostile,
    pid: 1,
    ppid: 0,
    tid: 0,
  };
  const call = {
    type: 'call',
    proc,
    id: 1,
    parent: null,
    func: hostile,
    file: hostile,
    line: 1,
    column: 1,
    test: hostile,
  };
  const lines = [
    { ...start, argv: ['node', hostile], cwd: '/', platform: hostile },
    { ...call, kind: 'function', t0_ns: 2, args_preview: { [hostile]: hostile } },
    { type: 'exception', proc, id: 1, func: hostile, t1_ns: 3, dt_ns: 1, error: { name: hostile, message: hostile } },
    {
      ...{
        type: 'test_end',
        proc,
        test: hostile,
        file: hostile,
        titles: [hostile],
        outcome: 'failed',
        t1_ns: 4,
        dt_ns: 2,
      },
      error: { name: hostile, message: hostile, expected: hostile, actual: hostile },
    },
  ];
  const place = tempProject({ 'hostile.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') });
  const { code } = await handit(place, 'report', 'hostile.jsonl');
  expect(code).toBe(0);
  const page = readFileSync(join(place, 'handit_report.html'), 'utf8');
  expect(page).not.toContain('alert(1)</script>');
  expect(page).not.toContain('<img');
  expect(page).not.toContain('\u202e');
  expect(textOf(page)).toContain(
    '</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\\u202eevil\\u0000',
  );
});

test('a file that cannot be written is one line and exit code 2', async () => {
  const { code, stderr } = await handit(folder, 'report', 'red.jsonl', '-o', 'no/such/folder.html');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^handit: cannot write no\/such\/folder.html: .*\n$/);
  expect(existsSync(join(folder, 'no'))).toBe(false);
});
