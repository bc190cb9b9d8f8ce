import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// Tests replace functions of Node's modules and count their calls, while modules are loaded for the first time.
const project = programs({
  'main.mjs': `
import { createRequire, syncBuiltinESMExports } from 'node:module';
const require = createRequire(import.meta.url);
const called = new Set();
function spyOn(owner, label) {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const { value, writable } = Object.getOwnPropertyDescriptor(owner, name);
    if (!writable || typeof value !== 'function' || name === 'constructor') continue;
    const spy = function (...args) {
      const caller = new Error().stack.split('\\n')[2];
      if (/[\\\\/]handit[\\\\/]dist[\\\\/]/.test(caller)) called.add(label + '.' + name);
      return new.target ? Reflect.construct(value, args, new.target) : Reflect.apply(value, this, args);
    };
    Object.defineProperties(spy, Object.getOwnPropertyDescriptors(value));
    owner[name] = spy;
  }
}
for (const name of ['fs', 'path', 'url', 'os', 'vm', 'util', 'crypto', 'module', 'diagnostics_channel']) spyOn(require(name), name);
spyOn(JSON, 'JSON');
syncBuiltinESMExports();
const lib = require('./lib.cjs');
const { late } = await import('./late.mjs');
console.log(late(lib.add(3, 4)));
require('./mapped.cjs').mapped();
try { lib.throws({ password: 'p' }) } catch (error) { console.log(error.message) }
await new Promise((done) => setTimeout(done, 50));
console.log([...called]);`,
  'late.mjs': 'export function late(n) { return { n, when: new Date(0), pattern: /x/, map: new Map([[1, [2]]]) } }',
  'lib.cjs':
    'exports.add = function add(a, b) { return a + b };\nexports.throws = function throws(o) { throw new Error("no") };',
  'mapped.cjs': 'exports.mapped = function mapped() { return 1 };\n//# sourceMappingURL=mapped.cjs.map',
  'mapped.cjs.map': JSON.stringify({
    version: 3,
    sources: ['mapped.ts'],
    names: [],
    mappings: 'AAAA',
    sourcesContent: ['export function mapped() { return 1 }'],
  }),
});

test.each(nodes())('functions that a program replaces are not called by handit on Node $version', async ({ path }) => {
  const args = ['main.mjs'];
  const plain = await project.bare(path, args);
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  // The second time, the cache has what was rewritten.
  for (const names of ['first', 'second']) {
    const { records, ...traced } = await project.traced(path, args);
    expect({ names, ...traced }).toEqual({ names, ...plain });
    const functions = records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
    expect(functions).toEqual(expect.arrayContaining(['add', 'throws', 'late', 'mapped']));
  }
});
