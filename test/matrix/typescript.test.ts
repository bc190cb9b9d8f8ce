import { matrix, type MatrixRun, type MatrixTrace } from './matrix.js';

const withoutPid = (text: string): string => text.replace(/\(node:\d+\)/g, '(node)');

/** Calls as `place function(arguments)`, each once. */
function shown(trace: MatrixTrace): string[] {
  const texts = trace
    .calls()
    .map(({ func, file, line, column, kind, args_preview: args }) =>
      [`${file}:${line}:${column}`, kind, `${func}(${Object.keys(args).join(', ')})`].join(' '),
    );
  return [...new Set(texts)].sort();
}

function recordsShop(trace: MatrixTrace): void {
  expect(shown(trace)).toEqual([
    'src/main.ts:3:1 function main(items)',
    'src/shop.ts:13:10 function of(country)',
    'src/shop.ts:19:1 function listed(_prototype, name)',
    'src/shop.ts:26:3 constructor Cart.constructor(owner, country)',
    'src/shop.ts:32:3 method Cart.add(item, twice)',
    'src/shop.ts:38:9 method Cart.total()',
    'src/shop.ts:40:35 arrow this.items.reduce callback(sum, price)',
    'src/shop.ts:44:7 getter Cart.label()',
    'src/shop.ts:49:1 function rate(country)',
    'src/shop.ts:54:21 arrow fail(why)',
  ]);
  const total = trace.call('Cart.total');
  const callers = ['rate', 'this.items.reduce callback'].map((func) => trace.call(func).parent);
  expect(callers).toEqual([total.id, total.id]);
  expect(trace.call('of').parent).toBe(trace.call('rate').id);
}

interface Tool extends Partial<MatrixRun> {
  title: string;
  /** What brings it in. */
  flags: string[];
  /** What brings handit in: `--import` makes Node itself load the program, past tools that hook `require`. */
  handit?: string;
}

/** On the command line, handit before the tool and behind it. */
function bothOrders(app: string, tool: Tool): void {
  const { title, flags, handit = '--require', ...rest } = tool;
  const own = [handit, 'handit/register'];
  for (const [order, line] of [
    ['handit first', [...own, ...flags]],
    ['handit last', [...flags, ...own]],
  ] as const) {
    matrix({
      ...{ app, title: `${title}, ${order}`, group: 'TypeScript tools', preload: 'none' },
      command: ['node', ...line, 'src/main.ts'],
      normalise: withoutPid,
      expect: recordsShop,
      ...rest,
    });
  }
}

describe('CommonJS', () => {
  const app = 'ts-cjs';
  for (const name of ['tsx', 'tsx-4.21', 'tsx-4.19']) {
    bothOrders(app, { title: `${name} (CommonJS)`, flags: ['--import', name] });
  }
  bothOrders(app, { title: 'tsx (CommonJS), handit by --import', flags: ['--import', 'tsx'], handit: '--import' });
  bothOrders(app, { title: 'ts-node/register', flags: ['--require', 'ts-node/register'] });
  bothOrders(app, { title: '@swc-node/register', flags: ['--require', '@swc-node/register'] });
  bothOrders(app, { title: 'esbuild-register', flags: ['--require', 'esbuild-register'] });
  bothOrders(app, { title: '@babel/register', flags: ['--require', './babel-register.cjs'] });

  const group = 'TypeScript tools';
  for (const preload of ['import', 'require'] as const) {
    const command = ['tsx', 'src/main.ts'];
    matrix({ app, title: `tsx, the command, --${preload}`, group, command, preload, expect: recordsShop });
  }
  matrix({
    ...{ app, title: 'ts-node, the command, --require', group, preload: 'require' },
    command: ['ts-node', 'src/main.ts'],
    expect: recordsShop,
  });
  matrix({
    ...{ app, title: 'ts-node with swc, the command', group, preload: 'require' },
    command: ['ts-node', '--swc', 'src/main.ts'],
    expect: recordsShop,
  });
  for (const preload of ['import', 'require'] as const) {
    matrix({
      ...{ app, title: `jiti, the command, --${preload}`, group, preload },
      command: ['jiti', 'src/main.ts'],
      partial: 'jiti makes no source map: lines are exact, columns are those of what it compiled',
      expect(trace) {
        const places = trace.calls().map(({ func, file, line }) => `${file}:${line} ${func}`);
        expect(places).toEqual(
          expect.arrayContaining([
            'src/main.ts:3 main',
            'src/shop.ts:13 of',
            'src/shop.ts:26 Cart.constructor',
            'src/shop.ts:32 Cart.add',
            'src/shop.ts:38 Cart.total',
            'src/shop.ts:49 rate',
          ]),
        );
        expect(trace.call('rate').parent).toBe(trace.call('Cart.total').id);
      },
    });
  }
});

describe('ES modules', () => {
  const app = 'ts-esm';
  for (const handit of ['--import', '--require']) {
    for (const name of ['tsx', 'tsx-4.21', 'tsx-4.19']) {
      bothOrders(app, { title: `${name} (ES modules), ${handit}`, flags: ['--import', name], handit });
    }
  }
  bothOrders(app, {
    nodes: [22, 24, 26],
    because: 'It maps no stacks on Node 20, where handit comes before it: lines differ',
    title: '@swc-node/register/esm-register',
    flags: ['--import', '@swc-node/register/esm-register'],
  });
  bothOrders(app, { title: 'ts-node/esm', flags: ['--loader', 'ts-node/esm'] });
});

matrix({
  ...{ app: 'ts-native', title: "Node's own type stripping", group: 'TypeScript tools' },
  command: ['node', 'src/main.ts'],
  since: '22.18',
  because: 'older Node has none',
  normalise: withoutPid,
  expect: (trace) =>
    expect(shown(trace)).toEqual([
      'src/main.ts:3:1 function main(items)',
      'src/shop.ts:14:9 method Cart.total()',
      'src/shop.ts:16:30 arrow this.items.reduce callback(sum, price)',
      'src/shop.ts:20:21 arrow fail(why)',
      'src/shop.ts:9:3 method Cart.add(item)',
    ]),
});
