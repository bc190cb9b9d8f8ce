import { join } from 'node:path';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { handit } from '../helpers/red-and-green.js';
import { readTrace } from '../helpers/trace.js';

// Node tells of children without their environment, which is read where the system shows it.
const onLinux = process.platform === 'linux' ? test : test.skip;

const app = (env: string): string => `
const { spawn, fork } = require('node:child_process');
function start() {
  const child = spawn(process.execPath, ['server.js', '--port', '0'], { env: ${env}, stdio: 'inherit' });
  setTimeout(() => child.kill(), 300);
}
start();
`;
const server = 'function serve() { setInterval(() => {}, 1000); }\nserve();\n';
const reduced = '{ PATH: process.env.PATH }';

const withoutHandit = (cwd: string): unknown[] =>
  readTrace(join(cwd, 'handit_events.jsonl')).filter(({ type }) => type === 'skipped');

onLinux('a Node process that does not get the environment is named, in the trace and at the end', async () => {
  const cwd = tempProject({ 'app.js': app(reduced), 'server.js': server });
  const { stderr } = await handit(cwd, '--', 'node', 'app.js');
  expect(withoutHandit(cwd)).toEqual([
    expect.objectContaining({
      file: 'server.js',
      reason: expect.stringMatching(/^started without handit.*\(pid \d+\)$/),
    }),
  ]);
  expect(stderr).toContain(
    'handit: 1 Node process was not recorded (server.js): started without NODE_OPTIONS in the environment\n',
  );
  expect((await handit(cwd, 'doctor')).stdout).toContain('not recorded: server.js: started without handit');
});

onLinux.each([
  ['gets the environment', 'process.env'],
  ['is told not to be recorded', `{ PATH: process.env.PATH, HANDIT_ENABLED: '0' }`],
])('nothing is said of one that %s', async (_, env) => {
  const cwd = tempProject({ 'app.js': app(env), 'server.js': server });
  const { stderr } = await handit(cwd, '--', 'node', 'app.js');
  expect(withoutHandit(cwd)).toEqual([]);
  expect(stderr).not.toContain('not recorded');
});

onLinux('nor is a trace begun for the sake of one', async () => {
  const cwd = tempProject({
    'server.js': server,
    'node_modules/starter/index.js': app(reduced),
  });
  const result = await runNode(
    process.execPath,
    ['--require', join(repository, 'dist/register.cjs'), 'node_modules/starter/index.js'],
    { cwd },
  );
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  expect(() => readTrace(join(cwd, 'handit_events.jsonl'))).toThrow('ENOENT');
});
