import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, Exception, HttpRequest, TestEnd, TraceRecord } from '../../src/trace-format.js';
import { handit } from './red-and-green.js';
import { repository, runNode, tempProject } from './run.js';

/** A program with everything that exporters must keep apart: stacks, waiting, overlap, timers, exchanges, a session. */
const APP = `
import http from 'node:http';
import { session } from 'handit';
function leaf(n) { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum; }
function branch(n) { return leaf(n) + leaf(n + 1); }
function broken(word) { throw new RangeError('no ' + word); }
function later() { leaf(10); }
function timers() { setTimeout(function fired() { later(); }, 3); return branch(5); }
async function waiting(ms) { leaf(1); await new Promise((done) => setTimeout(done, ms)); branch(2); return ms; }
async function both() { return Promise.all([waiting(5), waiting(4), waiting(2)]); }
function* counting() { yield leaf(1); yield leaf(2); }
async function failing() { await null; broken('needle-arg'); }
const server = http.createServer(function handler(request, response) {
  branch(3);
  request.resume().on('end', () => {
    response.writeHead(request.url.startsWith('/missing') ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ got: 'needle-body' }));
  });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const url = 'http://127.0.0.1:' + server.address().port;
async function ask(path) {
  const response = await fetch(url + path, { method: 'POST', body: JSON.stringify({ sent: 'needle-sent' }),
    headers: { 'content-type': 'application/json' } });
  return response.json();
}
async function main() {
  timers();
  await both();
  [...counting()];
  await failing().catch(() => {});
  await session({ tag: 'checkout' }, async () => { branch(7); await ask('/cart?x=1&y=two'); });
  await ask('/missing');
  await fetch('http://127.0.0.1:1/closed').catch(() => {});
  await new Promise((done) => setTimeout(done, 8));
}
await main();
server.closeAllConnections();
server.close();
`;

const TESTS = `
import { test } from 'node:test';
import assert from 'node:assert';
function twice(n) { return n * 2; }
test('doubles', async () => { await null; assert.equal(twice(2), 4); });
test('is wrong', () => { assert.equal(twice(2), 5); });
`;

export interface Recorded {
  readonly folder: string;
  readonly file: string;
  readonly records: TraceRecord[];
  readonly calls: Call[];
  readonly requests: HttpRequest[];
  readonly ends: Map<string, Exclude<TraceRecord, { type: 'summary' }> & { dt_ns?: number; t1_ns?: number }>;
  readonly failures: Exception[];
  readonly tests: TestEnd[];
}

/** One trace of the program and of its tests. */
export async function recordApp(): Promise<Recorded> {
  const folder = tempProject({ 'package.json': '{"type":"module"}', 'app.mjs': APP, 'a.test.mjs': TESTS });
  writeFileSync(join(folder, 'app.mjs'), APP.replace("'handit'", JSON.stringify(join(repository, 'dist/index.mjs'))));
  const file = join(folder, 'handit_events.jsonl');
  const register = join(repository, 'register.mjs');
  for (const args of [['app.mjs'], ['--test']]) {
    const { stderr } = await runNode(process.execPath, ['--import', register, ...args], {
      cwd: folder,
      env: { HANDIT_OUTPUT_FILE: file },
    });
    if (stderr.includes('handit')) throw new Error(stderr.slice(0, 2000));
  }
  return recordedIn(folder, file);
}

export function recordedIn(folder: string, file: string): Recorded {
  const records = recordsOf(readFileSync(file, 'utf8'));
  const of = <T extends TraceRecord>(type: T['type']): T[] => records.filter((one) => one.type === type) as T[];
  const ends = new Map<string, never>();
  for (const one of records) {
    if (['return', 'exception', 'http_response', 'http_error'].includes(one.type)) ends.set(keyOf(one), one as never);
  }
  return {
    ...{ folder, file, records, ends, calls: of<Call>('call'), requests: of<HttpRequest>('http_request') },
    ...{ failures: of<Exception>('exception'), tests: of<TestEnd>('test_end') },
  };
}

export function recordsOf(text: string): TraceRecord[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TraceRecord);
}

export function keyOf(record: object): string {
  const { proc, id } = record as { proc: string; id: number };
  return `${proc}:${id}`;
}

/** What `handit export` writes for these arguments. */
export async function exported(folder: string, ...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await handit(folder, 'export', '--run', 'all', '-o', 'out', ...args);
  if (code !== 0) throw new Error(stderr + stdout);
  return readFileSync(join(folder, 'out'), 'utf8');
}

/** Digits of a number in a line of JSON as they are: a double loses some. */
export function nsField(line: object, text: string, field: string): bigint {
  const found = new RegExp(`"${field}":(\\d+)`).exec(text);
  if (!found) throw new Error(`no ${field} in ${JSON.stringify(line)}`);
  return BigInt(found[1]);
}
