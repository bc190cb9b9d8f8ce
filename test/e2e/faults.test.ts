import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eachAtOnce } from '../helpers/programs.js';
import { nodes } from '../helpers/node-versions.js';
import { cleanEnv, repository, tempProject } from '../helpers/run.js';

// Preloaded before the agent: one function of Node or of the language throws whenever handit's own code calls it, from
// the beginning or from the program's first line on. Where the program calls it, it works.
const faults = `
const [target, from] = process.env.FAULT.split(' ');
const roots = { fs: require('fs'), path: require('path'), url: require('url'), crypto: require('crypto'), types: require('util').types, module: require('module'), process };
const names = target.split('.');
const name = names.pop();
let holder = names[0] in roots ? roots[names.shift()] : globalThis;
for (const each of names) holder = holder[each];
const original = holder[name];
const { apply, construct } = Reflect;
const { writeSync } = roots.fs;
let [calls, inside] = [0, false];
function isOurs() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  const line = stack.slice(stack.lastIndexOf('\\n'));
  return line.includes('/dist/') && !line.includes('faults.cjs');
}
function faulty(...args) {
  if (!inside) {
    inside = true;
    const ours = isOurs();
    inside = false;
    if (ours) {
      if (++calls === 1) writeSync(3, 'met');
      if (from === 'start' || globalThis.running) throw new Error('injected into ' + target);
    }
  }
  return new.target ? construct(original, args) : apply(original, this, args);
}
Object.setPrototypeOf(faulty, original);
Object.defineProperty(holder, name, { ...Object.getOwnPropertyDescriptor(holder, name), value: faulty });
`;

const files = {
  'faults.cjs': faults,
  'app.cjs': `
globalThis.running = true;
const { helper } = require('./lib.cjs');
class Money { constructor(cents) { this.cents = cents; } get text() { return String(this.cents / 100); } }
function add(a, b) { return a + b; }
async function later(x) { await Promise.all([soon(x)]); await soon(x); return helper(x); }
function soon(x) { return Promise.resolve(x); }
function* generate(n) { for (let i = 0; i < n; i++) yield i; }
function fails(error) { throw error; }
const login = ({ password, user }) => ({ user, token: password });
let sum = 0;
for (let i = 0; i < 10000; i++) sum = add(sum, i % 7);
try { fails(new TypeError('caught', { cause: new Error('why') })); } catch (error) { console.log(error.message, error.cause.message); }
try { fails('text'); } catch (error) { console.log(error); }
console.log(sum, [...generate(3)].join(), new Money(1234).text, login({ user: 'u', password: 'p' }).user);
helper(new Map([['a', new Set([1, 2n, Symbol('s')])]]), new Date(0), /x/g, Buffer.from('a'), [1, , 3], new Error('in'),
  'x'.repeat(1000), new Uint8Array(3), new Proxy({}, {}), NaN, -0, null, undefined, () => 1, new ArrayBuffer(2), Object(1), 'é"');
(async () => {
  console.log(JSON.stringify(await later({ deep: [{ a: { b: { c: 1 } } }] })));
  await new Promise((done) => setTimeout(function tick() { console.log('tick', add(1, 2)); done(); }, 5));
  console.log((await import('./module.mjs')).double(4));
  process.exitCode = 9;
})();
process.on('exit', (code) => console.log('exit', code));
`,
  'lib.cjs': 'exports.helper = function helper(first, ...rest) { return first; };\n',
  'module.mjs': 'export const double = (n) => n * 2;\n',
};

/** What handit's code calls, by the step that it would break. */
const steps = {
  starting: 'process.cwd crypto.randomBytes path.resolve Buffer.allocUnsafeSlow setTimeout',
  loading: 'path.relative path.join url.fileURLToPath fs.readFileSync fs.existsSync crypto.createHash JSON.parse',
  caching: 'fs.writeFileSync fs.renameSync fs.mkdirSync path.dirname',
  naming: 'RegExp.prototype.test String.prototype.split String.prototype.startsWith String.prototype.replace',
  registering: 'Array.prototype.map Array.prototype.push Array.prototype.forEach Object.entries',
  previewing:
    'types.isProxy types.isMap types.isSet types.isDate types.isNativeError types.isTypedArray Object.keys Object.hasOwn ' +
    'Object.getPrototypeOf Object.getOwnPropertyDescriptor Array.isArray Map.prototype.get Map.prototype.set ' +
    'Map.prototype.entries Set.prototype.values Date.prototype.getTime String.prototype.slice RegExp.prototype.exec',
  recording:
    'types.isPromise WeakMap.prototype.get WeakMap.prototype.set Buffer.prototype.utf8Write DataView.prototype.setUint32',
  clock: 'process.hrtime.bigint',
  encoding: 'Buffer.prototype.utf8Slice Buffer.byteLength JSON.stringify',
  writing: 'fs.openSync fs.fstatSync fs.writeSync fs.closeSync',
  ending: 'Array.prototype.at process.rawListeners',
};
const attempts = Object.entries(steps).flatMap(([step, text]) =>
  text.split(' ').map((target) => `${target} ${step === 'starting' ? 'start' : 'run'}`),
);

async function run(cwd: string, node: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(node, [...args, 'app.cjs'], {
    ...{ cwd, env: { ...cleanEnv(), ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  });
  const texts = ['', '', '', ''];
  for (const fd of [1, 2, 3]) child.stdio[fd]!.on('data', (text: Buffer) => (texts[fd] += text.toString()));
  const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(deadline);
  return { result: { stdout: texts[1], code, signal }, stderr: texts[2], met: texts[3].includes('met') };
}

// Each fault on one of the Node lines: all of them on all take minutes.
describe.each(nodes().map((line, index, { length }) => ({ ...line, index, length })))(
  'on Node $label',
  ({ path: node, index, length }) => {
    test('whatever in handit throws, the program runs as without it', async () => {
      const bare = await run(tempProject(files), node, []);
      expect(bare).toMatchObject({ result: { code: 9, signal: null }, stderr: '' });
      const own = attempts.filter((_, i) => process.env.HANDIT_TEST_ALL_FAULTS || i % length === index);
      expect(own.length).toBeGreaterThan(10);
      const hit = new Set<string>();
      const wrong = await eachAtOnce(own, 2, async (fault) => {
        const cwd = tempProject({ ...files, 'node_modules/.keep': '' });
        const preload = ['--require', './faults.cjs', '--require', join(repository, 'dist/register.cjs')];
        const { result, stderr, met } = await run(cwd, node, preload, { FAULT: fault });
        if (met) hit.add(fault);
        const foreign = stderr.split('\n').filter((line) => !/^(handit: .*|Error: injected .*| +at .*|)$/.test(line));
        const said = stderr.split('\n').filter((line) => line.startsWith('handit: '));
        const same = JSON.stringify(result) === JSON.stringify(bare.result);
        return same && foreign.length === 0 && said.length <= 2 ? [] : [{ fault, ...result, stderr, met }];
      });
      expect(wrong.flat()).toEqual([]);
      // One that handit did not call proves nothing; a few belong to another Node line, or to a cold cache.
      expect(own.filter((fault) => !hit.has(fault)).length).toBeLessThan(own.length / 4);
    });
  },
);
