import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

test('it has what failing tests did, and with --all everything', async () => {
  const some = linesIn((await report('red.jsonl')).page);
  const all = linesIn((await report('red.jsonl', '--all')).page);
  const testsOf = (lines: Record<string, unknown>[]): unknown[] =>
    [...new Set(lines.filter(({ type }) => type === 'call').map(({ test }) => test))].sort();
  expect(testsOf(some)).toEqual(['cart.test.mjs > adds up', 'cart.test.mjs > rounds nothing away']);
  expect(testsOf(all)).toHaveLength(3);
  const whole = readFileSync(join(folder, 'red.jsonl'), 'utf8').trimEnd().split('\n');
  expect(all).toEqual(whole.map((line) => JSON.parse(line) as unknown));
  // Every test is listed.
  expect(some.filter(({ type }) => type === 'test_end')).toHaveLength(3);
});

test('where no test failed it has everything', async () => {
  const { page, said } = await report('green.jsonl');
  const calls = linesIn(page).filter(({ type }) => type === 'call');
  const recorded = readFileSync(join(folder, 'green.jsonl'), 'utf8').match(/^\{"type":"call"/gm);
  expect(calls).toHaveLength(recorded!.length);
  expect(said).toContain('3 tests, none failed');
});

test('--no-values leaves out every recorded value', async () => {
  const { page } = await report('red.jsonl', '--all', '--no-values');
  const lines = JSON.stringify(linesIn(page));
  for (const value of ['2.98', '29.75', '"de"', 'no rate for']) expect(lines).not.toContain(value);
  // The source has what was expected, and not what was got.
  expect(textOf(page)).not.toContain('2.98');
  expect(lines).toContain('rateOf');
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
