import { callNames } from '../helpers/call-text.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// As soon as a library is loaded, async calls have contexts of their own.
const body = `
const mark = (name) => name;
async function loop(items) { const seen = []; for await (const item of items) seen.push(mark(item)); return seen; }
async function steps() { await null; mark('one'); await null; return mark('two'); }
async function notIterable() { try { for await (const x of 5) mark(x); } catch { await null; return mark('caught'); } }
async function* numbers() { yield mark(1); await null; yield mark(2); }
async function lazy() { const query = { then(done) { mark('query'); done(mark('done')); } }; return await query; }
async function returnsLazy() { return { then(done) { mark('returned query'); done(1); } }; }
async function nested() { const inner = steps(); mark('behind the call'); await inner; return mark('end'); }
async function fails() { await null; throw new Error(mark('no')); }
async function main() {
  for (const step of [() => loop([1]), steps, notIterable, () => loop(numbers()), lazy, returnsLazy, nested]) { await step(); mark('between'); }
  await fails().catch(() => mark('handled'));
  await Promise.all([steps(), loop(['a']), nested()]);
}
await main();
mark('top');
await loop([2]);
mark('top');
await notIterable();
mark('top');
await lazy();
mark('top');
setTimeout(() => mark('timer'), 1);
`;

/** What a library does with a function of the program behind an await of its own. */
const LIBRARY = `
export async function later(callback, ...args) { await null; await new Promise((done) => setTimeout(done, 1)); return callback(...args); }
export class Job { constructor(...args) { this.done = later(...args); } }
export const tag = ([text], callback) => later(callback, text);
export const rows = (...args) => ({ *[Symbol.iterator]() { yield later(...args); } });
export const query = (...args) => ({ then(...settle) { later(...args).then(...settle); } });
`;
/** Each way in which the text of an async function calls something, at once and side by side. */
const waysToCall = `
import { Job, later, query, rows, tag } from 'library';
globalThis.callback = function callback(name) { return name; };
async function calls() { return later(callback, 'call'); }
async function news() { return new Job(callback, 'new').done; }
async function tags() { return tag\`tag${'$'}{callback}\`; }
async function imports() { return import('library/start'); }
async function spreads(list) { return { list: [...list] }; }
async function takes(list) { const [row] = list; return { row }; }
async function loops(list) { for (const row of list) return { row }; }
async function defines() { return class { static { later(callback, 'static'); } }; }
async function waits(lazy) { return await lazy; }
async function gives(lazy) { return lazy; }
async function main(name) {
  await Promise.all([calls(), news(), tags(), spreads(rows(callback, name)), takes(rows(callback, name)), loops(rows(callback, name)),
    defines(), waits(query(callback, name)), gives(query(callback, name)), imports()]);
}
await Promise.all([main('one'), main('two')]);
`;
const callbacks = `
import { later } from 'library';
function callback(name) { return name; }
async function first() { return later(callback, 'first'); }
async function second() { await null; const value = await later(callback, 'second'); await later(callback, 'again'); return value; }
await Promise.all([first(), second(), first()]);
await later(callback, 'top');
`;

describe.each(nodes())('with a library on Node $version', ({ path }) => {
  test('the call tree and the output are those without one', async () => {
    const { bare, traced } = programs({
      'without.mjs': body,
      'with.mjs': `import 'library';${body}`,
      'node_modules/library/package.json': '{"type":"module","exports":"./index.js"}',
      'node_modules/library/index.js': LIBRARY,
    });
    const [without, plain] = [await traced(path, ['without.mjs']), await bare(path, ['with.mjs'])];
    const { records, ...result } = await traced(path, ['with.mjs']);
    expect(result).toEqual(plain);
    expect(callNames(records)).toBe(callNames(without.records));
    expect(callNames(records)).toBe(
      'main(<anonymous>(loop(mark)), mark, steps(mark, mark), mark, notIterable(mark), mark, ' +
        '<anonymous>(loop(numbers(mark, mark), mark, mark)), mark, lazy(query.then(mark, mark)), mark, ' +
        'returnsLazy(then(mark)), mark, nested(steps(mark, mark), mark, mark), mark, fails(mark), fails().catch callback(mark), ' +
        'steps(mark, mark), loop(mark), nested(steps(mark, mark), mark, mark)), mark, loop(mark), mark, ' +
        'notIterable(mark), mark, lazy(query.then(mark, mark)), mark, setTimeout callback(mark)',
    );
  });

  test('its callbacks are below the async call that called it', async () => {
    const { traced } = programs({
      'app.mjs': callbacks,
      'node_modules/library/package.json': '{"type":"module","exports":"./index.js"}',
      'node_modules/library/index.js': LIBRARY,
    });
    const { records } = await traced(path, ['app.mjs']);
    expect(callNames(records)).toBe('first(callback), second(callback, callback), first(callback), callback');
  });

  test('its callbacks are below the async call whose text calls anything of it', async () => {
    const { traced } = programs({
      'app.mjs': waysToCall,
      'node_modules/library/package.json': '{"type":"module","exports":{".":"./index.js","./start":"./start.js"}}',
      'node_modules/library/index.js': LIBRARY,
      'node_modules/library/start.js': "import { later } from 'library'; await later(callback, 'import');",
    });
    const { records } = await traced(path, ['app.mjs']);
    const ways = 'calls news tags spreads takes loops defines waits gives'.split(' ');
    const below = ways.map((name) => `${name}(callback)`).join(', ');
    // A module is evaluated once.
    expect(callNames(records)).toBe(`main(${below}, imports(callback)), main(${below}, imports)`);
  });
});
