import * as fs from 'node:fs';
import * as nodeModule from 'node:module';
import * as paths from 'node:path';
import * as vm from 'node:vm';
import { jsonParse, jsonStringify } from '../intrinsics.js';

const { readFileSync } = fs;
const { createRequire, isBuiltin } = nodeModule;
const { dirname, extname, join, toNamespacedPath } = paths;
const { compileFunction } = vm;
const { dlopen, getBuiltinModule } = process;

interface Resolving {
  new (file: string): { filename: string; paths: string[] };
  _nodeModulePaths(folder: string): string[];
  _resolveFilename(name: string, from: object): string;
}
const { Module } = nodeModule as unknown as { Module: Resolving };
const { _nodeModulePaths: nodeModulePaths, _resolveFilename: resolveFilename } = Module;

/** Programs replace these functions, also where a file of ours is loaded after that. */
const ownJson = { parse: jsonParse, stringify: jsonStringify };
const loaded = new Map<string, unknown>();

/**
 * Loads a file of this package past what the program may have put into Node's loader, which would be asked for our files
 * as well, and without a trace of it in `require.cache`, which programs walk through and empty.
 *
 * @param folder of the built files
 */
export function requireOwn(folder: string, name: string): unknown {
  const file = join(folder, name);
  if (!loaded.has(file)) loaded.set(file, load(file) ?? requireByNode(folder, file));
  return loaded.get(file);
}

/** undefined: an ES module, or in an archive, which only Node's `require` can read. */
function load(file: string): unknown {
  if (extname(file) === '.mjs') return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const module = { exports: {} };
  const run = compileFunction(text, ['exports', 'require', 'module', 'JSON'], { filename: file });
  Reflect.apply(run, module.exports, [module.exports, requireFrom(file), module, ownJson]);
  return module.exports;
}

/** What the native part of the parser is found by, from within its package. */
function requireFrom(file: string): (name: string) => unknown {
  const from = new Module(file);
  from.filename = file;
  from.paths = Reflect.apply(nodeModulePaths, Module, [dirname(file)]);
  const resolve = (name: string): string => Reflect.apply(resolveFilename, Module, [name, from]);
  const require = (name: string): unknown => {
    if (name === 'module') return { createRequire: requireFrom };
    if (name === 'fs') return { readFileSync };
    if (isBuiltin(name)) return getBuiltinModule(name);
    const found = resolve(name);
    if (extname(found) === '.json') return jsonParse(readFileSync(found, 'utf8'));
    if (extname(found) !== '.node') return createRequire(file)(found);
    const addon = { exports: {} };
    Reflect.apply(dlopen, process, [addon, toNamespacedPath(found)]);
    return addon.exports;
  };
  return Object.assign(require, { resolve });
}

function requireByNode(folder: string, file: string): unknown {
  // From a package, Node 22.12 does not warn of an ES module that is required.
  const require = createRequire(join(folder, 'node_modules', 'register.cjs'));
  const before = new Set(Object.keys(require.cache));
  try {
    return require(file);
  } finally {
    for (const key of Object.keys(require.cache)) if (!before.has(key)) delete require.cache[key];
  }
}
