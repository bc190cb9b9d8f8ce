import * as fs from 'node:fs';
import * as nodeModule from 'node:module';
import * as paths from 'node:path';
import { jsonParse } from '../intrinsics.js';
import { hasHooksForRequire } from '../node-features.js';
import type { SourceKind } from '../transform/types.js';

const { existsSync, readFileSync } = fs;
const { createRequire } = nodeModule;
const { dirname, extname, join } = paths;

/** Whether a CommonJS text may load an ES module. */
export function leadsToModules(source: string, kind: SourceKind): boolean {
  if (kind === 'module') return true;
  if (source.includes('import') && /\bimport\s*(?:\(|\/[*/])/.test(source)) return true;
  return kind === 'unambiguous' && MODULE_SYNTAX.test(source);
}

const MODULE_SYNTAX = /(?:^|[;}])[^\S\r\n]*(?:import|export|await)\b/m;
/** Options by which modules are loaded before the program's first, or all of them in another way. */
const OTHER_LOADERS = /(?:^|\s)--(?:experimental-)?(?:loader|default-type|experimental-default-type)\b/;
const OTHER_IMPORT = /(?:^|\s)--import(?:=|\s+)(?!\S*(?:\bhandit(?:\/register)?|\/register\.mjs)["']?(?:\s|$))/;

/** Whether the first module may be an ES module, or load one before a text of CommonJS is compiled that says so. */
export function startsWithModules(): boolean {
  // What `require` is given need not say that it is one.
  if (hasHooksForRequire(process.versions.node)) return true;
  const { argv, execArgv, env } = process;
  const options = `${execArgv.join(' ')} ${env.NODE_OPTIONS ?? ''}`;
  if (OTHER_LOADERS.test(options) || OTHER_IMPORT.test(options)) return true;
  // Another preload, whose text was not seen.
  const { cache } = createRequire(join(process.cwd(), 'x.js'));
  if (Object.keys(cache).some((name) => !/[\\/](?:dist[\\/])?(?:register|agent)\.cjs$/.test(name))) return true;
  const entry = argv[1] === undefined ? undefined : fileOf(argv[1]);
  return entry === undefined || isModule(entry);
}

/** What Node runs when it is given that name; undefined: not known. */
function fileOf(name: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), 'x.js')).resolve(name);
  } catch {
    return undefined;
  }
}

function isModule(filename: string): boolean {
  try {
    const extension = extname(filename);
    if (extension === '.cjs' || extension === '.cts' || extension === '.json' || extension === '.node') return false;
    if (extension === '.mjs' || extension === '.mts') return true;
    const type = packageType(dirname(filename));
    if (type !== undefined) return type === 'module';
    return MODULE_SYNTAX.test(readFileSync(filename, 'utf8'));
  } catch {
    return true;
  }
}

/** The `type` of the package that a folder is part of. */
function packageType(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    if (existsSync(file)) return (jsonParse(readFileSync(file, 'utf8')) as { type?: string }).type;
    if (dirname(at) === at || at.endsWith('node_modules')) return undefined;
  }
}
