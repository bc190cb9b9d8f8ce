import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { quoteForNodeOptions } from '../../src/cli/run.js';
import { callNames } from '../helpers/call-text.js';
import { nodes } from '../helpers/node-versions.js';
import { cleanEnv, installHandit, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const app = `
function greet(name) { return 'hello ' + name; }
console.log(greet(process.argv[2]), process.execArgv.length);
process.exitCode = 3;
`;

/** A project whose path Node's options could misread. */
function project(files: Record<string, string>): { folder: string; cli: string } {
  const outer = tempProject({ 'a "quoted" folder/app.js': app });
  const folder = join(outer, 'a "quoted" folder');
  installHandit(folder);
  const more = tempProject(files);
  return {
    folder: Object.keys(files).length > 0 ? more : folder,
    cli: join(folder, 'node_modules/handit/dist/cli.cjs'),
  };
}

describe.each(nodes())('on Node $version', ({ path }) => {
  test('handit app.js runs it under the agent, with its arguments and exit code', async () => {
    const { folder, cli } = project({});
    const { stdout, stderr, code } = await runNode(path, [cli, 'app.js', 'ada', '--flag'], { cwd: folder });
    expect({ stdout, code }).toEqual({ stdout: 'hello ada 2\n', code: 3 });
    expect(stderr).toMatch(
      /^handit: 1 kB from 1 process in handit_events\.jsonl; see it with: handit print, or in the browser: handit open\n$/,
    );
    const file = join(folder, 'handit_events.jsonl');
    validateTrace(file);
    expect(callNames(readTrace(file))).toBe('greet');
  });

  test('handit -- command reaches every Node process below, also from other folders', async () => {
    const { folder, cli } = project({
      'parent.js': `
function parent() { require('child_process').execFileSync(process.execPath, ['child.js'], { cwd: __dirname + '/inner', stdio: 'inherit' }); }
parent();`,
      'inner/child.js': 'function child() { return 1; }\nconsole.log(child());',
    });
    const { stdout, stderr, code } = await runNode(path, [cli, '--', path, 'parent.js'], { cwd: folder });
    expect({ stdout, code }).toEqual({ stdout: '1\n', code: 0 });
    expect(stderr).toMatch(/^handit: \d kB from 2 processes in handit_events\.jsonl/);
    const file = join(folder, 'handit_events.jsonl');
    validateTrace(file);
    const calls = readTrace(file).flatMap((record) => (record.type === 'call' ? [record.func] : []));
    expect(calls.sort()).toEqual(['child', 'parent']);
  });
});

const node = process.execPath;

test('it keeps the NODE_OPTIONS that are there', async () => {
  const { folder, cli } = project({
    'app.js': 'console.log(process.env.NODE_OPTIONS.startsWith("--no-warnings --require "))',
  });
  const { stdout } = await runNode(node, [cli, '--', node, 'app.js'], {
    cwd: folder,
    env: { NODE_OPTIONS: '--no-warnings' },
  });
  expect(stdout).toBe('true\n');
});

test('it says what was capped, and how to lift that', async () => {
  const { folder, cli } = project({ 'app.js': 'function f() {}\nfor (let i = 0; i < 10; i++) f();' });
  const { stderr } = await runNode(node, [cli, 'app.js'], { cwd: folder, env: { HANDIT_MAX_CALLS: '4' } });
  expect(stderr).toMatch(/^handit: 6 calls are counted only \(max_calls\); HANDIT_MAX_CALLS=0 lifts that limit$/m);
});

test('it says so when nothing was recorded', async () => {
  const { folder, cli } = project({ 'app.js': '' });
  const { stderr, code } = await runNode(node, [cli, '--', node, '--version'], { cwd: folder });
  expect({ stderr, code }).toEqual({ stderr: 'handit: nothing was recorded; "handit doctor" says why\n', code: 0 });
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s reaches the program once, and ends both the same way',
  async (signal) => {
    const { folder, cli } = project({
      'app.js': `
let got = 0;
process.on('${signal}', () => { got++; setImmediate(() => { console.log('got ' + got); process.exit(7); }); });
setInterval(() => {}, 1000);
console.log('ready');`,
      'plain.js': `setInterval(() => {}, 1000);\nconsole.log('ready');`,
    });
    const ending = async (file: string): Promise<unknown> => {
      const child = spawn(node, [cli, file], { cwd: folder, env: cleanEnv() });
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
        if (text === 'ready\n') child.kill(signal);
      });
      const [code, by] = (await once(child, 'close')) as [number | null, string | null];
      return { text, code, by };
    };
    expect(await ending('app.js')).toEqual({ text: 'ready\ngot 1\n', code: 7, by: null });
    expect(await ending('plain.js')).toEqual({ text: 'ready\n', code: null, by: signal });
  },
);

test.each([
  ['/a/b.cjs', '"/a/b.cjs"'],
  ['C:\\Users\\Ada L\\register.cjs', '"C:\\\\Users\\\\Ada L\\\\register.cjs"'],
  ['/a "b"/c', '"/a \\"b\\"/c"'],
])('quoteForNodeOptions(%s) is %s', (path, quoted) => expect(quoteForNodeOptions(path)).toBe(quoted));
