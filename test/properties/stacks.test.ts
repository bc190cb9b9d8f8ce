import fc from 'fast-check';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// Chains of async functions of every kind, each of which calls the next; the last one fails. The stack that the program
// gets leads through all of them, and comes in the same microtask.

/** Bodies of `async function f(a)`; `$` is the call of the next one. */
const BODIES = [
  'return await $;',
  'return $;',
  'return (await $) + 1;',
  'try { return $; } finally { a++; }',
  'try { return await $; } finally { await null; }',
  'try { throw 1 } catch { return $; } finally { if (a > 9) return 5; }',
  'await null; let x; try { x = await $; } catch (error) { await null; throw error; } return x;',
  'const [x] = await Promise.all([$, 1]); return x;',
  'const [x] = await Promise.allSettled([$]); if (x.reason) throw x.reason;',
  'return await Promise.any([$]).catch((error) => { throw error.errors[0]; });',
  'async function* each() { yield await $; }\nfor await (const x of each()) { return x; }',
  'async function* each() { yield $; }\nfor await (const x of each()) { return x; }',
  'async function* each() { return $; }\nreturn (await each().next()).value;',
  'async function* each() { yield await $; }\nasync function* all() { yield* each(); }\nreturn (await all().next()).value;',
  'class Store { async load() { await null;\nreturn $; }\nstatic async of() { return new Store().load(); } }\nreturn Store.of();',
  'return $.then((x) => x);',
  'return Promise.resolve(a).then(async () => { return await $; });',
  'return Promise.resolve(a).then(() => $);',
  'return await { then(done, failed) { return $.then(done, failed); } };',
  'return { then(done, failed) { return $.then(done, failed); } };',
  'return new Promise((done, failed) => { $.then(done, failed); });',
  'return library.call(async () => { return $; });',
  'await library.each([a], async () => { await $; });',
  'for (const x of [a]) await $;',
  'switch (a) { case 1: return $; }',
  'const arrow = async () => $;\nreturn arrow();',
  'const plain = () => $;\nreturn plain();',
];
const FAILURES = [
  'await null; throw new Error("end");',
  'await new Promise((done) => setTimeout(done, 1)); throw new Error("end");',
  'throw new Error("end");',
  'await null; null.x;',
  'return Promise.reject(new Error("end"));',
];

function chain(bodies: readonly number[], failure: number, id: number): string {
  const calls = bodies.map((body, i) => {
    const next = `f${i + 1}(a)`;
    return `async function f${i}(a) {\n${BODIES[body].replace('$', () => next)}\n}`;
  });
  const last = `async function f${bodies.length}(a) {\n${FAILURES[failure]}\n}`;
  return `await check(${id}, async () => {\n${[...calls, last].join('\n')}\nawait f0(1);\n});`;
}

const program = (chains: readonly string[], before: string): string => `
${before}
Error.stackTraceLimit = 100;
async function check(id, run) {
  let turns = 0;
  let going = true;
  (async () => { while (going && turns < 99) { await null; turns++; } })();
  try {
    await run();
  } catch (error) {
    const lines = error.stack.split('\\n').filter((line) => !/node:|agent\\.cjs/.test(line));
    console.log(id, turns, lines.map((line) => line.replace(/:\\d+(?=\\)?$)/, '')).join('\\n'));
  }
  going = false;
}
(async () => {
${chains.join('\n')}
})();
`;

const chains = fc.sample(
  fc.tuple(fc.array(fc.nat(BODIES.length - 1), { minLength: 1, maxLength: 5 }), fc.nat(FAILURES.length - 1)),
  { numRuns: 150, seed: 20 },
);
// Each alone as well.
const alone = BODIES.map((_, i) => chain([i], i % FAILURES.length, 1000 + i));
const all = [...alone, ...chains.map(([bodies, failure], id) => chain(bodies, failure, id))];
const LIBRARY = `const library = require('library');`;
const { bare, traced } = programs({
  'node_modules/library/index.js': `
exports.call = async (run) => { await null; return run(); };
exports.each = async (values, run) => { for (const value of values) await run(value); };`,
  'plain.cjs': program(
    all.filter((text) => !text.includes('library')),
    '',
  ),
  'library.cjs': program(all, LIBRARY),
  'context.cjs': program(all, `${LIBRARY} new (require('async_hooks').AsyncLocalStorage)().run(1, () => {});`),
});

describe.each(nodes())('on Node $version', ({ path: node }) => {
  test.each(['plain.cjs', 'library.cjs', 'context.cjs'])('%s', async (file) => {
    const plain = await bare(node, [file], { flag: '--require' });
    expect(plain.code).toBe(0);
    expect(plain.stdout.match(/at async f\d /g)!.length).toBeGreaterThan(50);
    expect(plain.stdout.match(/^\d+ \d+ /gm)!.length).toBeGreaterThan(100);
    const recorded = await traced(node, [file], { flag: '--require' });
    expect(recorded.stdout.split(/^(?=\d+ \d+ )/m)).toEqual(plain.stdout.split(/^(?=\d+ \d+ )/m));
  });
});
