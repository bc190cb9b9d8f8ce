import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callNames } from '../helpers/call-text.js';
import { programs } from '../helpers/programs.js';

/** A project that has run once, and the files of its cache. */
async function withCache(): Promise<{ files: string[]; run: () => Promise<string> }> {
  const project = programs({ 'main.cjs': 'function add(a, b) { return a + b }\nconsole.log(add(1, 2));' });
  const run = async (): Promise<string> => {
    const { stdout, stderr, code, records } = await project.traced(process.execPath, ['main.cjs'], {
      flag: '--require',
    });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    return `${callNames(records)} ${stdout.trim()}`;
  };
  expect(await run()).toBe('add 3');
  const folder = join(project.folder, 'node_modules/.cache/handit');
  const files = readdirSync(folder).map((name) => join(folder, name));
  expect(files).toHaveLength(2);
  return { files, run };
}

const isSource = (file: string): boolean => !file.includes('agent-');

/** The same entry with another code of the same length, which comes before the text that it was made of. */
function forge(file: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('a + b');
  writeFileSync(file, text.replace('a + b', 'a - b'));
}

test('an entry that only this user can have written is taken', async () => {
  const { files, run } = await withCache();
  forge(files.find(isSource)!);
  expect(await run()).toBe('add -1');
});

test.each([0o620, 0o602])('an entry that others may write (%o) is made again', async (mode) => {
  const { files, run } = await withCache();
  const file = files.find(isSource)!;
  forge(file);
  chmodSync(file, mode);
  expect(await run()).toBe('add 3');
  expect(readFileSync(file, 'utf8')).toContain('a + b');
});

test('files that are nearly the same have an entry each', async () => {
  const text = `exports.one = function one() { return 10 };${'// the same\n'.repeat(100)}`;
  const project = programs({
    'main.cjs': "console.log(require('./a.cjs').one() + require('./b.cjs').one());",
    'a.cjs': text,
    'b.cjs': text.replace('return 10', 'return 12'),
  });
  const { stdout } = await project.traced(process.execPath, ['main.cjs'], { flag: '--require' });
  expect(stdout).toBe('22\n');
  expect(readdirSync(join(project.folder, 'node_modules/.cache/handit')).filter(isSource)).toHaveLength(3);
});

test('a pipe in the place of an entry is not waited for', async () => {
  const { files, run } = await withCache();
  for (const file of files) {
    unlinkSync(file);
    execFileSync('mkfifo', [file]);
  }
  expect(await run()).toBe('add 3');
});

test.each([
  ['no functions', { functions: 5 }],
  ['functions without a name', { functions: [null] }],
  ['no prefix', { prefix: undefined }],
  ['a kind that there is not', { kind: 'wasm' }],
  ['nothing that was left alone', { leftAlone: undefined }],
])('an entry that has %s is made again', async (_, change) => {
  const { files, run } = await withCache();
  const file = files.find(isSource)!;
  const [head, ...rest] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [JSON.stringify({ ...(JSON.parse(head) as object), ...change }), ...rest].join('\n'));
  expect(await run()).toBe('add 3');
});
