import { transformSync as swc } from '@swc/core';
import { transformSync as esbuild } from 'esbuild';
import ts from 'typescript';
import { instrument } from '../../src/transform/index.js';
import type { FunctionInfo, IncomingMap, Instrumented } from '../../src/transform/types.js';

const source = [
  'export interface Item { name: string; price: number }',
  'export class Cart {',
  '  #items: Item[] = [];',
  '  label = (prefix: string): string => prefix + this.owner;',
  '  constructor(private readonly owner: string) {}',
  '  add(item: Item, { twice = false }: { twice?: boolean } = {}): this { this.#items.push(item); return this; }',
  '  get size(): number { return this.#items.length; }',
  '  set size(value: number) { this.#items.length = value; }',
  '  static async from(names: string[]): Promise<Cart> {',
  '    const cart = new Cart("made");',
  '    for (const name of names) cart.add({ name, price: await priceOf(name) });',
  '    return cart;',
  '  }',
  '  *[Symbol.iterator](): Iterator<Item> { yield* this.#items; }',
  '  async total(rate: number): Promise<number> { return this.#items.reduce((sum, { price }) => sum + price, 0) * rate; }',
  '}',
  'async function priceOf(name: string): Promise<number> { await null; return name.length; }',
  'export default async (a: number, b = 2): Promise<number> => { await null; return a + b; };',
  'export async function* steps(n: number) { for (let i = 0; i < n; i++) yield i; }',
  'export async function empty(): Promise<void> {}',
  'export enum Color { Red, Green }',
  'namespace Inner { export function deep(v: number) { return v + 1; } }',
  'export const deeper = () => Inner.deep(1);',
  'export const paint = (c: Color, later: () => void = () => void deeper()): string => (later(), Color[c]);',
  '',
].join('\n');

interface Compiled {
  code: string;
  map: string;
}

function byTypeScript(target: ts.ScriptTarget): Compiled {
  const compilerOptions = { target, module: ts.ModuleKind.CommonJS, sourceMap: true, inlineSources: true };
  const { outputText, sourceMapText } = ts.transpileModule(source, { fileName: 'cart.ts', compilerOptions });
  return { code: outputText, map: sourceMapText! };
}

function byEsbuild(target: string, minify: boolean, keepNames = false): Compiled {
  return esbuild(source, {
    ...{ loader: 'ts', format: 'cjs', target, minify, keepNames },
    ...{ sourcemap: 'external', sourcefile: 'cart.ts' },
  });
}

function bySwc(target: 'es2015' | 'es2022', minify: boolean): Compiled {
  const { code, map } = swc(source, {
    ...{ filename: 'cart.ts', sourceMaps: true, minify, module: { type: 'commonjs' } },
    jsc: { target, parser: { syntax: 'typescript' }, minify: minify ? { compress: true, mangle: true } : undefined },
  });
  return { code, map: map! };
}

function mapTo(text: string | undefined, json: string, reasons: string[] = []): IncomingMap {
  return {
    json,
    original: () => ({ path: 'src/cart.ts', filename: '/p/src/cart.ts', text }),
    unusable: (reason) => reasons.push(reason),
  };
}

function rewritten({ code }: Compiled, map?: IncomingMap): Instrumented {
  return instrument(code, '/p/dist/cart.js', { kind: 'commonjs', runtimeUrl: 'x', map })!;
}

const shown = (functions: readonly FunctionInfo[]): string[] =>
  functions
    .map(
      ({ name, line, column, kind, async, generator, params }) =>
        `${line}:${column} ${async ? 'async ' : ''}${generator ? '*' : ''}${kind} ${name}(${params.join(', ')})`,
    )
    .sort();

const written = instrument(source, '/p/src/cart.ts', { kind: 'module', runtimeUrl: 'x' })!;

test.each([
  ['TypeScript to ES2022', byTypeScript(ts.ScriptTarget.ES2022)],
  ['TypeScript to ES2015', byTypeScript(ts.ScriptTarget.ES2015)],
  ['esbuild to ES2022', byEsbuild('es2022', false)],
  ['esbuild to ES2015', byEsbuild('es2015', false)],
  ['esbuild, minified', byEsbuild('es2022', true)],
  ['esbuild, minified to ES2015 with names kept', byEsbuild('es2015', true, true)],
  ['swc to ES2022', bySwc('es2022', false)],
  ['swc to ES2015', bySwc('es2015', false)],
  ['swc, minified', bySwc('es2022', true)],
])('finds each function as it was written behind %s, and no helper', (_, compiled) => {
  const { functions } = rewritten(compiled, mapTo(source, compiled.map));
  expect(new Set(functions.map(({ path }) => path))).toEqual(new Set(['src/cart.ts']));
  expect(shown(functions)).toEqual(shown(written.functions));
});
