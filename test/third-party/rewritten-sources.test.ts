import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { parse as lex } from 'cjs-module-lexer';
import { parseSync, visitorKeys } from 'oxc-parser';
import { applyEdits, originalOffset } from '../../src/transform/edits.js';
import { instrument } from '../../src/transform/instrument.js';
import { linkIds, unlinkIds } from '../../src/transform/link.js';
import type { Instrumented, Node, SourceKind } from '../../src/transform/types.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

// What programmers and compilers write: sources of the packages that this repository is built and tested with. Nearly
// all of them are smaller than this; a few huge ones would take most of the time.
const MAX_SIZE = 60_000;
const modules = join(repository, 'node_modules');

/** What Node lets an ES module import by name from a CommonJS one. */
function names(source: string): string {
  try {
    const { exports, reexports } = lex(source);
    return JSON.stringify({ exports, reexports });
  } catch (error) {
    return `refused: ${(error as Error).name}`;
  }
}

interface Source {
  file: string;
  text: string;
  kind: SourceKind;
}

describe('the sources of the packages in node_modules, rewritten', () => {
  const sources = unique(sourcesBelow(modules));
  const scripts = sources.filter(({ kind, text }) => kind === 'commonjs' && compiles(text));
  const rest = sources.filter(({ kind }) => kind === 'module');
  const problems: string[] = [];
  const rewritten: { source: Source; result: Instrumented }[] = [];

  beforeAll(() => {
    for (const source of [...scripts, ...rest]) {
      try {
        const result = instrument(source.text, source.file, { kind: source.kind, runtimeUrl: 'file:///runtime.mjs' });
        if (result) rewritten.push({ source, result });
      } catch (error) {
        problems.push(`${source.file}: ${(error as Error).message}`);
      }
    }
  });

  test('are many, and none is refused', () => {
    expect(problems).toEqual([]);
    expect(rewritten.length).toBeGreaterThan(500);
    expect(rewritten.filter(({ source }) => source.kind === 'module').length).toBeGreaterThan(50);
  });

  test('compile as CommonJS', () => {
    const commonjs = rewritten.filter(({ source }) => source.kind === 'commonjs');
    expect(commonjs.filter(({ result }) => !compiles(result.code)).map(({ source }) => source.file)).toEqual([]);
  });

  test('compile as ES modules', async () => {
    const folder = tempProject({ 'compile.mjs': compileModules });
    const pairs = rewritten
      .filter(({ source }) => source.kind === 'module')
      .map(({ source, result }, i) => {
        const code = join(folder, `${i}.mjs`);
        writeFileSync(code, result.code);
        return { original: source.file, code };
      });
    writeFileSync(join(folder, 'pairs.json'), JSON.stringify(pairs));
    const args = ['--experimental-vm-modules', '--no-warnings', 'compile.mjs'];
    expect(await runNode(process.execPath, args, { cwd: folder })).toMatchObject({
      stdout: '[]\n',
      stderr: '',
      code: 0,
    });
  });

  test('have the same lines, and the original text of every function can be found', () => {
    for (const { source, result } of rewritten) {
      const problem = undoProblem(source, result);
      if (problem) problems.push(`${source.file}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  test('export the same names to ES modules', () => {
    const commonjs = rewritten.filter(({ source }) => source.kind === 'commonjs');
    const changed = commonjs.filter(({ source, result }) => names(source.text) !== names(result.code));
    expect(changed.map(({ source }) => source.file)).toEqual([]);
  });
});

/** Prints the rewritten modules that do not compile although the originals do. */
const compileModules = `
import { readFileSync } from 'node:fs';
import { SourceTextModule } from 'node:vm';
const compiles = (file) => { try { new SourceTextModule(readFileSync(file, 'utf8')); return true } catch { return false } };
const pairs = JSON.parse(readFileSync('pairs.json', 'utf8'));
console.log(JSON.stringify(pairs.filter(({ original, code }) => compiles(original) && !compiles(code)).map((pair) => pair.original)));
`;

function sourcesBelow(folder: string, type = 'commonjs'): Source[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'package.json')) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string };
    type = manifest.type ?? 'commonjs';
  }
  return entries.flatMap((entry) => {
    const file = join(folder, entry.name);
    // Packages that other tests put there are none of ours; a cache is no package.
    if (entry.isDirectory()) return entry.name === '.cache' ? [] : sourcesBelow(file, type);
    const extension = extname(file);
    // Some packages bring files that are wrong on purpose.
    if (!entry.isFile() || !/^\.[cm]?js$/.test(extension) || entry.name.startsWith('syntax-error')) return [];
    if (statSync(file).size > MAX_SIZE) return [];
    const kind = extension === '.mjs' || (extension === '.js' && type === 'module') ? 'module' : 'commonjs';
    return [{ file, text: readFileSync(file, 'utf8').replace(/^\ufeff/, ''), kind }];
  });
}

function unique(sources: Source[]): Source[] {
  return [...new Map(sources.map((source) => [source.text + source.kind, source])).values()];
}

function compiles(source: string): boolean {
  try {
    compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname']);
    return true;
  } catch {
    return false;
  }
}

function undoProblem({ file, text, kind }: Source, { code, edits, prefix }: Instrumented): string | undefined {
  if (applyEdits(text, edits) !== code) return 'the edits do not make the code';
  if (unlinkIds(linkIds(code, prefix, 5000, 2), prefix, 5000, 2) !== code) return 'ids do not come back';
  const terminator = /\r\n|[\n\r\u2028\u2029]/;
  if (edits.some(({ at, remove, insert }) => terminator.test(insert + text.slice(at, at + remove))))
    return 'an edit holds a line';
  const before = functionTexts(file, text, kind);
  const after = functionTexts(file, code, kind);
  if (before.length !== after.length) return `${before.length} functions became ${after.length}`;
  const wrong = after.findIndex(({ start, end }, i) => {
    const [from, to] = [originalOffset(start, edits), originalOffset(end, edits)];
    return from !== before[i].start || to !== before[i].end;
  });
  return wrong < 0 ? undefined : `not the text of ${text.slice(before[wrong].start, before[wrong].end).slice(0, 80)}`;
}

/** Functions, methods and classes in the order of their places, as `toString` cuts them out. */
function functionTexts(file: string, text: string, kind: SourceKind): { start: number; end: number }[] {
  const { program } = parseSync(file, text, { sourceType: kind, preserveParens: true });
  const found: { start: number; end: number }[] = [];
  const keys = visitorKeys;
  const rest: Node[] = [program];
  for (let node = rest.pop(); node; node = rest.pop()) {
    const method = node.type === 'Property' && (node.method || node.kind !== 'init');
    if (/^(Function|ArrowFunction|Class)(Declaration|Expression)$/.test(node.type) || method) found.push(node);
    for (const key of keys[node.type] ?? []) {
      for (const child of [node[key]].flat() as (Node | null)[]) {
        // The function of a method has no text of its own.
        if (child && method && child === node.value) rest.push(child.body, ...child.params);
        else if (child && node.type === 'MethodDefinition' && child === node.value) rest.push(child.body);
        else if (child) rest.push(child);
      }
    }
  }
  return found.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start || b.end - a.end);
}
