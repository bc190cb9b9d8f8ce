import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { programs, type Programs, type ProgramOptions } from '../helpers/programs.js';

const lines = nodes();

/** A monorepo in which `packages/app` uses `packages/lib` by a link, and `linked`, which lies beside the monorepo. */
function monorepo(rootFiles: Record<string, string>): Programs {
  const project = programs({
    ...Object.fromEntries(Object.entries(rootFiles).map(([path, text]) => [`repo/${path}`, text])),
    'repo/packages/app/package.json': '{"name":"app"}',
    'repo/packages/app/main.cjs': `
      const { total } = require('@me/lib');
      function main() { return total([1, 2]) + require('linked').linked(); }
      console.log(main());`,
    'repo/packages/app/main.mjs': `import { price } from '@me/lib/price.mjs';\nconsole.log(price());`,
    'repo/packages/lib/package.json':
      '{"name":"@me/lib","main":"src/total.cjs","exports":{".":"./src/total.cjs","./price.mjs":"./src/price.mjs"}}',
    'repo/packages/lib/src/total.cjs': `exports.total = (list) => require('dep').sum(list);`,
    'repo/packages/lib/src/price.mjs': `export function price() { return 4; }`,
    'repo/packages/lib/node_modules/dep/index.js': `exports.sum = (list) => list.reduce((a, b) => a + b);`,
    'linked/index.js': `exports.linked = () => 1;`,
  });
  const link = (from: string, to: string): void => {
    mkdirSync(dirname(join(project.folder, from)), { recursive: true });
    symlinkSync(to, join(project.folder, from));
  };
  link('repo/packages/app/node_modules/@me/lib', '../../../lib');
  link('repo/packages/app/node_modules/linked', '../../../../linked');
  return project;
}

const called = (records: TraceRecord[]): string[] =>
  records.filter((record) => record.type === 'call').map(({ file, func }) => `${file}::${func}`);

describe('In a monorepo', () => {
  const project = monorepo({ 'package.json': '{"workspaces":["packages/*"]}' });
  const app = join(project.folder, 'repo/packages/app');
  const run = async (main: string, { path = lines[0].path, ...options }: ProgramOptions & { path?: string } = {}) => {
    const result = await project.traced(path, [main], { cwd: app, flag: '--require', ...options });
    expect({ stdout: result.stdout, code: result.code }).toEqual({ stdout: '4\n', code: 0 });
    return result;
  };

  test.each(lines)('the other workspaces are recorded, by paths from cwd, on Node $version', async ({ path }) => {
    const { records, stderr } = await run('main.cjs', { path });
    expect(stderr).toBe('');
    expect(called(records)).toEqual(['main.cjs::main', '../lib/src/total.cjs::total']);
    expect(called((await run('main.mjs', { path })).records)).toEqual(['../lib/src/price.mjs::price']);
  });

  test.each(lines)('they are with --preserve-symlinks, too, on Node $version', async ({ path }) => {
    const env = { NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main' };
    expect(called((await run('main.cjs', { path, env })).records)).toContain('../lib/src/total.cjs::total');
    expect(called((await run('main.mjs', { path, env })).records)).toEqual(['../lib/src/price.mjs::price']);
  });

  test('they are not where HANDIT_CAPTURE_ONLY_CWD says so', async () => {
    const { records } = await run('main.cjs', { env: { HANDIT_CAPTURE_ONLY_CWD: 'true' } });
    expect(called(records)).toEqual(['main.cjs::main']);
  });

  test('they are chosen by their paths from cwd', async () => {
    const { records } = await run('main.cjs', { env: { HANDIT_INCLUDE: '^\\.\\./lib/' } });
    expect(called(records)).toEqual(['../lib/src/total.cjs::total']);
  });

  test('a dependency that is linked from elsewhere is not recorded, and HANDIT_DEBUG says so', async () => {
    const { records, stderr } = await run('main.cjs', { env: { HANDIT_DEBUG: '1' } });
    expect(called(records).filter((call) => call.includes('linked'))).toEqual([]);
    const file = join(project.folder, 'linked/index.js');
    expect(stderr.split('\n').filter((line) => line.includes(file))).toEqual([
      `handit: left ${file} as it is: outside of the working directory and its workspace`,
    ]);
  });
});

test('Where nothing says that folders belong together, only cwd is recorded', async () => {
  const project = monorepo({ 'package.json': '{}' });
  const { records, stdout } = await project.traced(lines[0].path, ['main.cjs'], {
    cwd: join(project.folder, 'repo/packages/app'),
  });
  expect(stdout).toBe('4\n');
  expect(called(records)).toEqual(['main.cjs::main']);
});
