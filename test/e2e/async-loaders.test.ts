import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { cleanEnv, repository, runNode, tempProject } from '../helpers/run.js';

const project = programs({
  'main.mjs': `import { price } from './price.cjs';\nfunction main() { return price('tea'); }\nconsole.log(main());`,
  'price.cjs': `const { length } = require('./length.cjs');\nexports.price = function price(name) { return length(name); };`,
  'length.cjs': `exports.length = (name) => name.length;`,
  'node_modules/loader/hooks.mjs': `export const load = (url, context, next) => next(url, context);`,
  'node_modules/loader/register.mjs': `import { register } from 'node:module';\nregister('./hooks.mjs', import.meta.url);`,
});
const address = (file: string): string => pathToFileURL(join(project.folder, 'node_modules/loader', file)).href;

// As ts-node, Yarn's Plug'n'Play and many more have them. On Node 22 a program with both could not be started.
describe.each(nodes())('With asynchronous module hooks of the program on Node $version', ({ path }) => {
  test.each([
    ['--import', ['--experimental-loader', address('hooks.mjs')]],
    ['--require', ['--experimental-loader', address('hooks.mjs')]],
    ['--import', ['--import', address('register.mjs')]],
    ['--require', ['--import', address('register.mjs')]],
  ] as const)('%s handit/register and %j record all modules', async (flag, options) => {
    const env = { NODE_NO_WARNINGS: '1' };
    const { stdout, stderr, code, records } = await project.traced(path, [...options, 'main.mjs'], { flag, env });
    expect({ stdout, stderr, code }).toEqual({ stdout: '3\n', stderr: '', code: 0 });
    const calls = records.filter((record) => record.type === 'call');
    expect(calls.map(({ func, file }) => `${func} ${file}`)).toEqual([
      ...['main main.mjs', 'price price.cjs', 'length length.cjs'],
    ]);
    expect(records.filter(({ type }) => type === 'process_start')).toHaveLength(1);
  });
});

describe.each(nodes())('A reader that has gone ends no program on Node $version', ({ path }) => {
  const preloads: [string, string[]][] = [
    ['--import', ['--import', pathToFileURL(join(repository, 'register.mjs')).href]],
    ['--require', ['--require', join(repository, 'dist/register.cjs')]],
  ];
  const files = {
    'one.cjs': `function f() { return 1 } f(); setTimeout(() => { console.log('to nobody'); process.exitCode = f() + 4 }, 100);`,
    'one.mjs': `export function f() { return 1 } f(); setTimeout(() => { console.log('to nobody'); process.exitCode = f() + 4 }, 100);`,
  };

  test.each(preloads)('%s', async (_, preload) => {
    const cwd = tempProject(files);
    for (const file of Object.keys(files)) {
      const codes: (number | null)[] = [];
      for (const args of [[], preload]) {
        const child = spawn(path, [...args, file], { cwd, env: cleanEnv(), stdio: ['ignore', 'pipe', 'inherit'] });
        child.stdout.destroy();
        codes.push(((await once(child, 'exit')) as [number | null])[0]);
      }
      expect({ file, codes }).toEqual({ file, codes: [5, 5] });
    }
  });
});

// The thread of the hooks is piped into the streams of the program, which are opened for that.
test.each(nodes().filter(({ version }) => !isFrom(version, '22')))(
  'Without ES modules there is no thread for them on Node $version',
  async ({ path }) => {
    const resources = `function f() { return process.getActiveResourcesInfo() } require('fs').writeSync(1, f().join());`;
    const { folder } = programs({ 'one.cjs': resources });
    // Nothing is in a cache: the parser is loaded as well.
    const env = { ...cleanEnv(), HANDIT_CACHE_DIR: 'off' };
    const run = (args: string[]) => runNode(path, [...args, 'one.cjs'], { cwd: folder, env });
    const alone = await run([]);
    expect(await run(['--require', join(repository, 'dist/register.cjs')])).toEqual(alone);
  },
);
