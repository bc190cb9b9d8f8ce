// Makes docs/compatibility.md of what `npm run test:matrix` found.
//   --check         only says whether the document is as the results are
//   --results file  of another file of results
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({ options: { check: { type: 'boolean' }, results: { type: 'string' } } });
const results = options.results ?? join(root, 'node_modules/.cache/compatibility.jsonl');
const document = join(root, 'docs/compatibility.md');

const INTRODUCTION = `# Compatibility

What runs with handit, by \`--import\` or \`--require\`, as it does without: same results, output, exit code and files, and
the expected records. Each cell is a test of a small real project in [fixtures/apps](../fixtures/apps).
\`npm run test:matrix\` makes this page from the results.
`;

try {
  if (!existsSync(results)) throw new Error('there are no results; run: npm run test:matrix');
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  const text = await format(page(lines.map((line) => JSON.parse(line))), {
    ...(await resolveConfig(document)),
    parser: 'markdown',
  });
  if (!options.check) writeFileSync(document, text);
  else if (!existsSync(document) || readFileSync(document, 'utf8') !== text) {
    throw new Error('docs/compatibility.md is not what the tests found; run: node scripts/compatibility.mjs');
  }
} catch (error) {
  console.error(`compatibility: ${error.message}`);
  process.exitCode = 1;
}

function page(found) {
  // 22 is the newest of its line, so it comes after 22.12.
  const age = (node) => (node.includes('.') ? Number(node) : Number(node) + 0.99);
  const nodes = [...new Set(found.map(({ node }) => node))].sort((a, b) => age(a) - age(b));
  const groups = new Map();
  for (const result of found) {
    const rows = groups.get(result.group) ?? groups.set(result.group, new Map()).get(result.group);
    const row = rows.get(result.title) ?? rows.set(result.title, { cells: {} }).get(result.title);
    row.cells[result.node] = result;
    Object.assign(row, { partial: result.partial, because: result.because });
  }
  const tables = [...groups]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([group, rows]) => {
      const head = ['', ...nodes.map((node) => `Node ${node}`), 'remarks'];
      const body = [...rows]
        .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
        .map(([title, { cells, partial, because }]) => [
          title,
          ...nodes.map((node) => ({ same: 'yes', differs: '**no**' })[cells[node]?.outcome] ?? '-'),
          [partial, nodes.some((node) => cells[node]?.outcome === 'not run') ? because : undefined]
            .filter(Boolean)
            .join('; '),
        ]);
      const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
      return `## ${group}\n\n${lines.join('\n')}\n`;
    });
  return [INTRODUCTION, ...tables].join('\n');
}
