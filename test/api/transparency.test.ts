import { importedOnly } from '../helpers/api.js';
import { eachAtOnce, programs } from '../helpers/programs.js';
import { nodes } from '../helpers/node-versions.js';

// Each program prints what it can see of itself; the three ways to run it must print the same.
const PROGRAMS: Record<string, string> = {
  'promises.mjs': `
    import { session, tracing } from 'handit';
    const order = [];
    const p = Promise.resolve(1);
    const lazy = { then(ok) { order.push('then'); ok(2); } };
    console.log(session({ tag: 'a' }, () => p) === p, tracing({ agent: 'a' }, () => p)() === p);
    console.log(session({ tag: 'a' }, () => lazy) === lazy);
    class Sub extends Promise {}
    const sub = Sub.resolve(3);
    console.log(session({ tag: 'a' }, () => sub) === sub, await sub);
    const tick = (name, n) => { let q = Promise.resolve(); for (let i = 1; i <= n; i++) q = q.then(() => order.push(name + i)); return q; };
    const work = tracing({ agent: 'a' }, async () => { await null; order.push('work'); return 1; });
    const race = tick('t', 12);
    session({ tag: 'a' }, work).then(() => order.push('then of session'));
    (async () => { await session({ tag: 'b' }, async () => { await work(); order.push('in b'); }); order.push('behind b'); })();
    Promise.all([session({ tag: 'c' }, work)]).then(() => order.push('all'));
    session({ tag: 'd' }, async () => { await null; throw new Error('d'); }).catch(() => order.push('caught'));
    await race;
    console.log(order.join());
  `,
  'rejections.cjs': `
    const { session, tracing } = require('handit');
    const seen = [];
    process.on('unhandledRejection', (reason, promise) => console.log('unhandled', reason.message, names.get(promise)));
    process.on('rejectionHandled', (promise) => console.log('handled later', names.get(promise)));
    const names = new Map();
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const failing = tracing({ agent: 'a' }, async (name) => { await pause(1); throw new Error(name); });
    const add = (name, p) => { names.set(p, name); return p; };
    add('floating session', session({ tag: 'a' }, () => failing('one')));
    add('floating async session', session({ tag: 'a' }, async () => { await pause(1); throw new Error('two'); }));
    add('floating call', failing('three'));
    add('handled', session({ tag: 'a' }, () => failing('four'))).catch(() => {});
    const late = add('handled late', session({ tag: 'a' }, () => failing('five')));
    setTimeout(() => late.catch(() => {}), 150);
    setTimeout(() => console.log('end'), 300);
  `,
  'functions.cjs': `
    const { tracing } = require('handit');
    const { inspect } = require('node:util');
    const options = { agent: 'a' };
    const show = (f) => console.log(f.name, f.length, String(f), Object.keys(f), f.constructor.name, 'prototype' in f, Object.prototype.toString.call(f));
    function plain(a, b = 1) { return [this === undefined ? 0 : this.n, a, b, new.target === undefined, arguments.length]; }
    plain.extra = { x: 1 };
    const traced = tracing(options, plain);
    show(traced);
    console.log(traced.call({ n: 9 }, 1), traced.apply({ n: 8 }, [1, 2, 3]), traced.bind({ n: 7 })(0), traced.extra === plain.extra);
    traced.later = 5;
    console.log(plain.later, traced.prototype === plain.prototype, new traced(1).constructor === plain, new traced(1) instanceof traced);
    class Sub extends traced { constructor() { super(1); } }
    console.log(new Sub() instanceof plain, Object.getPrototypeOf(Sub) === traced);
    show(tracing(options, (x) => x));
    show(tracing(options, async (x, y) => x));
    show(tracing(options, function* gen() {}));
    show(tracing(options, async function* agen() {}));
    show(tracing(options, { method(a) {} }.method));
    try { new (tracing(options, () => 1))(); } catch (error) { console.log(error.name); }
    class Account { #secret = 4; static #count = 0; get secret() { return this.#secret; } static next() { return ++this.#count; } method() {} }
    const Traced = tracing(options, Account);
    console.log(Traced === Account, new Traced().secret, Traced.next(), Traced.next(), String(Traced) === String(Account), Traced.prototype.method.name);
    console.log(Object.getOwnPropertyDescriptor(Account.prototype, 'method').enumerable, Reflect.ownKeys(Account), inspect(new Account()));
  `,
  'generators.mjs': `
    import { tracing } from 'handit';
    const log = [];
    function* plain(n) { try { const got = yield n; log.push('got ' + got); yield* [1, 2]; } catch (error) { log.push('caught ' + error.message); yield 'after'; } finally { log.push('finally'); } return 'end'; }
    const traced = tracing({ agent: 'a' }, plain);
    const a = traced(1);
    console.log(a.next('ignored'), a.next('value'), a.throw(new Error('in')), a.next(), a.next());
    const b = traced(2);
    console.log(b.next(), b.return('early'), b.next());
    const c = traced(3);
    console.log(c.return('never begun'), c.next());
    const d = traced(4);
    try { d.throw(new Error('never begun')); } catch (error) { console.log(error.message, d.next()); }
    console.log(a instanceof traced, Object.getPrototypeOf(a) === plain.prototype, a[Symbol.iterator]() === a, Object.keys(a), a.next.length, String(a));
    async function* later(n) { try { yield await n; yield 2; } finally { log.push('closed'); } }
    const e = tracing({ agent: 'a' }, later);
    for await (const x of e(1)) { console.log(x); break; }
    const f = e(1);
    console.log(await Promise.all([f.next(), f.next(), f.next(), f.next()]));
    const failing = tracing({ agent: 'a' }, async function* () { throw new Error('async'); })();
    console.log(await failing.next().catch((error) => error.message), await failing.next());
    console.log(log.join());
  `,
  'uncaught.cjs': `
    const { session, tracing } = require('handit');
    const load = tracing({ agent: 'a' }, function load() {
      throw new RangeError('nobody catches');
    });
    session({ tag: 'a' }, () => load());
  `,
  'async-stack.mjs': `
    import { session, tracing } from 'handit';
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    async function work() { await pause(1); throw new Error('deep'); }
    async function middle() { await session({ tag: 'a' }, () => tracing({ agent: 'a' }, work)()); }
    const frames = (error) => error.stack.split('\\n').filter((line) => !/handit|node:internal/.test(line)).map((line) => line.replace(/:\\d+\\)?$/, ''));
    try { await middle(); } catch (error) { console.log(frames(error).join('\\n')); }
    try { await session({ tag: 'b' }, () => work()); } catch (error) { console.log(frames(error).join('\\n')); }
  `,
};

describe.each(nodes())('on Node $label', ({ path }) => {
  test('a program that uses the API prints the same with the agent, with the import alone and switched off', async () => {
    const project = programs(PROGRAMS);
    const names = Object.keys(PROGRAMS);
    const results = await eachAtOnce(names, 2, async (name) => {
      const off = await project.bare(path, [name], { env: { HANDIT_ENABLED: 'false' } });
      const { records, ...traced } = await project.traced(path, [name]);
      const { records: few, ...imported } = await importedOnly(project, path, [name]);
      return { name, off, traced, imported, recorded: [records.length > 5, few.length > 5] };
    });
    for (const { name, off, traced, imported, recorded } of results) {
      expect(off.stdout === '' ? off.stderr : off.stdout).not.toBe('');
      const visible = (text: string) => text.replace(/\n {4}at .*(?=\n|$)/g, '');
      for (const run of [traced, imported]) {
        expect([name, run.stdout, visible(run.stderr), run.code]).toEqual([
          name,
          off.stdout,
          visible(off.stderr),
          off.code,
        ]);
      }
      expect([name, recorded]).toEqual([name, [true, true]]);
    }
  });
});
