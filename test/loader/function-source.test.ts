import { isFrom, nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const types = `
class Cart<T> {
  #items: T[] = [];
  add(item: T, ...more: T[]): this { this.#items.push(item, ...more); return this; }
  get size(): number { return this.#items.length as number; }
}
const double = (price: number): number => price * 2;
console.log(String(Cart));
console.log(String(Cart.prototype.add), double.toString(), new Cart<number>().add(1, 2).size, double(2));
`;

const withTypes = nodes().filter(({ version }) => isFrom(version, '22.18'));

test.each(withTypes)('a TypeScript function shows the text that Node runs on Node $version', async ({ path }) => {
  const { bare, traced } = programs({ 'main.ts': types, 'main.cts': types, 'main.mts': types });
  for (const name of ['main.ts', 'main.cts', 'main.mts']) {
    const plain = await bare(path, [name]);
    const { records, ...result } = await traced(path, [name]);
    expect(result).toEqual(plain);
    expect(plain.stdout).toContain('class Cart');
    expect(records.filter(({ type }) => type === 'call').length).toBeGreaterThan(2);
  }
});

// The same first function is inside of several texts, which differ in length only.
const nested = `
class Box { add(x = (() => 1)()) { return x; } static get it() { return () => this; } }
function outer(make = () => 2) { return function inner(deep = (n) => n) { return deep(3); }; }
const all = [Box, Box.prototype.add, outer, outer(), Object.getOwnPropertyDescriptor(Box, 'it').get, Box.it, all2];
function all2() { return all.map(String); }
const once = all2(), again = all2().reverse().reverse();
for (const fn of [...all].reverse()) once.push(fn.toString());
console.log(JSON.stringify([once, again]), String(new Box().add()), outer()());
`;

test('texts that contain one another are told apart, however often they are asked for', async () => {
  const { bare, traced } = programs({ 'main.js': nested, 'main.mjs': nested });
  for (const name of ['main.js', 'main.mjs']) {
    const plain = await bare(process.execPath, [name]);
    const { records, ...result } = await traced(process.execPath, [name]);
    expect(result).toEqual(plain);
    expect(records.filter(({ type }) => type === 'call').length).toBeGreaterThan(4);
  }
});
