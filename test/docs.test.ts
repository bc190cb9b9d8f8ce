import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { instrument } from '../src/transform/index.js';
import { linkIds } from '../src/transform/link.js';
import { repository, runNode, tempProject } from './helpers/run.js';

const pages = ['.', 'docs', 'bench', '.github'].flatMap((folder) =>
  readdirSync(join(repository, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name).replaceAll('\\', '/')),
);

/** The text of a page without its code. */
function prose(page: string): string {
  return readFileSync(join(repository, page), 'utf8')
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, 'code');
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  const text = readFileSync(join(repository, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link between pages leads somewhere', () => {
  const links = pages.flatMap((page) =>
    [...prose(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, target]) => ({ page, target })),
  );
  expect(links.length).toBeGreaterThan(20);
  const broken = links.filter(({ page, target }) => {
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(repository, file))) return true;
    return anchor !== undefined && !anchors(file).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('the example of docs/trace-format.md reads the schema from the package and accepts a record', async () => {
  const example = /^```js\n([\s\S]*?)^```$/m.exec(readFileSync(join(repository, 'docs/trace-format.md'), 'utf8'))![1];
  const record = { type: 'annotation', proc: '5f0c9a1e', id: null, ts_ns: 1767600000080000000, data: 'text' };
  const print = `console.log([${JSON.stringify(record)}, {}].map((value) => isRecord(value)).join());`;
  const run = await runNode(process.execPath, ['--input-type=module', '-e', example + print], { cwd: repository });
  expect(run).toEqual({ stdout: 'true,false\n', stderr: '', code: 0, signal: null });
});

test('docs/architecture.md shows a function as it is rewritten', () => {
  const page = readFileSync(join(repository, 'docs/architecture.md'), 'utf8');
  const [original, rewritten] = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  const { code, prefix } = instrument(original, 'f.js', { kind: 'commonjs', runtimeUrl: '' })!;
  const linked = linkIds(code, prefix, 17, 1);
  const tokens = (text: string) => text.replaceAll('/*node-do-not-add-exception-line*/', '').match(/[\w$]+|[^\s;]/g);
  const start = linked.indexOf('function f');
  expect(prefix).toBe('h$_');
  expect(tokens(linked.slice(start))).toEqual(tokens(rewritten));
});

test('docs/compatibility.md has the rows of test/matrix', async () => {
  const plan = join(tempProject({}), 'plan.jsonl');
  const jest = createRequire(__filename).resolve('jest/bin/jest');
  const none = ['--config', 'jest.matrix.config.mjs', '--testNamePattern', '^$', '--maxWorkers', '1'];
  const env = { HANDIT_TEST_ALL_NODES: '1', HANDIT_TEST_PLAN: plan };
  expect(await runNode(process.execPath, [jest, ...none], { cwd: repository, env })).toMatchObject({ code: 0 });
  const check = ['scripts/compatibility.mjs', '--check', '--results', plan];
  const found = await runNode(process.execPath, check, { cwd: repository });
  expect(found).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
});
