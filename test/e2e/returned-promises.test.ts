import { nodes } from '../helpers/node-versions.js';
import { programs, withoutPid } from '../helpers/programs.js';

// Async functions that return a promise without awaiting it.
const { bare, traced } = programs({
  'stacks.cjs': `
async function fails(ms) {
  await new Promise((done) => setTimeout(done, ms));
  throw new Error('lost');
}
async function plain(ms) {
  return fails(ms);
}
const arrow = async (ms) => plain(ms);
async function guarded(ms) {
  try {
    return arrow(ms);
  } finally {
    release();
  }
}
async function overridden(ms) {
  try {
    return Promise.resolve(ms);
  } finally {
    if (ms) return guarded(ms);
  }
}
class Store {
  async load(ms) {
    return overridden(ms);
  }
}
function release() {}
async function main() {
  await new Store().load(2);
}
main().catch((error) => console.log(error.stack.replaceAll(/:\\d+(?=\\)?$)/gm, '').replaceAll(/\\n    at .*node:.*/g, '')));
`,
  // Which microtask comes when.
  'turns.cjs': `
// On older versions of Node, this asks for hooks on promises.
new (require('async_hooks').AsyncLocalStorage)().run(1, () => {});
const order = [];
const value = Promise.resolve(1);
const later = new Promise((done) => setTimeout(done, 2, 2));
const refused = Promise.reject(new Error('no'));
refused.catch(() => {});
const patched = Promise.resolve(3);
patched.then = function (...handlers) { order.push('then'); return Promise.prototype.then.apply(this, handlers); };
async function count(name) {
  for (let turn = 0; turn < 9; turn++) { await null; order.push(name + turn); }
}
const returns = {
  async plain(promise) { return promise; },
  arrow: async (promise) => promise,
  async guarded(promise) { try { return promise; } finally { order.push('finally'); } },
  async caught(promise) { try { return await promise; } catch { return value; } finally { order.push('finally'); } },
  async thrown(promise) { try { return promise; } finally { throw new Error('instead'); } },
  async *generated(promise) { return promise; },
  async *guardedly(promise) { try { return promise; } finally { order.push('finally'); } },
};
(async () => {
  for (const [name, call] of Object.entries(returns)) {
    for (const promise of [value, later, refused, patched]) {
      const counted = count('');
      const given = call(promise);
      const result = given.next ? given.next() : given;
      result.then((got) => order.push(name + ' ' + JSON.stringify(got)), (error) => order.push(name + ' ' + error.message));
      await counted;
      await later;
    }
  }
  console.log(order.join('\\n'));
})();
process.on('unhandledRejection', (error) => order.push('unhandled ' + error.message));
`,
  'settled-once.cjs': `
process.on('multipleResolves', (type, promise, value) => console.log(type, value));
const after = (ms, settle) => new Promise((...settlers) => setTimeout(settlers[settle], ms, 'settled'));
const calls = [
  async (ms) => after(ms, 0),
  async (ms) => after(ms, 1),
  async (ms) => { try { return after(ms, 0); } finally { after(0, 0); } },
  async () => Promise.resolve('at once'),
];
const results = calls.map((call) => call(2).catch((reason) => 'not ' + reason));
Promise.all(results).then((values) => console.log(values));
new Promise((done) => { done('once'); done('twice'); });
`,
});

const RESULTS = [
  ...['arrow 1', 'arrow 2', 'arrow {"$type":"Promise"}'],
  ...['caught 1', 'caught 1', 'caught 2', 'caught 3'],
  ...['generated 1', 'generated 2', 'generated {"$type":"Promise"}'],
  ...['guarded 1', 'guarded 2', 'guarded {"$type":"Promise"}'],
  ...['guardedly 1', 'guardedly 2', 'guardedly {"$type":"Promise"}'],
  ...['plain 1', 'plain 2', 'plain {"$type":"Promise"}'],
];

describe.each(nodes())('on Node $version', ({ path: node }) => {
  test('stacks lead to what awaits the function', async () => {
    const alone = await bare(node, ['stacks.cjs']);
    expect(alone.stdout).toMatch(/^Error: lost\n {4}at fails .*\n {4}at async main /);
    const { records, ...run } = await traced(node, ['stacks.cjs']);
    expect(run).toEqual(alone);
    const failed = records.flatMap((record) => (record.type === 'exception' ? [record.func] : []));
    expect(failed.sort()).toEqual(['Store.load', 'arrow', 'fails', 'guarded', 'main', 'overridden', 'plain']);
  });

  test('microtasks come in the same order', async () => {
    const alone = await bare(node, ['turns.cjs']);
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    const { records, ...run } = await traced(node, ['turns.cjs']);
    expect(run).toEqual(alone);
    const results = records.flatMap((record) =>
      record.type === 'return' && record.func.startsWith('returns.')
        ? [`${record.func.slice('returns.'.length)} ${JSON.stringify(record.return_preview)}`]
        : [],
    );
    expect(results.sort()).toEqual(RESULTS);
  });

  test('their promises are settled once', async () => {
    const alone = withoutPid(await bare(node, ['settled-once.cjs']));
    // Node 26 does not report it.
    expect(alone.stdout).toMatch(/^(resolve twice\n)?\[ 'settled', 'not settled', 'settled', 'at once' \]\n$/);
    const { records, ...run } = await traced(node, ['settled-once.cjs']);
    expect(withoutPid(run)).toEqual(alone);
    expect(records.filter(({ type }) => type === 'return' || type === 'exception').length).toBeGreaterThan(9);
  });
});
