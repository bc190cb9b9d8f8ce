import { buildSync } from 'esbuild';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { programs, type Programs } from '../helpers/programs.js';

const files = {
  'src/price.ts': [
    'import { round } from "money";',
    'export enum Rate { Low = 7, High = 19 }',
    'const cheap = (price: number): boolean => price < 10;',
    '',
    'export async function withTax(price: number, rate: Rate): Promise<number> {',
    '  if (!cheap(price)) throw new RangeError("too dear");',
    '  await null;',
    '  return round(price * (1 + rate / 100));',
    '}',
    '',
  ].join('\n'),
  'src/main.ts': [
    'import { Rate, withTax } from "./price";',
    'async function main(): Promise<void> {',
    '  console.log(await withTax(8, Rate.High));',
    '  await withTax(20, Rate.Low).catch((error: Error) => console.log(error.message));',
    '}',
    'void main();',
    '',
  ].join('\n'),
  'node_modules/money/package.json': '{ "name": "money", "main": "index.js" }',
  'node_modules/money/index.js': 'exports.round = function round(value) { return Math.round(value * 100) / 100; };\n',
  // As the package of a program: its own dependencies are a cache's place.
  'package.json': '{ "name": "app" }',
};

const written = [
  'src/main.ts:2:1 main()',
  'src/main.ts:4:37 withTax().catch callback(error)',
  'src/price.ts:3:15 cheap(price)',
  'src/price.ts:5:8 withTax(price, rate)',
];

function bundled(options: object = {}): Programs {
  const project = programs(files);
  bundle(project, options);
  return project;
}

function bundle({ folder }: Programs, options: object = {}): void {
  buildSync({
    ...{ absWorkingDir: folder, entryPoints: ['src/main.ts'], outfile: 'dist/main.js', logLevel: 'silent' },
    ...{ bundle: true, platform: 'node', minify: true, sourcemap: true },
    ...options,
  });
}

const calls = (records: readonly TraceRecord[]): Call[] =>
  records.filter((record): record is Call => record.type === 'call');

function places(records: readonly TraceRecord[]): string[] {
  const texts = calls(records).map(
    ({ file, line, column, func, args_preview: args }) =>
      `${file}:${line}:${column} ${func}(${Object.keys(args).join(', ')})`,
  );
  return [...new Set(texts)].sort();
}

test.each(nodes())('a minified bundle is reported as it was written on Node $version', async ({ path }) => {
  const project = bundled();
  const bare = await project.bare(path, ['dist/main.js']);
  // The second run takes it from the cache.
  for (let run = 1; run <= 2; run++) {
    const { records, ...traced } = await project.traced(path, ['dist/main.js']);
    expect(traced).toEqual(bare);
    expect(places(records)).toEqual(written);
    const [main, withTax] = ['main', 'withTax'].map((name) => calls(records).find(({ func }) => func === name)!);
    expect(withTax).toMatchObject({
      parent: main.id,
      async: true,
      kind: 'function',
      args_preview: { price: 8, rate: 19 },
    });
    expect(records.at(-1)).toMatchObject({ type: 'process_end', files: 1 });
  }
});

const { path: node } = nodes().at(-1)!;

test('an async function that was made a generator is recorded as the async function it is', async () => {
  const project = bundled({ target: 'es2016' });
  const { records } = await project.traced(node, ['dist/main.js']);
  expect(readFileSync(join(project.folder, 'dist/main.js'), 'utf8')).not.toMatch(/async (function|\()/);
  expect(places(records)).toEqual(written);
  const inOrder = records.flatMap((record) =>
    record.type === 'call' || record.type === 'return' || record.type === 'exception'
      ? [`${record.type} ${record.func}`]
      : [],
  );
  expect(inOrder).toEqual([
    ...['call main', 'call withTax', 'call cheap', 'return cheap', 'return withTax'],
    ...[
      'call withTax',
      'call cheap',
      'return cheap',
      'exception withTax',
      'call withTax().catch callback',
      'return withTax().catch callback',
    ],
    'return main',
  ]);
  const [main, , second] = calls(records).filter(({ func }) => func === 'main' || func === 'withTax');
  expect(second.parent).toBe(main.id);
  const returned = records.find((record) => record.type === 'return' && record.func === 'withTax');
  expect(returned).toMatchObject({ return_preview: 9.52 });
  expect(returned).not.toHaveProperty('pending');
});

test.each([
  ['inline', { sourcemap: 'inline' }],
  ['without the sources in it', { sourcesContent: false }],
  ['with a source root', { sourceRoot: '../dist' }],
])('a map %s leads to the sources', async (_, options) => {
  const { records } = await bundled(options).traced(node, ['dist/main.js']);
  expect(places(records)).toEqual(written);
});

test('a map in sections leads to the sources', async () => {
  const project = bundled();
  const file = join(project.folder, 'dist/main.js.map');
  const map = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] }));
  const bare = await project.bare(node, ['--enable-source-maps', 'dist/main.js']);
  const { records, ...traced } = await project.traced(node, ['--enable-source-maps', 'dist/main.js']);
  expect(traced).toEqual(bare);
  expect(places(records)).toEqual(written);
});

test('a function that `tracing` wraps in a bundle is told where the program says so', async () => {
  const project = bundled();
  writeFileSync(
    join(project.folder, 'src/main.ts'),
    [
      'import { tracing } from "handit";',
      'const shouted = (text: string): string => `${text}!`;',
      'const shout: (text: string) => string =',
      '  tracing({ agent: "crier", name: "shout" }, shouted.bind(null));',
      'console.log(shout("a"));',
    ].join('\n'),
  );
  bundle(project, { external: ['handit'] });
  const { records, stderr } = await project.traced(node, ['dist/main.js']);
  expect(stderr).toBe('');
  expect(places(records)).toContain('src/main.ts:4:3 shout(arguments)');
});

test('names of files are those that HANDIT_EXCLUDE and HANDIT_INCLUDE mean', async () => {
  const project = bundled();
  const only = await project.traced(node, ['dist/main.js'], { env: { HANDIT_INCLUDE: 'src/price' } });
  expect(places(only.records)).toEqual(written.slice(2));
  const built = await project.traced(node, ['dist/main.js'], { env: { HANDIT_INCLUDE: '^dist/' } });
  expect(places(built.records)).toEqual(written);
  const without = await project.traced(node, ['dist/main.js'], { env: { HANDIT_EXCLUDE: 'price.ts::cheap' } });
  expect(places(without.records)).toEqual([...written.slice(0, 2), written[3]]);
});

test('a source that has changed since is told by its places in the bundle, and again as written once it was built', async () => {
  const project = bundled({ sourcesContent: false });
  const source = join(project.folder, 'src/price.ts');
  const before = await project.traced(node, ['dist/main.js']);
  expect(places(before.records)).toEqual(written);
  writeFileSync(source, `// One line\n// and one more.\n${readFileSync(source, 'utf8')}`);
  const stale = await project.traced(node, ['dist/main.js'], { env: { HANDIT_DEBUG: '1' } });
  expect(places(stale.records).filter((place) => place.startsWith('src/'))).toEqual(written.slice(0, 2));
  expect(places(stale.records).some((place) => place.startsWith('dist/main.js:1:'))).toBe(true);
  expect(stale.stderr).toContain('src/price.ts is not what it was made of');
  bundle(project, { sourcesContent: false });
  const { records } = await project.traced(node, ['dist/main.js']);
  expect(places(records)).toContain('src/price.ts:7:8 withTax(price, rate)');
});

test.each([
  ['that is not there', (file: string) => rmSync(file), 'no such file'],
  [
    'that is damaged',
    (file: string) => writeFileSync(file, '{"version":3,"sources":["a"],"mappings":"A!"}'),
    'damaged',
  ],
  ['that is no map', (file: string) => writeFileSync(file, 'null'), 'null'],
])('a map %s changes nothing but the places', async (_, spoil, reason) => {
  const project = bundled();
  spoil(join(project.folder, 'dist/main.js.map'));
  const bare = await project.bare(node, ['dist/main.js']);
  const { records, stderr, ...traced } = await project.traced(node, ['dist/main.js'], { env: { HANDIT_DEBUG: '1' } });
  expect({ ...traced, stderr: '' }).toEqual(bare);
  expect(stderr).toContain(reason);
  expect(new Set(calls(records).map(({ file }) => file))).toEqual(new Set(['dist/main.js']));
});

test('what was written outside of the working directory is not recorded', async () => {
  const project = programs(Object.fromEntries(Object.entries(files).map(([name, text]) => [`app/${name}`, text])));
  bundle({ ...project, folder: join(project.folder, 'app') }, { outfile: join(project.folder, 'run/dist/main.js') });
  const cwd = join(project.folder, 'run');
  const inside = await project.traced(node, ['dist/main.js'], { cwd });
  expect(calls(inside.records)).toEqual([]);
  const all = await project.traced(node, ['dist/main.js'], { cwd, env: { HANDIT_CAPTURE_ONLY_CWD: 'false' } });
  expect(places(all.records)).toEqual(written.map((place) => join(project.folder, 'app', place)));
});
