// Bundles src/ into dist/ and emits the type declarations. Skips at once when nothing it reads has changed.
//   --bundle   only the JavaScript, without the declarations
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp.json');

// transform.cjs stays a file of its own: the agent loads it, and with it the parser, at the first module that is not
// in the cache of rewritten sources.
const PARAMETERS = 'exports,require,module,__filename,__dirname';
const entries = [
  // Small, for it runs in every package manager as well, and does nothing there.
  { source: 'src/register.ts', target: 'register.cjs', external: ['./agent.cjs'] },
  // With the JavaScript of the parser in it: that loads faster, and Node cannot require an ES module out of an archive of
  // Plug'n'Play. Its native part is looked for from where the package is; `createRequire` takes paths as well as URLs.
  {
    source: 'src/transform/index.ts',
    target: 'transform.cjs',
    define: { 'import.meta.url': 'PARSER' },
    banner: "const PARSER=require.resolve('oxc-parser');",
  },
  { source: 'src/loader/source-map.ts', target: 'source-map.cjs' },
  { source: 'src/loader/compiled-body.ts', target: 'compiled-body.cjs' },
  { source: 'src/loader/hooks-thread.ts', target: 'hooks-thread.mjs', pureReads: true },
  // Also without the loader, for programs that import handit and do not preload it.
  {
    source: 'src/agent.ts',
    target: 'agent.cjs',
    // As a script, which is how src/load-agent.ts runs it, this is a function: no text is put around it at each start.
    around: [
      `(load=>this===globalThis?load:load(exports,require,module,__filename,__dirname))(function(${PARAMETERS}){`,
      '})\n',
    ],
    oneRequire: true,
    external: ['./transform.cjs', './source-map.cjs', './compiled-body.cjs'],
  },
  { source: 'src/index.ts', target: 'index.cjs', external: ['./agent.cjs'], pureReads: true },
  { source: 'src/cli/start.ts', target: 'cli.cjs', around: ['#!/usr/bin/env node\n', '\n'], mode: 0o755 },
  // A third of the package as text. What it saves by loading less of Node takes longer than to unpack it.
  { source: 'src/cli/main.ts', target: 'cli.br', lateRequires: true, packed: true },
];
const copies = [{ source: 'src/index.mjs', target: 'index.mjs' }];
/** What rewritten ES modules import, where probes are no globals. */
const runtime = [
  { source: 'src/probes.ts', target: 'probes.mjs' },
  { source: 'src/probes.ts', target: 'runtime.mjs' },
];
/** The report's page: one file, with its style and its script in it. */
const page = { source: 'src/viewer/main.tsx', target: 'viewer.html' };
const notices = 'THIRD-PARTY-NOTICES.txt';
const inputs = [
  'src',
  'hooks',
  'scripts/build.mjs',
  'scripts/declarations.mjs',
  'scripts/minify.mjs',
  'scripts/notices.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

export async function build({ types = true } = {}) {
  const hash = hashOf(inputs);
  const stamp = readStamp();
  const complete = [...entries, ...copies, ...runtime, page, { target: notices }].every(({ target }) =>
    existsSync(join(dist, target)),
  );
  if (stamp.bundle !== hash || !complete) {
    await bundle(hash);
    writeStamp({ ...stamp, bundle: hash });
  }
  if (types && (stamp.types !== hash || !existsSync(join(dist, 'cjs/index.d.ts')))) {
    // The compiler takes a while to load.
    const { declarationFiles } = await import('./declarations.mjs');
    for (const [target, text] of Object.entries(declarationFiles(root))) put(target, text, 0o644);
    writeStamp({ bundle: hash, types: hash });
  }
}

async function bundle(hash) {
  const sources = new Set([...entries, ...copies, ...runtime, page].map(({ source }) => source));
  const missing = [...sources].filter((source) => !existsSync(join(root, source)));
  if (missing.length > 0) throw new Error(`cannot bundle, no such file: ${missing.join(', ')}`);
  const esbuild = await import('esbuild');
  const { thirdPartyNotices } = await import('./notices.mjs');
  const { minified } = await import('./minify.mjs');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const metafiles = await Promise.all(
    entries.map(async ({ source, target, external = [], around = ['', '\n'], mode = 0o644, ...entry }) => {
      const { define = {}, banner = '', oneRequire, lateRequires, packed, pureReads } = entry;
      const { outputFiles, metafile } = await esbuild.build({
        absWorkingDir: root,
        entryPoints: [source],
        bundle: true,
        write: false,
        metafile: true,
        platform: 'node',
        target: 'node20',
        // Less to read at each start.
        minifySyntax: true,
        minifyWhitespace: !lateRequires,
        minifyIdentifiers: !lateRequires,
        format: target.endsWith('.mjs') ? 'esm' : 'cjs',
        external,
        define: { ...define, HANDIT_VERSION: JSON.stringify(version), HANDIT_BUILD: JSON.stringify(hash.slice(0, 16)) },
        banner: { js: banner },
        logLevel: 'warning',
      });
      const { text } = outputFiles[0];
      const code = lateRequires ? withLateRequires(text) : withoutCopies(text);
      const small = around.join(await minified(oneRequire ? withOneRequire(code) : code, target, { pureReads }));
      put(target, packed ? brotliCompressSync(small) : small, mode);
      return metafile;
    }),
  );
  for (const { source, target } of copies) put(target, readFileSync(join(root, source)), 0o644);
  const texts = await runtimeTexts(esbuild);
  for (const { target } of runtime) put(target, texts[target], 0o644);
  metafiles.push(await writePage(esbuild));
  put(notices, thirdPartyNotices(root, metafiles), 0o644);
  removeOthers();
}

/** The bundler copies a namespace property by property; some of Node's load a module of theirs when they are looked at. */
function withoutCopies(code) {
  return code.replace(/([\w$]+)=(?<![\w$.])[\w$]+\(require\("(node:[\w/]+)"\),1\)/g, (_, name, module) => {
    const whole = `require("${module}")`;
    return `${name}=${code.includes(`${name}.default`) ? `{__proto__:${whole},default:${whole}}` : whole}`;
  });
}

/** Each file of the sources requires what it needs; Node takes 10 us and more to find a module that it has. */
function withOneRequire(code) {
  const modules = new Map();
  for (const [, name] of code.matchAll(/require\("node:([\w/]+)"\)/g)) modules.set(name, (modules.get(name) ?? 0) + 1);
  // What is there once may be in a function, to be loaded where it is needed.
  const shared = [...modules].flatMap(([name, times]) => (times > 1 ? [name] : []));
  const variable = (name) => `node$${name.replace('/', '$')}`;
  const rest = code.replace(/require\("node:([\w/]+)"\)/g, (all, name) =>
    shared.includes(name) ? variable(name) : all,
  );
  const declared = shared.map((name) => `${variable(name)}=require("node:${name}")`);
  return rest.replace('"use strict";', `"use strict";var ${declared.join()};`);
}

/** A command loads what it needs of Node's modules when it needs it: `crypto` alone takes 3 ms. */
function withLateRequires(code) {
  const late = new Map();
  const rest = code.replace(/\b(import_\w+) = require\("node:(?!(?:fs|path|util)")([\w/]+)"\)/g, (_, name, module) => {
    late.set(name, `require("node:${module}")`);
    return `${name} = void 0`;
  });
  return rest.replace(/\bimport_\w+(?=\.)/g, (name) => late.get(name) ?? name);
}

async function runtimeTexts(esbuild) {
  const { code } = await esbuild.transform(readFileSync(join(root, runtime[0].source), 'utf8'), { loader: 'ts' });
  const { RUNTIME_FILES } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  return RUNTIME_FILES;
}

/**
 * Script and style are named by their hash, so that the page runs nothing else, whatever a trace has in it. It loads
 * nothing, from nowhere.
 */
async function writePage(esbuild) {
  const shared = {
    absWorkingDir: root,
    bundle: true,
    write: false,
    minify: true,
    target: 'es2022',
    logLevel: 'warning',
  };
  const { outputFiles, metafile } = await esbuild.build({
    ...shared,
    entryPoints: [page.source],
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    legalComments: 'none',
  });
  const style = await esbuild.build({ ...shared, entryPoints: ['src/viewer/style.css'] });
  // What would end the element in the middle of the text.
  const script = outputFiles[0].text.trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  const css = style.outputFiles[0].text.trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    // The same script, in a thread of its own.
    'worker-src blob:',
    `style-src ${hashSource(css)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = { policy, style: css, script };
  const html = readFileSync(join(root, 'src/viewer/page.html'), 'utf8');
  put(
    page.target,
    html.replace(/\s*\/\* (policy|style|script) \*\/\s*/g, (_, name) => parts[name]),
    0o644,
  );
  return metafile;
}

function hashSource(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** What an earlier build has left would be packed. */
function removeOthers() {
  const targets = [...entries, ...copies, ...runtime, page, { target: notices }].map(
    ({ target }) => target.split('/')[0],
  );
  const known = new Set([...targets, 'cjs', 'esm']);
  for (const name of readdirSync(dist))
    if (!known.has(name) && !name.startsWith('.')) rmSync(join(dist, name), { recursive: true, force: true });
}

/** Writes beside the target and renames, so that a program started meanwhile never reads half a file. */
function put(target, contents, mode) {
  const file = join(dist, target);
  const draft = join(dist, `.${target.replaceAll('/', '-')}.${process.pid}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, contents);
  chmodSync(draft, mode);
  renameSync(draft, file);
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    hash.update(relative(root, file).replaceAll('\\', '/')).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  put('.stamp.json', JSON.stringify(stamp), 0o644);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await build({ types: !process.argv.includes('--bundle') });
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
