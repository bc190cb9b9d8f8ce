import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { repository, tempProject } from './helpers/run.js';

// What each part may import of ours, besides itself, and does. Types count: an edge is an edge.
const allowed: Record<string, string[]> = {
  'src/probes': [],
  'src/transform': ['src/probes', 'src/thread'],
  'src/trace-format': [],
  'src/version': [],
  'src/intrinsics': [],
  'src/node-features': [],
  'src/thread': [],
  'src/preloads': [],
  'src/files': [],
  'src/process': ['src/files', 'src/thread'],
  'src/log': [],
  'src/config': ['src/log'],
  'src/recorder': ['src/files', 'src/intrinsics', 'src/probes'],
  'src/loader': [
    ...['src/transform', 'src/recorder', 'src/config', 'src/log', 'src/node-features', 'src/version', 'src/files'],
    ...['src/probes', 'src/thread', 'src/intrinsics', 'src/preloads'],
  ],
  'src/reader': ['src/trace-format'],
  'src/compare': ['src/reader', 'src/trace-format'],
  'src/llm': ['src/reader', 'src/trace-format'],
  'src/report': ['src/compare', 'src/reader', 'src/trace-format', 'src/files', 'src/version'],
  'src/escape-controls': [],
  'src/mcp': ['src/report', 'src/compare', 'src/llm', 'src/reader', 'src/trace-format', 'src/escape-controls'],
  'src/viewer': ['src/report', 'src/compare', 'src/llm', 'src/reader', 'src/trace-format'],
  'src/export': ['src/llm', 'src/reader', 'src/trace-format', 'src/version'],
  'src/query': ['src/llm', 'src/reader', 'src/trace-format'],
  'src/cli': [
    ...['src/export', 'src/report', 'src/compare', 'src/reader', 'src/trace-format', 'src/version', 'src/config'],
    ...['src/llm', 'src/mcp', 'src/query', 'src/escape-controls'],
  ],
  'src/api': ['src/recorder', 'src/files', 'src/intrinsics'],
  'src/agent': [
    ...['src/loader', 'src/recorder', 'src/transform', 'src/config', 'src/log', 'src/node-features', 'src/version'],
    ...[
      'src/api',
      'src/process',
      'src/files',
      'src/intrinsics',
      'src/probes',
      'src/thread',
      'hooks/index',
      'hooks/lib',
    ],
  ],
  'src/index': ['src/agent', 'src/api', 'src/log', 'src/config', 'src/version', 'src/trace-format'],
  'src/load-agent': ['src/agent', 'src/config', 'src/files', 'src/preloads', 'src/thread', 'src/version'],
  'src/register': ['src/config', 'src/load-agent', 'src/log', 'src/process', 'src/thread'],
  'hooks/index': ['hooks/lib', 'hooks/*'],
  // The rules by which the transform edits a library's file are data of the hook that knows the library.
  'hooks/lib': ['src/recorder', 'src/trace-format', 'src/node-features', 'src/transform', 'src/intrinsics'],
  'hooks/*': ['hooks/lib', 'src/intrinsics', 'src/recorder'],
};

/** Longer than 400 lines: every record of the trace, and every built-in. */
const TABLES = ['src/intrinsics.ts', 'src/trace-format.ts'];
/** Of one function, with those inside of it. */
const MOST_LINES = 60;

interface Edge {
  from: string;
  to: string;
}

test('every import in src/ and hooks/ goes where it may', () => {
  const files = sourceFiles(repository);
  expect(files.length).toBeGreaterThan(10);
  expect(wrongEdges(importsOf(repository, files))).toEqual([]);
});

test('every allowance is used', () => {
  expect(unusedAllowances(importsOf(repository, sourceFiles(repository)))).toEqual([]);
});

test('every file in src/ and hooks/ belongs to a part', () => {
  expect(sourceFiles(repository).filter((file) => !(partOf(file) in allowed))).toEqual([]);
});

test('no file in src/ and hooks/ is longer than 400 lines, except for tables', () => {
  const long = sourceFiles(repository).flatMap((file) => {
    const lines = linesOf(readFileSync(join(repository, file), 'utf8'));
    return lines > 400 ? [file] : [];
  });
  expect(long).toEqual(TABLES);
});

test('no function in src/ and hooks/ is longer than 60 lines, except for the probes of each call', () => {
  const long = sourceFiles(repository).flatMap((file) =>
    longFunctions(file, readFileSync(join(repository, file), 'utf8')),
  );
  expect(long).toEqual(['src/recorder/calls.ts: createCalls']);
});

test('no imports in src/ and hooks/ form a circle', () => {
  expect(circles(importsOf(repository, sourceFiles(repository)))).toEqual([]);
});

describe('the walks in docs/architecture.md', () => {
  const page = readFileSync(join(repository, 'docs/architecture.md'), 'utf8');
  const walks = [...page.matchAll(/<!-- walk -->([\s\S]*?)<!-- \/walk -->/g)].map(([, walk]) => walk);
  const steps = walks.flatMap((walk) =>
    [...walk.matchAll(/\| `([^`|]+)` +\| `([^`|]+)` +\|$/gm)].map(([, name, file]) => ({ name, file })),
  );

  test('are those of an argument and of an exchange', () => {
    expect(walks).toHaveLength(2);
    expect(steps.length).toBe(walks.join('').match(/^\|/gm)!.length - 4);
    expect(steps.length).toBeGreaterThan(15);
  });

  test.each(steps)('$name is in $file: else the page needs another row', ({ name, file }) => {
    const source = existsSync(join(repository, file)) ? readFileSync(join(repository, file), 'utf8') : 'no such file';
    expect(source).toMatch(new RegExp(`^ *(export )?(function |class |const )?${name}\\b[^;]*[{(]`, 'm'));
  });
});

describe('the check itself', () => {
  const edgesOf = (files: Record<string, string>) => {
    const folder = tempProject(files);
    return importsOf(folder, sourceFiles(folder));
  };

  test('sees every way to write an import', () => {
    const edges = edgesOf({
      'src/reader/a.ts': `
        import { b } from './b.js';
        import type { C } from './c.js';
        import './d.js';
        export * from './e.js';
        export { f } from './f.js';
        const g = await import('./g.js');
        import fs from 'node:fs';`,
      ...Object.fromEntries([...'bcdefg'].map((name) => [`src/reader/${name}.ts`, ''])),
    });
    expect(edges.map(({ to }) => to).sort()).toEqual([...'bcdefg'].map((name) => `src/reader/${name}.ts`));
  });

  test.each([
    ['src/transform/a.ts', 'src/config.ts'],
    ['src/trace-format.ts', 'src/config.ts'],
    ['src/reader/a.ts', 'src/recorder/b.ts'],
    ['src/reader/a.ts', 'src/loader/b.ts'],
    ['src/reader/a.ts', 'src/cli/b.ts'],
    ['src/cli/a.ts', 'src/recorder/b.ts'],
    ['src/cli/a.ts', 'src/transform/b.ts'],
    ['src/recorder/a.ts', 'src/loader/b.ts'],
    ['src/recorder/a.ts', 'src/transform/b.ts'],
    ['src/loader/a.ts', 'src/agent.ts'],
    ['hooks/runners/a.ts', 'hooks/runners/b.ts'],
    ['hooks/protocols/a.ts', 'src/config.ts'],
    ['hooks/libraries/a.ts', 'src/loader/b.ts'],
    ['hooks/lib/a.ts', 'hooks/protocols/b.ts'],
  ])('refuses an import of %s from %s', (from, to) => {
    const path = relative(dirname(from), to).replace(/\.ts$/, '.js');
    const edges = edgesOf({ [from]: `import '${path.startsWith('.') ? path : `./${path}`}';`, [to]: '' });
    expect(wrongEdges(edges)).toEqual([`${from} must not import ${to}`]);
  });

  test('refuses an import of a file that does not exist', () => {
    expect(() => edgesOf({ 'src/reader/a.ts': "import './b.js';" })).toThrow('src/reader/a.ts imports ./b.js: no file');
  });

  test('finds a long function, and one of which the inner ones are not long', () => {
    const lines = (count: number, text = 'a();\n') => text.repeat(count);
    const inner = `const b = () => {\n${lines(40)}};\n`;
    const found = (text: string) => longFunctions('a.ts', text);
    expect(found(`function f() {\n${lines(58)}}\n`)).toEqual([]);
    expect(found(`function f() {\n${lines(59)}}\n`)).toEqual(['a.ts: f']);
    expect(found(`class A {\n m() {\n${lines(59)}}\n}\n`)).toEqual(['a.ts: m']);
    expect(found(`const g = {\n h: () => {\n${lines(59)}}\n}\n`)).toEqual(['a.ts: h']);
    expect(found(`function f() {\n${inner}${lines(58 - 42)}}\n`)).toEqual([]);
    expect(found(`function f() {\n${inner}${lines(59 - 42)}}\n`)).toEqual(['a.ts: f']);
  });

  test('finds a circle', () => {
    const edges = edgesOf({
      'src/reader/a.ts': "import './b.js';",
      'src/reader/b.ts': "import './c.js';",
      'src/reader/c.ts': "import './b.js';",
    });
    expect(circles(edges)).toEqual(['src/reader/b.ts -> src/reader/c.ts -> src/reader/b.ts']);
  });
});

function sourceFiles(root: string): string[] {
  return ['src', 'hooks']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.m?[jt]sx?$/.test(file))
    .sort();
}

function importsOf(root: string, files: string[]): Edge[] {
  return files.flatMap((from) =>
    specifiersIn(from, readFileSync(join(root, from), 'utf8'))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from, to: resolveImport(root, from, specifier) })),
  );
}

function specifiersIn(file: string, source: string): string[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.map(({ moduleRequest }) => moduleRequest?.value),
  );
  const dynamic = module.dynamicImports.map(
    ({ moduleRequest: { start, end } }) => /^(['"])(.*)\1$/.exec(source.slice(start, end))?.[2],
  );
  const imported = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  return [...new Set([...imported, ...exported, ...dynamic])].filter((specifier) => specifier !== undefined);
}

/** Node's own spelling: './x.js' and './x.cjs' are x.ts here. What the build makes (./transform.cjs) is no source and no edge. */
function resolveImport(root: string, from: string, specifier: string): string {
  const target = join(dirname(from), specifier).replaceAll('\\', '/');
  const candidates = [target, target.replace(/\.c?js$/, '.ts'), target.replace(/\.js$/, '.tsx')];
  const found = candidates.find((file) => existsSync(join(root, file)));
  if (!found) throw new Error(`${from} imports ${specifier}: no file ${candidates.join(' or ')}`);
  return found;
}

function partOf(file: string): string {
  const [top, second, third] = file.replace(/\.m?[jt]sx?$/, '').split('/');
  if (top === 'hooks' && third !== undefined && second !== 'lib') return 'hooks/*';
  return `${top}/${second}`;
}

function wrongEdges(edges: Edge[]): string[] {
  return edges.filter(({ from, to }) => !mayImport(from, to)).map(({ from, to }) => `${from} must not import ${to}`);
}

function mayImport(from: string, to: string): boolean {
  const [own, other] = [partOf(from), partOf(to)];
  // Each hook is a part of its own, though one rule serves them all.
  if (own === other && own !== 'hooks/*') return true;
  return allowed[own]?.includes(other) ?? false;
}

function unusedAllowances(edges: Edge[]): string[] {
  const used = new Set(edges.map(({ from, to }) => `${partOf(from)} -> ${partOf(to)}`));
  return Object.entries(allowed)
    .flatMap(([own, others]) => others.map((other) => `${own} -> ${other}`))
    .filter((allowance) => !used.has(allowance));
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function longFunctions(file: string, source: string): string[] {
  const found: string[] = [];
  const walk = (node: unknown, name: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach((each) => walk(each, name));
    const { type, start, end, key, id, body } = node as Record<string, any>;
    const own: string = key?.name ?? id?.name ?? name;
    for (const each of Object.values(node)) walk(each, own);
    if (!/^(?:Arrow)?Function(?:Declaration|Expression)$/.test(type) || !body) return;
    if (linesOf(source.slice(start, end)) > MOST_LINES) found.push(`${file}: ${own}`);
  };
  walk(parseSync(file, source).program, '');
  return found;
}

function circles(edges: Edge[]): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) found.add([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...path, file]);
    done.add(file);
  };
  for (const { from } of edges) visit(from, []);
  return [...found];
}
