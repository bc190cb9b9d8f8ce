import { join } from 'node:path';
import { repository, runNode } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const demo = join(repository, 'scripts/demo.mjs');
const trace = join(repository, 'fixtures/apps/order-service/handit_events.jsonl');

// One after the other: both write the same trace.
describe('the demo', () => {
  test('runs the order service, prints its calls and leaves a valid trace', async () => {
    const { stdout, stderr, code } = await runNode(process.execPath, [demo], { cwd: repository });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toContain('2 placed, 3 refused, 89.91 EUR in all\n');
    expect(stdout).toMatch(/^OrderService\.place\(order: \{ id: 1, .* -> \{ order: 1, customer: "ada", cents: 3141/m);
    expect(stdout).toMatch(/^ {4}Catalog\.#find\(sku: "cup-99"\) threw UnknownArticle: no article cup-99 {2}/m);
    validateTrace(trace);
    const calls = readTrace(trace).filter(({ type }) => type === 'call').length;
    expect(calls).toBeGreaterThan(100);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `${calls} calls in ${join('fixtures/apps/order-service/handit_events.jsonl')}`,
    );
  });

  test('fails when nothing was recorded', async () => {
    const { stderr, code } = await runNode(process.execPath, [demo], {
      cwd: repository,
      env: { HANDIT_ENABLED: 'false' },
    });
    expect({ stderr, code }).toEqual({ stderr: `demo: the trace holds no call: ${trace}\n`, code: 1 });
  });
});
