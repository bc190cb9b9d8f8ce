import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const { bare, traced } = programs({
  // As the lockdown of `ses`: all built-ins and their prototypes, before anything is recorded.
  'app.cjs': `
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const { value } = Object.getOwnPropertyDescriptor(globalThis, name);
  if (typeof value !== 'function') continue;
  Object.freeze(value);
  if (value.prototype) Object.freeze(value.prototype);
}
function pair(a, b) { return { a, b, error: new Error('x') }; }
async function later(n) { await null; return pair(n, 'é'.repeat(3)); }
later(1.5).then(({ b }) => console.log(b));
`,
});

const lines = nodes();

test.each([
  [lines[0], []],
  [lines.at(-1)!, []],
  [lines[0], ['--frozen-intrinsics']],
  [lines.at(-1)!, ['--frozen-intrinsics']],
])('built-ins that are frozen lose no event: Node $version %j', async ({ path: node }, flags) => {
  const alone = await bare(node, [...flags, '--no-warnings', 'app.cjs']);
  expect(alone).toMatchObject({ code: 0, stdout: 'ééé\n', stderr: '' });
  const { records, ...run } = await traced(node, [...flags, '--no-warnings', 'app.cjs']);
  expect(run).toEqual(alone);
  expect(records.flatMap((record) => (record.type === 'call' ? [record.func] : []))).toEqual(
    expect.arrayContaining(['later', 'pair']),
  );
  expect(records.at(-1)).toMatchObject({ type: 'process_end', dropped: {} });
});
