import { cpSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { failuresIn } from '../helpers/failures.js';
import { change, handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

// The suites of express (by mocha) and hono (by vitest), which their packages do not have: of checkouts that are installed,
// in the folder that HANDIT_TEST_CHECKOUTS names. One function of each is broken.

interface Checkout {
  name: string;
  folders: string[];
  file: string;
  from: string;
  to: string;
  /** Files that are put there, beside the package's own. */
  files: Record<string, string>;
  command: string[];
  /** The titles of the tests that failed, of the runner's own report. */
  failed: (report: any) => string[];
}

const checkouts: Checkout[] = [
  {
    name: 'express',
    folders: ['lib', 'test', 'index.js', 'package.json'],
    file: 'lib/response.js',
    from: 'return `<${links[rel]}>; rel="${rel}"`;',
    to: 'return `<${links[rel]}>; rel=${rel}`;',
    files: {},
    command: [
      ...['node_modules/mocha/bin/mocha.js', '--require', 'test/support/env'],
      ...['--reporter', 'json', '--reporter-option', 'output=report.json'],
      ...['res.links', 'res.vary', 'res.type', 'req.query', 'app.param'].map((name) => `test/${name}.js`),
    ],
    failed: ({ failures }) => failures.map(({ title }: { title: string }) => title),
  },
  {
    name: 'hono',
    folders: ['src', 'package.json'],
    file: 'src/utils/html.ts',
    from: "escape = '&quot;'",
    to: "escape = '&#34;'",
    files: { 'vitest.config.mjs': 'export default { test: { globals: true } };\n' },
    command: [
      ...['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--outputFile=report.json'],
      ...['filepath', 'mime', 'encode', 'html'].map((name) => `src/utils/${name}.test.ts`),
    ],
    failed: ({ testResults }) =>
      testResults
        .flatMap(({ assertionResults }: any) => assertionResults)
        .filter(({ status }: any) => status === 'failed')
        .map(({ title }: any) => title),
  },
];

const { HANDIT_TEST_CHECKOUTS = '' } = process.env;
const register = join(repository, 'dist/register.cjs');
const isHere = ({ name }: Checkout): boolean =>
  HANDIT_TEST_CHECKOUTS !== '' && existsSync(join(HANDIT_TEST_CHECKOUTS, name, 'node_modules'));

function copyOf({ name, folders, files, file, from, to }: Checkout): string {
  const original = join(HANDIT_TEST_CHECKOUTS, name);
  const folder = tempProject(files);
  for (const each of folders) cpSync(join(original, each), join(folder, each), { recursive: true });
  symlinkSync(join(original, 'node_modules'), join(folder, 'node_modules'), 'junction');
  change(folder, file, from, to);
  return folder;
}

/** Runs the tests; the titles of those that failed, as the runner says. */
async function run(folder: string, { command, failed }: Checkout, trace: string, env: Record<string, string>) {
  await runNode(process.execPath, command, {
    ...{ cwd: folder, timeout: 150_000 },
    env: { NODE_OPTIONS: `--require ${register}`, HANDIT_OUTPUT_FILE: trace, NODE_ENV: 'test', ...env },
  });
  validateTrace(join(folder, trace));
  return failed(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).sort();
}

for (const checkout of checkouts.filter((each) => !isHere(each))) {
  test.skip(`the suite of ${checkout.name} (not tested here: HANDIT_TEST_CHECKOUTS names no folder with it)`, () =>
    undefined);
}

const here = checkouts.filter(isHere);
(here.length > 0 ? describe.each(here) : describe.skip.each(checkouts))(
  'the suite of $name with one function broken',
  (checkout) => {
    let folder: string;
    let red: string[];

    beforeAll(async () => {
      folder = copyOf(checkout);
      red = await run(folder, checkout, 'all.jsonl', { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' });
      expect(red.length).toBeGreaterThan(0);
    }, 200_000);

    test('print --failed shows the tests that failed, and nothing else', async () => {
      const { stdout, code } = await handit(folder, 'print', '--failed', '--run', 'all', 'all.jsonl');
      const shown = [...stdout.matchAll(/^test (?:.* > )?(.*?) (failed|passed|skipped|todo)/gm)];
      expect(shown.map(([, name]) => name).sort()).toEqual(red);
      expect(new Set(shown.map(([, , outcome]) => outcome))).toEqual(new Set(['failed']));
      // Below the process and the tests there is only what is in one of these.
      expect(stdout.match(/^(?!process |test | {2}|$).*/gm)).toBeNull();
      expect(code).toBe(1);
    });

    test('with HANDIT_KEEP=failed everything of these tests is there, and little else', async () => {
      expect(await run(folder, checkout, 'failed.jsonl', { HANDIT_KEEP: 'failed' })).toEqual(red);
      const [all, kept] = ['all.jsonl', 'failed.jsonl'].map((name) => readTrace(join(folder, name)));
      const whole = failuresIn(all);
      expect(whole.size).toBe(red.length);
      expect(failuresIn(kept)).toEqual(whole);
      const inTests = (records: TraceRecord[]) => records.filter((record) => record.type === 'call' && record.test);
      expect(inTests(kept).length).toBeLessThan(inTests(all).length);
      expect(statSync(join(folder, 'failed.jsonl')).size).toBeLessThan(5e6);
    }, 200_000);
  },
);
