import { cpSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { failuresIn } from '../helpers/failures.js';
import { change, handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

// Packages that ship their tests (by node:test), with one of their functions broken.

interface Library {
  name: string;
  file: string;
  from: string;
  to: string;
  /** Files of tests: some that meet the function, and some that do not. */
  tests: string[];
}

const libraries: Library[] = [
  {
    name: 'find-my-way',
    file: 'index.js',
    from: 'this.useSemicolonDelimiter = opts.useSemicolonDelimiter || false',
    to: 'this.useSemicolonDelimiter = false',
    tests: ['querystring', 'issue-132', 'optional-params', 'methods'],
  },
  {
    name: 'fast-json-stringify',
    file: 'lib/serializer.js',
    from: "if (year >= 100) return '0' + year",
    to: "if (year >= 100) return '' + year",
    tests: ['date', 'required', 'basic', 'nullable'],
  },
  {
    name: 'avvio',
    file: 'lib/get-plugin-name.js',
    from: 'return options.name',
    to: 'return `${options.name}!`',
    tests: ['plugin-name', 'basic', 'override', 'to-json'],
  },
];

const register = join(repository, 'dist/register.cjs');

function copyOf({ name, file, from, to }: Library): string {
  const folder = tempProject({});
  cpSync(join(repository, 'node_modules', name), folder, { recursive: true, dereference: true });
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'), 'junction');
  change(folder, file, from, to);
  return folder;
}

/** Runs the tests; the names of those that failed, as the runner says. */
async function run(folder: string, { tests }: Library, trace: string, env: Record<string, string>): Promise<string[]> {
  const files = tests.map((name) => `test/${name}.test.js`);
  const { stdout } = await runNode(process.execPath, ['--test', '--test-reporter=tap', ...files], {
    ...{ cwd: folder, timeout: 150_000 },
    env: { NODE_OPTIONS: `--require ${register}`, HANDIT_OUTPUT_FILE: trace, ...env },
  });
  validateTrace(join(folder, trace));
  return [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name).sort();
}

describe.each(libraries)('the suite of $name with one function broken', (library) => {
  let folder: string;
  let red: string[];

  beforeAll(async () => {
    folder = copyOf(library);
    red = await run(folder, library, 'all.jsonl', { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' });
  }, 200_000);

  test('print --failed shows the tests that failed, and nothing else', async () => {
    const { stdout, code } = await handit(folder, 'print', '--failed', '--run', 'all', 'all.jsonl');
    const shown = [...stdout.matchAll(/^test (?:.* > )?(.*?) (failed|passed|skipped|todo)/gm)];
    expect(red.length).toBeGreaterThan(0);
    expect(shown.map(([, name]) => name).sort()).toEqual(red);
    expect(new Set(shown.map(([, , outcome]) => outcome))).toEqual(new Set(['failed']));
    // Below the process and the tests there is only what is in one of these.
    expect(stdout.match(/^(?!process |test | {2}|$).*/gm)).toBeNull();
    expect(code).toBe(1);
  });

  test('with HANDIT_KEEP=failed everything of these tests is there, and little else', async () => {
    const env = { HANDIT_KEEP: 'failed' };
    expect(await run(folder, library, 'failed.jsonl', env)).toEqual(red);
    const [all, kept] = ['all.jsonl', 'failed.jsonl'].map((name) => readTrace(join(folder, name)));
    const whole = failuresIn(all);
    expect(whole.size).toBe(red.length);
    expect(Math.max(...[...whole.values()].map(({ length }) => length))).toBeGreaterThan(2);
    expect(failuresIn(kept)).toEqual(whole);
    const inTests = (records: TraceRecord[]) => records.filter((record) => record.type === 'call' && record.test);
    expect(inTests(kept).length).toBeLessThan(inTests(all).length);
    expect(statSync(join(folder, 'failed.jsonl')).size).toBeLessThan(5e6);
  }, 200_000);
});
