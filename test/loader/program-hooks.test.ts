import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callNames } from '../helpers/call-text.js';
import { nodes as allNodes } from '../../scripts/node-versions.mjs';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { eachAtOnce, programs, withoutPid, type Programs } from '../helpers/programs.js';
import { hasSyncHooks } from '../../src/node-features.js';
import type { TraceRecord } from '../../src/trace-format.js';

const flags = ['--import', '--require'] as const;
const env = { NODE_NO_WARNINGS: '1' };

/** Runs it both ways with both preloads: nothing differs but that there is a trace. */
async function sameOutput(project: Programs, path: string, file: string): Promise<TraceRecord[][]> {
  return eachAtOnce(flags, 2, async (flag) => {
    const plain = await project.bare(path, [file], { flag, env });
    const { records, ...recorded } = await project.traced(path, [file], { flag, env });
    expect({ flag, ...withoutPid(recorded) }).toEqual({ flag, ...withoutPid(plain) });
    expect({ flag, code: plain.code, stderr: plain.stderr }).toEqual({ flag, code: 0, stderr: '' });
    return records;
  });
}

describe('cycles of ES modules', () => {
  const project = programs({
    'barrel.mjs': `import { user } from './index.mjs';\nconsole.log(user);`,
    'index.mjs': `export * from './schema.mjs';\nexport * from './define.mjs';`,
    'schema.mjs': `import { define } from './index.mjs';\nexport const user = define('user');`,
    'define.mjs': `export function define(name) { return helper(name) }\nfunction helper(name) { return { name } }`,
    'dynamic.cjs': `import('./index.mjs').then(({ user }) => console.log(user));`,
    'three.mjs': `import './two.mjs';\nexport function a() { return 'a' }\nawait null;\nconsole.log('three');`,
    'two.mjs': `import './one.mjs';\nexport function b() { return 'b' }\nconsole.log('two');`,
    'one.mjs': `import { a } from './three.mjs';\nimport { b } from './two.mjs';\nimport data from './data.json' with { type: 'json' };\nimport fs from 'node:fs';\nconsole.log(a(), b(), data, typeof fs);\nconsole.log((await import('./define.mjs')).define('late'));`,
    'data.json': '{"x":1}',
  });

  test.each(nodes())('call functions before their module is evaluated on Node $version', async ({ path }) => {
    for (const [file, calls] of [
      ['barrel.mjs', 'define(helper)'],
      ['dynamic.cjs', 'define(helper), import().then callback'],
      ['three.mjs', 'a, b, define(helper)'],
    ]) {
      const all = await sameOutput(project, path, file);
      expect([file, ...all.map(callNames)]).toEqual([file, calls, calls]);
    }
  });
});

describe("the program's asynchronous hooks", () => {
  const project = programs({
    'hooks.mjs': `
import { map } from './table.mjs';
let lazy;
export async function resolve(specifier, context, next) {
  if (specifier === '#lib') lazy ??= await import('./lazy.mjs');
  if (/handit/.test(specifier)) throw new Error('asked for ' + specifier);
  const path = map(specifier);
  return path ? { url: new URL(path, import.meta.url).href, shortCircuit: true } : next(specifier, context);
}
export async function load(url, context, next) {
  const result = await next(url, context);
  if (!url.endsWith('/lib.mjs')) return result;
  return { ...result, source: String(Buffer.from(result.source)).replace('return a + b;', 'return a * b;') };
}`,
    'table.mjs': `export function map(specifier) { return specifier === '#lib' ? './lib.mjs' : undefined }`,
    'lazy.mjs': `export const lazy = (() => 1)();`,
    'lib.mjs': `import { map } from './table.mjs';\nexport function add(a, b) {\n  return a + b;\n}\nmap('#other');`,
    'main.mjs': `import { register } from 'node:module';
register('./hooks.mjs', import.meta.url);
const { add } = await import('#lib');
function lazy() { return import('./lazy.mjs') }
console.log(add(3, 4), (await lazy()).lazy, register.name, register.length, String(register).includes('handit'));`,
    'main.cjs': `require('node:module').register('./hooks.mjs', require('node:url').pathToFileURL(__filename));
import('#lib').then(({ add }) => console.log(add(3, 4)));`,
    'absent.mjs': `import { register } from 'node:module';
try { register('./absent-hooks.mjs', import.meta.url) } catch (error) { console.log(error.code) }
try { register(5) } catch (error) { console.log(error.code) }
(function after() { console.log('goes on') })();`,
  });

  test.each(nodes())('get what is on disk, and what they make of it is recorded on Node $version', async ({ path }) => {
    for (const [file, calls] of [
      ['main.mjs', 'map, add, lazy, <anonymous>'],
      ['main.cjs', 'map, import().then callback(add)'],
      ['absent.mjs', 'after'],
    ]) {
      const all = await sameOutput(project, path, file);
      expect([file, ...all.map(callNames)]).toEqual([file, calls, calls]);
      expect(all.flat().filter(({ type }) => type === 'skipped')).toEqual([]);
    }
  });
});

describe("the program's synchronous hooks", () => {
  const project = programs({
    'main.mjs': `
import { createRequire, registerHooks } from 'node:module';
registerHooks({ resolve: (specifier, context, next) => {
  if (/handit/.test(specifier)) throw new Error('asked for ' + specifier);
  return next(specifier, context);
} });
registerHooks({ load: (url, context, next) => {
  if (url.endsWith('.foo')) return { format: 'module', shortCircuit: true, source: 'export function foo() { return inFoo(1) }\\nfunction inFoo(x) { return x + 1 }' };
  const result = next(url, context);
  if (!/lib\\.[cm]js$/.test(url)) return result;
  return { ...result, source: String(Buffer.from(result.source)).replace('return a + b;', 'return a * b;') };
} });
const { add } = await import('./lib.mjs');
const { foo } = await import('./x.foo');
const lib = createRequire(import.meta.url)('./lib.cjs');
console.log(add(3, 4), foo(), lib.add(3, 4), registerHooks.name, registerHooks.length, String(registerHooks).includes('handit'));`,
    'x.foo': '',
    'first.mjs': `import { registerHooks } from 'node:module';\nglobalThis.registered = (hooks) => registerHooks(hooks);`,
    'second.mjs': `
registered({ load: (url, context, next) => {
  const result = next(url, context);
  return url.endsWith('lib.mjs') ? { ...result, source: String(Buffer.from(result.source)).replace('return a + b;', 'return a * b;') } : result;
} });
const { add } = await import('./lib.mjs');
console.log(add(3, 4));`,
    'lib.mjs': `export function add(a, b) {\n  return a + b;\n}`,
    'lib.cjs': `exports.add = function add(a, b) {\n  return a + b;\n};`,
  });
  // Also where ours are in a thread of their own.
  const lines = allNodes().filter(({ version }) => isFrom(version, '22.15'));

  test.each(lines)('get what is on disk, and what they make of it is recorded on Node $version', async ({ path }) => {
    for (const records of await sameOutput(project, path, 'main.mjs')) {
      const names = records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
      expect(names.filter((name) => !['resolve', 'load'].includes(name))).toEqual(['add', 'foo', 'inFoo', 'add']);
    }
  });

  test.each(lines)('may be registered by what an earlier preload has imported on Node $version', async ({ path }) => {
    const options = { env: { ...env, NODE_OPTIONS: '--import ./first.mjs' } };
    expect((await project.bare(path, ['second.mjs'], options)).stdout).toBe('12\n');
    expect((await project.traced(path, ['second.mjs'], options)).stdout).toBe('12\n');
  });
});

describe('what the program has put into the loader', () => {
  const project = programs({
    'main.mjs': `
import * as nodeModule from 'node:module';

import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
const { Module } = nodeModule;
const asked = [];
nodeModule.registerHooks?.({
  resolve(specifier, context, next) { asked.push('resolve ' + specifier); return next(specifier, context) },
  load(url, context, next) { asked.push('load ' + url.split('/').at(-1)); return next(url, context) },
});
for (const [owner, name] of [[Module, '_load'], [Module, '_resolveFilename'], [Module.prototype, 'require'], [Module._extensions, '.node']]) {
  const original = owner[name];
  owner[name] = function (...args) {
    asked.push(name + ' ' + (typeof args[0] === 'string' ? args[0].split('/').at(-1) : args[1].split('/').at(-1)));
    return original.apply(this, args);
  };
}
const lib = nodeModule.createRequire(import.meta.url)('./lib.cjs');
console.log(lib.add(3, 4));
await import('./late.mjs');
const server = createServer((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('{"a":1}')));
await new Promise((listening) => server.listen(0, listening));
console.log(await (await fetch('http://localhost:' + server.address().port)).json());
server.closeAllConnections();
await new Promise((closed) => server.close(closed));
console.log(asked);`,
    'late.mjs': 'export function late() {}\nlate();',
    'lib.cjs': '',
  });

  test.each(allNodes())('is not asked for what handit loads on Node $version', async ({ path }) => {
    const lib = (sum: string): void =>
      writeFileSync(join(project.folder, 'lib.cjs'), `exports.add = function add(a, b) {\n  return ${sum};\n};`);
    lib('a + b');
    await sameOutput(project, path, 'main.mjs');
    // All but this one is in the cache now.
    lib(`a * b + ${process.hrtime.bigint()}n.toString().length`);
    for (const records of await sameOutput(project, path, 'main.mjs')) {
      expect(records.map(({ type }) => type)).not.toContain('skipped');
      expect(records.flatMap((record) => (record.type === 'call' ? [record.func] : []))).toContain('add');
    }
  });
});

describe('a compiler that the program puts on Module.prototype', () => {
  const project = programs({
    'main.cjs': `
const Module = require('module');
const original = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  if (filename.includes('lib')) console.log(JSON.stringify(content));
  return original.call(this, content.replace('a + b', 'a * b'), filename, ...rest);
};
console.log(require('./lib.cjs').add(3, 4));
import('./lib2.cjs').then(({ default: lib }) => {
  console.log(lib.add(3, 4));
  Module.prototype._compile = original;
  console.log(require('./lib3.cjs').add(3, 4), Object.keys(require.cache).filter((name) => /handit[\\/](dist|register)|oxc/.test(name)));
});`,
    'by-vm.cjs': `
const Module = require('module');
const vm = require('vm');
Module.prototype._compile = function (content, filename) {
  const compiled = vm.runInThisContext(Module.wrap(content), { filename });
  return compiled.call(this.exports, this.exports, (name) => this.require(name), this, filename);
};
console.log(require('./lib.cjs').add(3, 4));`,
    ...Object.fromEntries(
      ['lib', 'lib2', 'lib3'].map((name) => [`${name}.cjs`, 'exports.add = function add(a, b) { return a + b };']),
    ),
  });

  test.each(nodes())('gets what is on disk, and what it makes of it is recorded on Node $version', async ({ path }) => {
    for (const records of await sameOutput(project, path, 'main.cjs')) {
      const names = records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
      expect(names.filter((name) => name === 'add')).toHaveLength(3);
    }
  });

  test.each(nodes())('may compile by itself on Node $version', async ({ path, version }) => {
    for (const records of await sameOutput(project, path, 'by-vm.cjs')) {
      const skipped = records.flatMap((record) =>
        record.type === 'skipped' ? [`${record.file}: ${record.reason}`] : [],
      );
      const expected = ['lib.cjs: compiled by a tool that does not pass its text on to Node'];
      expect(skipped).toEqual(hasSyncHooks(version) ? expected : []);
    }
  });
});
