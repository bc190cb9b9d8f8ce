import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { terminalLine } from '../../src/cli/escape.js';
import { functionStats } from '../../src/cli/function-stats.js';
import { overviewLines } from '../../src/cli/overview.js';
import { nodeValue } from '../../src/cli/print-json.js';
import { TreePrinter } from '../../src/cli/print-tree.js';
import { groupTries } from '../../src/reader/test-groups.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { traceOf } from '../helpers/reading.js';

const app = `
const http = require('http');
const test = require('node:test');
class Cart { constructor(items) { this.items = items; } get size() { return this.items.length; } }
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
async function waits(value) { await null; return value; }
function* counts() { yield 1; yield 2; }
function fails(message) { throw new TypeError(message, { cause: new Error('below') }); }
function later() { return new Promise((done) => setTimeout(done, 1)); }
test('adds', () => { fib(4); new Cart([1]).size; [...counts()]; });
test('fails', () => { require('assert').strictEqual(fib(3), 1); });
test('asks', async () => {
  const server = http.createServer((request, response) => { waits(1).then(() => response.end(JSON.stringify({ ok: true }))); });
  await new Promise((ready) => server.listen(0, ready));
  await (await fetch('http://localhost:' + server.address().port + '/cart/1', { method: 'POST', body: '{"a":[1,2]}' })).text();
  await later();
  try { fails('no'); } catch {}
  server.close();
});
`;

const VALUES: unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, '', 'text', [], {}, [[[]]], { a: { b: 1 } }, '\u001b[2J\u009b\u202e'],
  ...['__proto__', { $type: 'Map' }, { $type: 5 }, { $type: 'Array', items: 5 }, { message: 5, stack: {}, name: [] }],
  ...[{ cause: { message: 'x', cause: null } }, 'x'.repeat(5000), 4294967295, 1767600000000000000, 'toString'],
];

/** What may be at any place of a made-up file. */
const WRONG = VALUES.flatMap((value) => [value, [value], { $type: 'Map', size: value, entries: value, a: value }]);

let records: Record<string, unknown>[];

beforeAll(async () => {
  const folder = tempProject({ 'app.test.js': app });
  const cli = join(repository, 'dist/cli.cjs');
  await runNode(process.execPath, [cli, 'app.test.js'], { cwd: folder });
  records = readFileSync(join(folder, 'handit_events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
});

/** Each place in a value, also within objects of it. */
function placesIn(record: object, depth = 4): (string | number)[][] {
  return Object.entries(record).flatMap(([key, value]) => [
    [key],
    ...(depth > 0 && typeof value === 'object' && value !== null
      ? placesIn(value as object, depth - 1).map((place) => [key, ...place])
      : []),
  ]);
}

function replaced(record: object, [key, ...rest]: (string | number)[], value: unknown): object {
  const copy = (Array.isArray(record) ? [...record] : { ...record }) as Record<string | number, unknown>;
  copy[key] = rest.length === 0 ? value : replaced(copy[key] as object, rest, value);
  return copy;
}

/** Everything that reads a trace. */
async function readAll(lines: readonly object[]): Promise<string[]> {
  const trace = traceOf(...lines);
  const chosen = new Set(trace.processes.keys());
  const written: string[] = [];
  const out = {
    width: 120,
    line: (text: string) => written.push(terminalLine(text, false)),
    drained: () => Promise.resolve(),
  };
  const style = { depth: Infinity, full: false, ids: true, unfold: false, bodies: true };
  await new TreePrinter(trace, out, {}, style).printAll(chosen);
  for (const line of overviewLines(trace, chosen)) out.line(line);
  for (let node = 0; node < trace.nodes.count; node++) JSON.stringify(nodeValue(trace, node, 0));
  functionStats(trace, chosen, () => true, true);
  groupTries(trace.tests);
  return written;
}

test('any wrong value at any place of a real trace is read without a crash, and nothing of it reaches the terminal', async () => {
  const kinds = new Map(records.map((record) => [JSON.stringify([record.type, record.side, record.func]), record]));
  expect(kinds.size).toBeGreaterThan(20);
  let combinations = 0;
  for (const record of kinds.values()) {
    // With the lines that its ids name, so that these lead somewhere.
    const around = records.filter(
      ({ id, type }) => id === record.id || id === record.parent || type === 'process_start',
    );
    for (const place of placesIn(record)) {
      // Each wrong value in a process of its own.
      const lines = WRONG.flatMap((value, index) =>
        around.map((line) => {
          const own = { ...line, proc: `p${index}` };
          return line === record ? replaced(own, place, value) : own;
        }),
      );
      const written = (await readAll(lines)).join('');
      // eslint-disable-next-line no-control-regex
      const raw = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.exec(written);
      if (raw) throw new Error(`${place.join('.')} of ${String(record.type)}: ${JSON.stringify(raw[0])} is written`);
      combinations += WRONG.length;
    }
  }
  expect(combinations).toBeGreaterThan(20_000);
}, 240_000);
