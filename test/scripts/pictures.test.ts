import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repository, runNode } from '../helpers/run.js';

const script = pathToFileURL(join(repository, 'scripts/pictures.mjs')).href;

async function draw(printed: string): Promise<string> {
  const source = `import { drawTree, printedTrace } from '${script}'; process.stdout.write(drawTree(${printed}));`;
  const { stdout, stderr, code } = await runNode(process.execPath, ['--input-type=module', '-e', source]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout;
}

/** What is read in the picture, a line for each text. */
const textOf = (svg: string) =>
  [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, text]) =>
    text
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  );

// Durations and ports are others in each run.
const withoutNumbers = (lines: string[]) =>
  lines.map((line) => line.replace(/^[\d.]+ (ns|us|ms|s)$/, 'time').replace(/:\d{4,5}\//, ':port/'));

test('the picture in the README is what handit prints today: if not, run node scripts/pictures.mjs', async () => {
  const committed = textOf(readFileSync(join(repository, 'docs/pictures/tree.svg'), 'utf8'));
  expect(committed.length).toBeGreaterThan(60);
  expect(withoutNumbers(textOf(await draw('printedTrace()')))).toEqual(withoutNumbers(committed));
});

test('a picture shows any text as it is, and as XML', async () => {
  const first = 'OrderService.place(order: { id: 3, a: "<b>&amp;" }) threw Error: "]]>\u0007  1.0 ms  src/a.js:1';
  const svg = await draw(JSON.stringify(`${first}\n  f() -> <x>  2 ns  b.js:1\nisDomainError()  1 ns  a.js:1`));
  expect(textOf(svg).slice(1)).toEqual([
    'OrderService.place(order: { id: 3, a: "<b>&amp;" }) threw Error: "]]>\ufffd',
    ...['1.0 ms', 'a.js:1', 'f() -> <x>', '2 ns', 'b.js:1'],
  ]);
  expect(unbalanced(svg)).toEqual([]);
});

/** Reads XML strictly; returns what is wrong. */
function unbalanced(xml: string): string[] {
  const token = /<(\w+)(?: [\w:-]+="[^"<]*")*(\/?)>|<\/(\w+)>|(?:[^<&]|&(?:lt|gt|amp|quot);)+/y;
  const open: string[] = [];
  while (token.lastIndex < xml.length) {
    const { lastIndex } = token;
    const match = token.exec(xml);
    if (!match) return [`not XML: ${xml.slice(lastIndex, lastIndex + 40)}`];
    const [, start, empty, end] = match;
    if (start && !empty) open.push(start);
    if (end && open.pop() !== end) return [`</${end}> is not expected`];
  }
  return open;
}
