import { isFrom, nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// With a library loaded, async functions have contexts of their own: what the program keeps in its contexts is its business.
const program = `
import 'library';
import { AsyncLocalStorage } from 'node:async_hooks';
const lines = [];
const steps = {
  nothing() {},
  enters({ one }) { one.enterWith('entered'); },
  entersAnother({ two }) { two.enterWith('entered'); },
  entersNothing({ one }) { one.enterWith(undefined); },
  disables({ one }) { one.disable(); },
  disablesAnother({ two }) { two.disable(); },
  entersFor({ one, two }) { one.disable(); two.enterWith('other'); },
};
const calls = {
  async returns(step, at) { step(at); at.note('returns'); },
  async fails(step, at) { step(at); at.note('fails'); throw new Error(); },
  async waits(step, at) { at.note('begins'); step(at); await null; at.note('went on'); await null; at.note('again'); },
  async later(step, at) { await null; at.note('went on'); step(at); await null; at.note('again'); },
  async nests(step, at) { const inner = calls.waits(step, at); at.note('behind'); await inner; at.note('after'); },
};
async function around(call, step, atOnce, at) {
  at.note('start');
  const promise = call(step, at).catch(() => at.note('caught'));
  at.note('called');
  atOnce(at);
  at.note('stepped');
  await promise;
  at.note('awaited');
}
const starts = {
  bare: (at, go) => go(),
  inOne: ({ one }, go) => one.run('run', go),
  inTwo: ({ two }, go) => two.run('run', go),
  inBoth: ({ one, two }, go) => one.run('run', () => two.run('run', go)),
};
const disables = ({ name }) => /^disables|For$/.test(name);
for (const start in starts) for (const call in calls) for (const step in steps) for (const atOnce in steps) {
  // What is disabled while calls wait is so in contexts that they share without us.
  if (disables(steps[atOnce]) ? /wait|nest|later/.test(call) : disables(steps[step]) && call === 'later') continue;
  const [one, two] = [new AsyncLocalStorage(), new AsyncLocalStorage()];
  one.enterWith(undefined);
  two.enterWith(undefined);
  const note = (text) => lines.push([start, call, step, atOnce, text, one.getStore(), two.getStore()].join());
  const at = { one, two, note };
  await starts[start](at, () => around(calls[call], steps[step], steps[atOnce], at));
  note('end');
  one.disable();
  two.disable();
}
console.log(lines.join('\\n'));
`;

// Before the agent is loaded.
const counting = `
const { AsyncLocalStorage } = require('async_hooks');
const { enterWith } = AsyncLocalStorage.prototype;
let copies = 0;
AsyncLocalStorage.prototype.enterWith = function (store) { copies++; enterWith.call(this, store); };
process.on('exit', () => console.log(copies));
`;
const called = `
import 'library';
async function waits() { await null; await null; }
async function calls() { waits(); await waits(); }
for (let i = 0; i < 50; i++) await calls();
`;
const watched = `
import { createHook } from 'node:async_hooks';
const types = [];
createHook({ init(id, type) { types.push(type); } }).enable();
${called}
console.log(types.join());
`;

const { bare, traced } = programs({
  'app.mjs': program,
  'counting.cjs': counting,
  'called.mjs': called,
  'watched.mjs': watched,
  'node_modules/library/package.json': '{"type":"module","exports":"./index.js"}',
  'node_modules/library/index.js': 'export {};',
});

test.each(nodes())('the stores of a program are what they are without us, on Node $version', async ({ path: node }) => {
  const alone = await bare(node, ['app.mjs']);
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  const { records, ...run } = await traced(node, ['app.mjs']);
  expect(run.stdout.split('\n')).toEqual(alone.stdout.split('\n'));
  expect(run).toEqual(alone);
  expect(records.length).toBeGreaterThan(1000);
});

test.each(nodes().filter(({ version }) => isFrom(version, '24.0')))(
  'a context is copied once, not for each call, on Node $version',
  async ({ path: node }) => {
    const { records, ...run } = await traced(node, ['--require', './counting.cjs', 'called.mjs']);
    expect(run).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
    expect(records.length).toBeGreaterThan(300);
  },
);

test.each(nodes())('who watches resources sees none of ours, on Node $version', async ({ path: node }) => {
  const alone = await bare(node, ['watched.mjs']);
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  const { records, ...run } = await traced(node, ['watched.mjs']);
  expect(run).toEqual(alone);
  expect(records.length).toBeGreaterThan(300);
});
