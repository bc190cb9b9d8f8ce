import { matrix, type MatrixRun, type MatrixTrace } from './matrix.js';

/** The functions of `src/`, whatever the build has made of them; nothing of `node_modules`, of bundlers, of compilers. */
function recordsSources(trace: MatrixTrace, inlined: readonly string[] = []): void {
  const places = trace.calls().map(({ file, line, column, func }) => `${file}:${line}:${column} ${func}`);
  const all = [
    'src/main.ts:3:1 main',
    'src/shop.ts:11:3 Cart.constructor',
    'src/shop.ts:13:3 Cart.add',
    'src/shop.ts:18:9 Cart.total',
    'src/shop.ts:20:32 this.items.map callback',
    'src/shop.ts:20:61 this.items.map().reduce callback',
    'src/shop.ts:25:17 withTax',
    'src/shop.ts:27:1 later',
    'src/shop.ts:32:8 wait',
  ];
  expect([...new Set(places)].sort()).toEqual(all.filter((place) => !inlined.includes(place)));
  const total = trace.call('Cart.total');
  expect(total).toMatchObject({
    kind: 'method',
    async: true,
    args_preview: { rate: 0.19 },
    parent: trace.call('main').id,
  });
  expect(trace.call('later').parent).toBe(total.id);
  const exception = trace.records.find((record) => record.type === 'exception');
  expect(exception).toMatchObject({ func: 'wait', error: { name: 'RangeError', message: 'no time: never' } });
}

const esbuild = (options: object): string[] => ['node', 'esbuild.mjs', JSON.stringify({ sourcemap: true, ...options })];

const builds: (Pick<MatrixRun, 'title' | 'build'> & { file: string; inlined?: string[] })[] = [
  {
    title: 'tsc, CommonJS',
    build: [['tsc', '-p', '.', '--module', 'commonjs', '--moduleResolution', 'node10']],
    file: 'dist/main.js',
  },
  {
    title: 'tsc to ES2015: async functions as generators',
    build: [['tsc', '-p', '.', '--module', 'commonjs', '--moduleResolution', 'node10', '--target', 'es2015']],
    file: 'dist/main.js',
  },
  { title: 'esbuild bundle', build: [esbuild({})], file: 'dist/main.js' },
  { title: 'esbuild bundle, minified', build: [esbuild({ minify: true })], file: 'dist/main.js' },
  {
    title: 'esbuild bundle, map inline, ES2016',
    build: [esbuild({ sourcemap: 'inline', target: 'es2016' })],
    file: 'dist/main.js',
  },
  { title: 'rollup bundle, ES module', build: [['rollup', '-c', '--silent']], file: 'dist/main.mjs' },
  { title: 'rollup bundle, minified', build: [['rollup', '-c', '--silent']], file: 'dist/min.cjs' },
  { title: 'webpack, development', build: [['webpack', '--mode', 'development']], file: 'dist/development.js' },
  { title: 'webpack, production', build: [['webpack', '--mode', 'production']], file: 'dist/production.js' },
];

for (const { file, inlined, ...build } of builds) {
  matrix({
    ...build,
    ...{ app: 'built', group: 'Built code', command: ['node', file] },
    expect: (trace) => recordsSources(trace, inlined),
  });
}

matrix({
  ...{ app: 'built', title: 'esbuild bundle, stacks under --enable-source-maps', group: 'Built code' },
  build: [esbuild({ minify: true })],
  command: ['node', '--enable-source-maps', 'dist/main.js'],
  expect: (trace) => {
    recordsSources(trace);
    const exception = trace.records.find((record) => record.type === 'exception');
    expect((exception as { error: { stack: string } }).error.stack).toContain('src/shop.ts:34:34');
  },
});
