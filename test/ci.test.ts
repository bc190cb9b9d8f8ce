import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
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
