import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { nodes } from './helpers/node-versions.js';
import { install, pack, type Packed } from './helpers/packed.js';
import { repository, runNode, tempProject } from './helpers/run.js';

let packed: Packed;
beforeAll(() => {
  packed = pack();
});

test('the package has these files, and less than 275 kB without the viewer', () => {
  const paths = [...packed.files.keys()];
  const expected = ['README.md', 'LICENSE', 'package.json', 'register.mjs', 'register/package.json'];
  expect(paths).toEqual(expect.arrayContaining(expected));
  expect(paths.filter((path) => path.endsWith('.d.ts')).sort()).toEqual([
    ...['dist/cjs/index.d.ts', 'dist/cjs/register.d.ts', 'dist/esm/index.d.ts', 'dist/esm/register.d.ts'],
  ]);
  // Of the documentation, what one looks up while writing a program, without a network.
  const docs = ['api.md', 'cli.md', 'cli.schema.json', 'configuration.md'];
  expect(paths.filter((path) => path.startsWith('docs/')).sort()).toEqual(
    [...docs, 'trace-format.md', 'trace-format.schema.json'].map((name) => `docs/${name}`),
  );
  expect(paths.filter((path) => /^(src|hooks|test|bench)\//.test(path))).toEqual([]);
  const viewer = packed.files.get('dist/viewer.html') ?? '';
  const size = readFileSync(packed.tarball).length - (viewer ? gzipSync(viewer).length : 0);
  expect(size).toBeLessThan(275_000);
});

test('the package names the license of everything that is bundled', () => {
  const notices = packed.files.get('dist/THIRD-PARTY-NOTICES.txt')!;
  const named = [...notices.matchAll(/^(\S+) \d+\.\d+\.\d+ \((.+)\)$/gm)].map(([, name, license]) => [name, license]);
  expect(named).toEqual(
    expect.arrayContaining([
      ['@jridgewell/sourcemap-codec', 'MIT'],
      ['oxc-parser', 'MIT'],
      ['shimmer', 'BSD-2-Clause'],
    ]),
  );
  expect(notices).toContain('Copyright (c) 2013-2019, Forrest L Norvell');
  expect(notices.match(/^Redistribution and use in source and binary forms/m)).not.toBeNull();
  expect(notices.match(/^Permission is hereby granted, free of charge/gm)!.length).toBeGreaterThanOrEqual(2);
});

describe('TypeScript compiles a program that imports the package', () => {
  const { CommonJS, ES2022, Node16, NodeNext } = ts.ModuleKind;
  const { Node10, Bundler } = ts.ModuleResolutionKind;
  const settings: [string, string, ts.CompilerOptions][] = [
    ['commonjs, node10', 'commonjs', { module: CommonJS, moduleResolution: Node10, ignoreDeprecations: '6.0' }],
    ['node16, CommonJS', 'commonjs', { module: Node16 }],
    ['node16, ES module', 'module', { module: Node16 }],
    ['nodenext, CommonJS', 'commonjs', { module: NodeNext }],
    ['nodenext, ES module', 'module', { module: NodeNext }],
    ['es2022, bundler', 'module', { module: ES2022, moduleResolution: Bundler }],
  ];
  test.each(settings)('under %s', (_, type, options) => {
    const project = tempProject({ 'package.json': `{"type":"${type}"}`, 'main.ts': program });
    install(packed, project);
    // Without the types of Node, and with the declarations themselves checked.
    const strict = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, types: [], skipLibCheck: false };
    const compiled = ts.createProgram([join(project, 'main.ts')], { ...strict, ...options });
    const condition = type === 'module' ? 'esm' : 'cjs';
    expect(compiled.getSourceFiles().map(({ fileName }) => fileName)).toContain(
      `${project.replaceAll('\\', '/')}/node_modules/handit/dist/${condition}/index.d.ts`,
    );
    const problems = ts.getPreEmitDiagnostics(compiled);
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  const program = `
    import 'handit/register';
    import { annotate, currentCall, flush, session, tracing, type Call, type TraceRecord } from 'handit';
    const length: number = session({ tag: 'a' }, () => 'abc'.length);
    // @ts-expect-error -- the declarations are no "any"
    const wrong: string = session({ tag: 'a' }, () => 1);
    const twice = tracing({ agent: 'a' }, (n: number) => 2 * n);
    export function scoped(record: TraceRecord): Call | null {
      using one = session({ tag: 'a' });
      annotate({ length: twice(length), wrong, id: one.id, call: currentCall()?.id });
      return record.type === 'call' ? record : null;
    }
    export const done: Promise<void> = flush();
  `;
});

test.each(nodes())('what the types declare is there to import and to require, on Node $major', async ({ path }) => {
  const declared = [...packed.files.get('dist/cjs/index.d.ts')!.matchAll(/^export declare (?:function|const) (\w+)/gm)];
  const names = [...new Set(declared.map(([, name]) => name))].sort();
  expect(names).toEqual(['annotate', 'currentCall', 'flush', 'flushSync', 'session', 'tracing', 'version']);
  expect(packed.files.get('dist/esm/index.d.ts')).toBe("export * from '../cjs/index.js';\n");
  const print =
    "console.log(Object.keys(handit).filter((name) => !/^__|^default$|^module/.test(name)).sort().join(' '));";
  const schema = "require('handit/trace-format.schema.json').$schema;";
  const project = tempProject({
    'a.mjs': `import * as handit from 'handit'; import 'handit/register'; ${print}`,
    'b.cjs': `const handit = require('handit'); require('handit/register'); ${schema} ${print}`,
  });
  install(packed, project);
  for (const file of ['a.mjs', 'b.cjs'])
    expect(await runNode(path, [file], { cwd: project, env: { HANDIT_ENABLED: 'false' } })).toEqual({
      ...{ stdout: `${names.join(' ')}\n`, stderr: '', code: 0, signal: null },
    });
});

test.each(nodes())('the command records and prints, on Node $major', async ({ path }) => {
  const project = tempProject({ 'a.js': 'function double(n) { return 2 * n; }\ndouble(21);\n' });
  install(packed, project);
  const command = join(project, 'node_modules/handit/dist/cli.cjs');
  const recorded = await runNode(path, [command, 'a.js'], { cwd: project });
  expect(recorded).toMatchObject({ stdout: '', code: 0 });
  const printed = await runNode(path, [command, 'print'], { cwd: project });
  expect(printed).toMatchObject({ stdout: expect.stringContaining('double(n: 21) -> 42') as string, code: 0 });
});

test('the command loads of Node what it needs', async () => {
  const file = join(repository, 'dist/cli.cjs');
  const project = tempProject({ 'a.js': '', 'loaded.cjs': LOADED });
  const loaded = async (...args: string[]) =>
    (await runNode(process.execPath, ['--require', './loaded.cjs', file, ...args], { cwd: project })).stderr.split(' ');
  expect(await loaded('--version')).toEqual(expect.arrayContaining(['fs', 'zlib']));
  for (const name of ['crypto', 'child_process', 'readline', 'v8'])
    expect(await loaded('--version')).not.toContain(name);
  expect(await loaded('--', process.execPath, 'a.js')).toContain('child_process');
});

const LOADED = `process.on('exit', () => {
  const modules = process.moduleLoadList.filter((each) => each.startsWith('NativeModule '));
  process.stderr.write(modules.map((each) => each.slice('NativeModule '.length)).join(' '));
});`;

// Both are ES modules, which jest would have to compile.
describe('the checkers of packages find nothing', () => {
  const run = (source: string) =>
    JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', source, packed.tarball, repository], {
        cwd: repository,
        encoding: 'utf8',
      }),
    ) as { checked: number; problems: unknown[] };

  test('publint --strict', () => {
    const { checked, problems } = run(`
      import { readFileSync } from 'node:fs';
      import { publint } from 'publint';
      const tarball = new Uint8Array(readFileSync(process.argv[1])).buffer;
      const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
      console.log(JSON.stringify({ checked: Object.keys(pkg.exports).length, problems: messages }));
    `);
    expect(problems).toEqual([]);
    expect(checked).toBe(4);
  });

  test('Are the types wrong?', () => {
    const { checked, problems } = run(`
      import { readFileSync } from 'node:fs';
      import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
      const tarball = createPackageFromTarballData(new Uint8Array(readFileSync(process.argv[1])));
      // The schema is no module; a resolver that knows no "exports" finds it as handit/docs/trace-format.schema.json.
      const options = { excludeEntrypoints: ['./trace-format.schema.json'] };
      const { problems, entrypoints } = await checkPackage(tarball, options);
      console.log(JSON.stringify({ checked: Object.keys(entrypoints).length, problems }));
    `);
    expect(problems).toEqual([]);
    expect(checked).toBe(3);
  });
});

test('the manifest says where the project is', () => {
  const manifest = JSON.parse(packed.files.get('package.json')!) as Record<string, never>;
  for (const field of ['description', 'keywords', 'homepage', 'bugs', 'repository', 'license', 'author', 'engines'])
    expect([field, manifest[field]]).toEqual([field, expect.anything()]);
});
