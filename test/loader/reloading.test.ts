import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const project = programs({
  'main.mjs': `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (let i = 0; i < 10; i++) {
  const id = require.resolve('./lib.cjs');
  delete require.cache[id];
  require('./lib.cjs').required();
  (await import('./lib.mjs?' + i)).imported();
}`,
  'lib.cjs': 'exports.required = function required() {};',
  'lib.mjs': 'export function imported() {}',
});

// New ids for each time would be new functions, and memory for each of them.
test.each(nodes())('a file that is loaded again has the same functions on Node $version', async ({ path }) => {
  const { code, stderr, records } = await project.traced(path, ['main.mjs'], { env: { HANDIT_MAX_CALLS: '3' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const calls = records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
  expect(calls.sort()).toEqual(['imported', 'imported', 'imported', 'required', 'required', 'required']);
  const totals = records.flatMap((record) => (record.type === 'summary' ? [[record.func, record.calls]] : []));
  expect(totals.sort()).toEqual([
    ['imported', 10],
    ['required', 10],
  ]);
});
