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
