import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import type { Call } from '../../src/trace-format.js';

// What the engine calls for an `await` or a `for await`: by then the function that waits is not running.
const { traced } = programs({
  'app.cjs': `
if (process.env.LIBRARY) require('some-library');
class Query {
  constructor(n) { this.n = n; }
  then(ok, no) { run(this.n).then(ok, no); }
}
async function run(n) { await null; return n; }
class Rows {
  constructor(n) { this.n = n; }
  [Symbol.asyncIterator]() { return { i: 0, n: this.n, next, return: stop }; }
}
async function next() { await null; return { value: this.i++, done: this.i > this.n }; }
async function stop() { return { done: true }; }
async function awaits(n) { return await new Query(n); }
async function returns(n) { return new Query(n); }
async function iterates(n) { await null; for await (const i of new Rows(n)) if (i === 2) return i; }
async function main() { await null; await awaits(1); await returns(2); await iterates(2); await iterates(9); }
async function alone() { await null; await new Query(3); for await (const i of new Rows(1)); }
main().then(alone);
`,
  'generators.cjs': `
class Rows {
  *[Symbol.iterator]() { yield 1; yield 2; }
}
class Counter {
  [Symbol.iterator]() { let i = 0; return { next() { return { value: i, done: i++ === 2 }; } }; }
}
function* lists() { yield 0; yield* new Rows(); yield* new Counter(); yield 3; }
async function* lists2() { await null; yield* lists(); }
function work(value) { return value; }
for (const value of lists()) work(value);
work('after');
(async () => { for await (const value of lists2()) await work(value); })();
`,
  'node_modules/some-library/index.js': 'exports.a = 1;',
});

test.each(nodes())(
  'have the same parents with a library loaded and without, on Node $version',
  async ({ path: node }) => {
    const trees: string[][] = [];
    for (const LIBRARY of ['', 'yes']) {
      const { records, ...run } = await traced(node, ['app.cjs'], { env: { LIBRARY } });
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const calls = new Map(records.flatMap((record) => (record.type === 'call' ? [[record.id, record]] : [])));
      const parentOf = (call: Call): string => calls.get(call.parent ?? 0)?.func ?? 'none';
      trees.push([...calls.values()].map((call) => `${call.func} in ${parentOf(call)}`));
    }
    expect(trees[0]).toEqual(trees[1]);
    const parentsOf = (func: string) => trees[0].filter((line) => line.startsWith(`${func} in `));
    expect(parentsOf('Query.then')).toEqual(['awaits', 'returns', 'alone'].map((parent) => `Query.then in ${parent}`));
    expect(parentsOf('Rows.[Symbol.asyncIterator]')).toEqual(
      ['iterates', 'iterates', 'alone'].map((parent) => `Rows.[Symbol.asyncIterator] in ${parent}`),
    );
    expect(parentsOf('next')).not.toContain('next in none');
  },
);

test.each(nodes())('are no parents of what is done with their values, on Node $version', async ({ path: node }) => {
  const { records, ...run } = await traced(node, ['generators.cjs']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const calls = new Map(records.flatMap((record) => (record.type === 'call' ? [[record.id, record]] : [])));
  const parents = [...calls.values()].flatMap(({ func, parent }) =>
    func === 'work' ? [calls.get(parent ?? 0)?.func ?? 'none'] : [],
  );
  expect(parents).toEqual([...Array<string>(7).fill('none'), ...Array<string>(6).fill('<anonymous>')]);
});
