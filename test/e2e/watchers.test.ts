import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installHandit, cleanEnv, tempProject } from '../helpers/run.js';
import { nodes } from '../helpers/node-versions.js';
import { readTrace } from '../helpers/trace.js';
import { outputWhileWatched, restartsOnTrace } from '../../src/process/watcher.js';

// Long enough for a restart to be seen, where each start causes the next.
const SETTLED = 2500;

const onLinux = process.platform === 'linux' ? test.each(nodes()) : test.skip.each(nodes());

onLinux('a program under --watch-path=. is not restarted by its own trace, on Node $version', async ({ path }) => {
  const folder = tempProject({ 'app.js': `function f() {}\nf();\nconsole.log('start');\n` });
  const cache = tempProject({});
  installHandit(folder);
  const env = {
    ...{ ...cleanEnv(), XDG_CACHE_HOME: cache, NODE_OPTIONS: '--require handit/register' },
    // What is rewritten is kept below the folder, too: that is over after the first start.
    HANDIT_CACHE_DIR: 'off',
  };
  const child = spawn(path, ['--watch-path=.', 'app.js'], { cwd: folder, env });
  let printed = '';
  let quiet: NodeJS.Timeout | undefined;
  await new Promise<void>((done) => {
    // Far more starts than there are without a cure.
    child.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
      clearTimeout(quiet);
      if (printed.split('start\n').length > 6) done();
      else if (printed.includes('start\n')) quiet = setTimeout(done, SETTLED);
    });
    child.on('exit', () => done());
  });
  child.kill('SIGKILL');
  expect(printed.match(/^start$/gm)).toHaveLength(1);
  expect(existsSync(join(folder, 'handit_events.jsonl'))).toBe(false);
  const records = readTrace(outputWhileWatched(folder, env));
  expect(records).toContainEqual(expect.objectContaining({ type: 'call', func: 'f' }));
});

test('a program that nobody watches writes where it is', () => {
  expect(restartsOnTrace({}, process.ppid)).toBe(false);
});
