import { analyse } from './analyse.js';
import { AssertCalls } from './assertions.js';
import { bodyAsScript, moduleAsScript } from './compilable.js';
import { applyEdits } from './edits.js';
import { LineTable } from './lines.js';
import { GLOBAL, type ProbeName } from '../probes.js';
import { findOrigins } from './origins.js';
import { parseSource, type Parsed } from './parser.js';
import { Rewriter } from './rewriter.js';
import { firstStatement, hasTopLevelAwait, isImport, lastStatementEnd } from './statements.js';
import {
  UnparsableSource,
  type CodeKind,
  type Compilable,
  type Instrumented,
  type InstrumentOptions,
  type Node,
  type SourceKind,
} from './types.js';

/**
 * Rewrites a source so that each call of each of its functions is reported to the probe functions of
 * src/probes.ts. Pure: the same text and options give the same answer. No line is added or removed.
 *
 * @param source   the text as it is in the file
 * @param filename its name; the ending decides on TypeScript and JSX
 * @returns null when there is no function
 * @throws UnparsableSource when the parser refuses the text
 */
export function instrument(source: string, filename: string, options: InstrumentOptions): Instrumented | null {
  const { program, kind } = parse(source, filename, options.kind);
  const lines = new LineTable(source);
  const origins = options.map && findOrigins(program, source, lines, options.map);
  const rewriter = new Rewriter(source, analyse(program), options, lines, origins, AssertCalls.of(source, program));
  rewriter.run(program);
  rewriter.texts.finish(source);
  const { functions, leftAlone, prefix, edits: list, deepest } = rewriter;
  if (functions.length === 0 && leftAlone.length === 0) return null;

  const at = kind === 'commonjs' ? firstStatement(program) : lastStatementEnd(program);
  rewriter.tellAssertions(kind === 'commonjs' ? at : undefined);
  const text = prelude(kind, prefix, rewriter.used, options.runtimeUrl);
  if (kind === 'commonjs') list.outermost(at, 'open', text);
  else list.outermost(at, 'close', `;${text}`);
  const edits = list.finish((offset) => lines.lineOf(offset), linesOfImports(program, lines));
  const code = applyEdits(source, edits);
  return {
    ...{ code, kind, prefix, functions, edits, leftAlone, deepest },
    compilable(): Compilable {
      if (/^tsx?$/.test(language(filename)) && options.kind !== 'body') return parsed(code, filename, kind);
      if (options.kind === 'body') return bodyAsScript(code);
      if (kind === 'commonjs') return { as: 'wrapper', text: code };
      const inside = edits.map((edit) => (edit.at === at ? { ...edit, insert: edit.insert.replace(text, '') } : edit));
      return moduleAsScript(source, program, inside, rewriter.metas, prefix);
    },
  };
}

function linesOfImports(program: Node, lines: LineTable): Set<number> {
  const numbers = new Set<number>();
  for (const statement of program.body as Node[]) {
    if (!isImport(statement)) continue;
    for (let line = lines.lineOf(statement.start); line <= lines.lineOf(statement.end); line++) numbers.add(line);
  }
  return numbers;
}

/** Reads the text by the rules under which Node will run it. */
function parse(source: string, filename: string, kind: CodeKind): { program: Node; kind: 'module' | 'commonjs' } {
  const read = (sourceType: SourceKind, lang = language(filename)): Parsed =>
    parseSource(filename, source, { sourceType, lang, preserveParens: true, showSemanticErrors: true });
  // A body has been compiled already, whatever the file is called.
  let found = kind === 'body' ? read('module', 'js') : read(kind === 'module' ? kind : 'commonjs');
  let isModule = kind === 'module';
  if (kind === 'unambiguous' && (found.error !== undefined || found.hasModuleSyntax)) {
    // What is no CommonJS Node runs as a module, if it has the syntax of one.
    const other = read(kind);
    isModule = other.hasModuleSyntax || hasTopLevelAwait(other.program);
    if (isModule) found = other.hasModuleSyntax ? other : read('module');
  }
  if (found.error !== undefined) throw new UnparsableSource(found.error);
  return { program: found.program, kind: isModule ? 'module' : 'commonjs' };
}

/** V8 does not know types. */
function parsed(code: string, filename: string, sourceType: 'module' | 'commonjs'): Compilable {
  const lang = language(filename);
  return { as: 'parsed', error: parseSource(filename, code, { sourceType, lang, preserveParens: true }).error };
}

function prelude(
  kind: 'module' | 'commonjs',
  prefix: string,
  used: ReadonlySet<ProbeName>,
  runtimeUrl: string | null,
): string {
  // There the probes are globals; this says to later hooks that the text is rewritten.
  if (kind === 'module' && runtimeUrl === null) return `${GLOBAL};`;
  const names = [...used].sort();
  return kind === 'module'
    ? `import{${names.map((name) => `${name} as ${prefix}${name}`).join(',')}}from${JSON.stringify(runtimeUrl)};`
    : `const{${names.map((name) => `${name}:${prefix}${name}`).join(',')}}=${GLOBAL};`;
}

function language(filename: string): 'js' | 'jsx' | 'ts' | 'tsx' {
  if (/\.[cm]?ts$/.test(filename)) return 'ts';
  if (filename.endsWith('.tsx')) return 'tsx';
  return filename.endsWith('.jsx') ? 'jsx' : 'js';
}
