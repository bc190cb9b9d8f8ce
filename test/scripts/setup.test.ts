import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmStub } from '../helpers/npm-stub.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const lock = (version: string, extra: object = {}) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version }, ...extra } });

/** A checkout, and an npm that says how it was called and ends with `status`. */
function checkout(files: Record<string, string>, status = 0) {
  const folder = tempProject({
    'scripts/setup.mjs': readFileSync(join(repository, 'scripts/setup.mjs'), 'utf8'),
    ...files,
  });
  mkdirSync(join(folder, 'node_modules/a'), { recursive: true });
  const env = { PATH: npmStub(folder, 'npm %1', status) };
  return runNode(process.execPath, [join(folder, 'scripts/setup.mjs'), '--dependencies'], { cwd: folder, env });
}

const installs = { stdout: '', stderr: 'setup: installing dependencies (npm ci)\nnpm ci\n', code: 0, signal: null };
const nothing = { stdout: '', stderr: '', code: 0, signal: null };

describe('setup', () => {
  test('installs into a fresh checkout', async () => {
    expect(await checkout({ 'package-lock.json': lock('1.0.0') })).toEqual(installs);
  });

  test('does nothing and says nothing when what is installed matches the lock file', async () => {
    const files = { 'package-lock.json': lock('1.0.0'), 'node_modules/.package-lock.json': lock('1.0.0') };
    expect(await checkout(files)).toEqual(nothing);
  });

  test('installs when the lock file has another version', async () => {
    const files = { 'package-lock.json': lock('1.0.1'), 'node_modules/.package-lock.json': lock('1.0.0') };
    expect(await checkout(files)).toEqual(installs);
  });

  test('installs when the lock file has one more package', async () => {
    const more = { 'node_modules/b': { version: '1.0.0' } };
    const files = { 'package-lock.json': lock('1.0.0', more), 'node_modules/.package-lock.json': lock('1.0.0') };
    expect(await checkout(files)).toEqual(installs);
  });

  test('installs when the folder of a package is gone', async () => {
    const more = { 'node_modules/b': { version: '1.0.0' } };
    const files = { 'package-lock.json': lock('1.0.0', more), 'node_modules/.package-lock.json': lock('1.0.0', more) };
    expect(await checkout(files)).toEqual(installs);
  });

  test('does not miss the build for another platform', async () => {
    const more = { 'node_modules/b': { version: '1.0.0', optional: true } };
    const files = { 'package-lock.json': lock('1.0.0', more), 'node_modules/.package-lock.json': lock('1.0.0') };
    expect(await checkout(files)).toEqual(nothing);
  });

  test('fails with npm', async () => {
    const { stderr, code } = await checkout({ 'package-lock.json': lock('1.0.0') }, 7);
    expect(stderr).toBe(`${installs.stderr}setup: npm ci ended with 7\n`);
    expect(code).toBe(1);
  });
});

describe('build', () => {
  const build = (root: string) =>
    runNode(process.execPath, [join(root, 'scripts/build.mjs'), '--bundle'], { cwd: root });
  const script = readFileSync(join(repository, 'scripts/build.mjs'), 'utf8');

  test('leaves what is up to date as it is', async () => {
    const file = join(repository, 'dist/cli.cjs');
    expect(await build(repository)).toEqual(nothing);
    const before = statSync(file).mtimeMs;
    expect(await build(repository)).toEqual(nothing);
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test('makes a command that can be executed', () => {
    expect(statSync(join(repository, 'dist/cli.cjs')).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(repository, 'dist/cli.cjs'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('names the sources that do not exist', async () => {
    const folder = tempProject({ 'scripts/build.mjs': script, 'src/index.ts': '', 'src/register.ts': '' });
    writeFileSync(join(folder, 'package.json'), '{"version":"1.0.0"}');
    const { stderr, code } = await build(folder);
    expect(stderr).toMatch(/^build: cannot bundle, no such file: .*src\/cli\/main\.ts.*\n$/);
    expect(stderr).not.toContain('src/index.ts');
    expect(code).toBe(1);
  });
});
