import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isPackageManager } from '../../src/process/package-manager.js';
import { tempProject } from '../helpers/run.js';

function is(program: string | undefined, cwd = '/srv/shop', env: NodeJS.ProcessEnv = {}): boolean {
  return isPackageManager({ program, cwd: () => cwd, env });
}

describe('isPackageManager() knows', () => {
  test.each([
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npx-cli.js',
    '/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js',
    '/usr/lib/node_modules/corepack/dist/pnpm.js',
    '/root/.cache/node/corepack/v1/yarn/4.5.0/yarn.js',
    '/root/.cache/node/corepack/v1/pnpm/10.34.9/bin/pnpm.cjs',
    '/srv/shop/.yarn/releases/yarn-4.18.1.cjs',
    '/srv/shop/.yarn/cache/pnpm-npm-10.0.0-1c1c.zip/node_modules/pnpm/bin/pnpm.cjs',
    '/srv/shop/node_modules/.pnpm/pnpm@10.0.0/node_modules/pnpm/bin/pnpm.cjs',
    '/srv/shop/node_modules/@yarnpkg/cli-dist/bin/yarn.js',
    '/srv/shop/node_modules/husky/bin.js',
    'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js',
  ])('%s', (program) => {
    expect(is(program)).toBe(true);
  });

  test('them by links, and where they were unpacked under another name', () => {
    const folder = tempProject({
      'opt/yarn-v1.22.22/package.json': '{"name":"yarn"}',
      'opt/yarn-v1.22.22/bin/yarn.js': '',
      'node_modules/npm/bin/npm-cli.js': '',
    });
    symlinkSync(join(folder, 'node_modules/npm/bin/npm-cli.js'), join(folder, 'npm'));
    expect(is(join(folder, 'npm'))).toBe(true);
    expect(is(join(folder, 'opt/yarn-v1.22.22/bin/yarn.js'))).toBe(true);
  });

  test('the install scripts of dependencies, and not those of the program', () => {
    const env = { npm_lifecycle_event: 'postinstall' };
    expect(is('/srv/shop/node_modules/dep/install.js', '/srv/shop/node_modules/dep', env)).toBe(true);
    expect(is(undefined, '/srv/shop/node_modules/dep', env)).toBe(true);
    expect(is('/srv/shop/install.js', '/srv/shop', env)).toBe(false);
  });
});

describe('isPackageManager() does not take for one', () => {
  test.each([
    '/srv/shop/app.js',
    '/srv/shop/npm/app.js',
    '/srv/npm-cli/app.js',
    '/srv/shop/node_modules/jest/bin/jest.js',
    '/srv/shop/node_modules/.pnpm/jest@30.0.0/node_modules/jest/bin/jest.js',
    '/srv/shop/node_modules/npm-run-all/bin/run-s/index.js',
    '/srv/shop/node_modules/yarn-deduplicate/index.js',
  ])('%s', (program) => {
    expect(is(program)).toBe(false);
  });

  test('a program of the same name', () => {
    const folder = tempProject({ 'package.json': '{"name":"shop"}', 'bin/yarn.js': '', 'npm-cli.js': '' });
    expect(is(join(folder, 'bin/yarn.js'))).toBe(false);
    expect(is(join(folder, 'npm-cli.js'))).toBe(false);
  });

  test('a process without a program', () => {
    expect(is(undefined)).toBe(false);
  });
});
