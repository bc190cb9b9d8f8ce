import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cleanEnv, installHandit, repository, tempProject } from './helpers/run.js';
import { readTrace } from './helpers/trace.js';

const { load } = createRequire(__filename)('js-yaml') as { load(text: string): unknown };

interface Action {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: { id: string; shell: string; env: Record<string, string>; run: string }[] };
}

const action = load(readFileSync(join(repository, '.github/actions/handit/action.yml'), 'utf8')) as Action;

const startFile = join(repository, '.github/actions/handit/start.cjs');

describe('The GitHub action', () => {
  // As a runner does: inputs for expressions, and files for what the next steps get.
  function runAction(folder: string, inputs: Record<string, string> = {}, env: NodeJS.ProcessEnv = {}) {
    mkdirSync(join(folder, 'runner'), { recursive: true });
    const [step] = action.runs.steps;
    const files = { GITHUB_ENV: join(folder, 'runner/env'), GITHUB_OUTPUT: join(folder, 'runner/output') };
    const values = Object.entries(step.env).map(([name, text]) => [
      name,
      text.replace(
        /\$\{\{ inputs\.([\w-]+) \}\}/g,
        (_, input: string) => inputs[input] ?? action.inputs[input].default,
      ),
    ]);
    const { status, stdout, stderr } = spawnSync(process.execPath, [startFile], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { ...cleanEnv(), ...files, ...Object.fromEntries(values), ...env },
    });
    const pairs = (file: string): Record<string, string> =>
      existsSync(file)
        ? Object.fromEntries(
            readFileSync(file, 'utf8')
              .trim()
              .split('\n')
              .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
          )
        : {};
    return { status, stdout, stderr, env: pairs(files.GITHUB_ENV), output: pairs(files.GITHUB_OUTPUT) };
  }

  test('is a composite one whose steps name their shell', () => {
    expect(action.runs.using).toBe('composite');
    expect(action.runs.steps.map(({ shell, run }) => [shell, run])).toEqual([
      ['bash', 'node "$GITHUB_ACTION_PATH/start.cjs"'],
    ]);
    expect(Object.keys(action.inputs)).toEqual(['output', 'args', 'working-directory']);
    expect(action.outputs.trace.value).toBe('${{ steps.handit.outputs.trace }}');
  });

  test('has the steps after it recorded, whatever the folder is called', () => {
    const folder = join(tempProject({ 'my shop #1/app.js': 'function main() {}\nmain();' }), 'my shop #1');
    installHandit(folder);
    const { status, stdout, stderr, env, output } = runAction(folder, { output: 'traces/%p.jsonl' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(output).toEqual({ trace: join(folder, 'traces/%p.jsonl') });
    execFileSync(process.execPath, ['app.js'], { cwd: folder, env: { ...cleanEnv(), ...env } });
    const [trace] = readdirSync(join(folder, 'traces'));
    expect(readTrace(join(folder, 'traces', trace)).map(({ type }) => type)).toContain('call');
  });

  test('keeps the options that are there, before its own', () => {
    const folder = tempProject({});
    installHandit(folder);
    const { env } = runAction(folder, { args: '--enable-source-maps' }, { NODE_OPTIONS: '--no-deprecation' });
    const register = join(folder, 'node_modules/handit/dist/register.cjs');
    expect(env.NODE_OPTIONS).toBe(`--no-deprecation --enable-source-maps --require ${JSON.stringify(register)}`);
  });

  test('says what to do where handit is not installed', () => {
    const { status, stderr, env } = runAction(tempProject({}));
    expect({ status, stderr, env }).toEqual({
      status: 1,
      stderr: '::error::handit is not installed here: use this action after the step that installs the dependencies\n',
      env: {},
    });
  });
});

describe('The verdict action', () => {
  const verdict = load(readFileSync(join(repository, '.github/actions/verdict/action.yml'), 'utf8')) as Action;
  const files = {
    'package.json': '{"type":"module"}',
    'sum.mjs': 'export function sum(a, b) { return a + b; }\n',
    'sum.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { sum } from './sum.mjs';
test('adds', () => { assert.equal(sum(2, 3), 5); });
`,
  };

  // As a runner does: it restores and saves the folder of the green trace, and shows the summary.
  function tell(folder: string, trace: string, status: string, keep: boolean) {
    const outputs = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary.md') };
    for (const file of Object.values(outputs)) writeFileSync(file, '');
    const given = { GREEN: join(folder, 'green'), KEEP: String(keep), STATUS: status, TRACE: trace };
    const script = join(repository, '.github/actions/verdict/verdict.cjs');
    const run = spawnSync(process.execPath, [script], {
      ...{ cwd: folder, encoding: 'utf8', env: { ...cleanEnv(), ...outputs, ...given } },
    });
    const [output, summary] = Object.values(outputs).map((file) => readFileSync(file, 'utf8'));
    return { code: run.status, stdout: run.stdout, stderr: run.stderr, output, summary };
  }

  test.each([['trace.jsonl'], ['traces/run-%p.jsonl']])('compares a red run with the last green one: %s', (trace) => {
    const folder = tempProject(files);
    installHandit(folder);
    const runTests = () => {
      rmSync(join(folder, 'traces'), { recursive: true, force: true });
      rmSync(join(folder, 'trace.jsonl'), { force: true });
      const args = ['--require', 'handit/register', '--test', '--test-reporter=dot'];
      const env = { ...cleanEnv(), HANDIT_OUTPUT_FILE: join(folder, trace) };
      return spawnSync(process.execPath, args, { cwd: folder, env }).status;
    };
    expect(runTests()).toBe(0);
    expect(tell(folder, trace, 'success', false)).toMatchObject({ code: 0, output: '', summary: '' });
    expect(existsSync(join(folder, 'green'))).toBe(false);
    expect(tell(folder, trace, 'success', true)).toMatchObject({ code: 0, output: 'kept=true\n', summary: '' });
    writeFileSync(join(folder, 'sum.mjs'), files['sum.mjs'].replace('a + b', 'a - b'));
    expect(runTests()).toBe(1);
    const { summary, ...rest } = tell(folder, trace, 'failure', true);
    expect(rest).toMatchObject({ code: 0, stdout: '', output: '' });
    expect(summary).toContain('### 1 cause for 1 failed test');
    expect(summary).toMatch(/sum\s+sum\.mjs:1\b/);
    expect(summary).toContain('same arguments, other result');
    rmSync(join(folder, 'green'), { recursive: true });
    expect(tell(folder, trace, 'failure', true).summary).toContain('it returned what the test got');
  });

  test('says what is missing, and fails no job', () => {
    const folder = tempProject({});
    expect(tell(folder, 'trace.jsonl', 'failure', true)).toMatchObject({
      ...{ code: 0, summary: '', stdout: '::warning::handit has no trace of this job: trace.jsonl\n' },
    });
  });

  test('saves under the name by which it restores', () => {
    const [restore, step, save] = verdict.runs.steps as unknown as { if?: string; with: Record<string, string> }[];
    expect(save.with).toEqual({ path: restore.with.path, key: restore.with.key });
    expect(restore.with.key.startsWith(restore.with['restore-keys'])).toBe(true);
    expect(verdict.runs.steps[1].env.GREEN).toBe(restore.with.path);
    expect(step.if).toBeUndefined();
  });
});

describe('docs/ci.md', () => {
  const text = readFileSync(join(repository, 'docs/ci.md'), 'utf8');
  const examples = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml]) => load(yaml));

  test('has examples that are YAML', () => {
    expect(examples).toHaveLength(4);
    expect(examples.every((example) => typeof example === 'object' && example !== null)).toBe(true);
  });

  test('gives the action only inputs that it has', () => {
    const comment = /# with: (\{.*\})/.exec(text)![1];
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(load(comment) as object)));
  });
});
