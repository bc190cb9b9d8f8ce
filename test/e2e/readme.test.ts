import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodes } from '../helpers/node-versions.js';
import { installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { validateTrace } from '../helpers/trace.js';

const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const program = /^```js\n([\s\S]*?)^```$/m.exec(readme)![1];
const shown = /`npx handit print` shows\n+```\n([\s\S]*?)^```$/m.exec(readme)![1];

/** Without the head line, durations and places. */
function treeOf(printed: string): string {
  return printed
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/ {2}[\d.]+ \w+ {2}app\.js:\d+$/, ''))
    .join('\n');
}

test.each(nodes())('the first example of the README shows what it says on Node $major', async ({ path }) => {
  const project = tempProject({ 'app.js': program, 'package.json': '{"type":"module"}' });
  installHandit(project);
  const bare = await runNode(path, ['app.js'], { cwd: project });
  const traced = await runNode(path, ['--import', 'handit/register', 'app.js'], { cwd: project });
  expect(traced).toEqual(bare);
  expect(traced.stdout).toBe('{ paid: 13 }\n');

  expect(validateTrace(join(project, 'handit_events.jsonl'))).toBe(18);
  const printed = await runNode(path, [join(repository, 'dist/cli.cjs'), 'print'], { cwd: project });
  expect(treeOf(printed.stdout)).toBe(shown);
});
