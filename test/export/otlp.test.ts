import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as protobuf from 'protobufjs';
import type { ErrorInfo, SessionStart } from '../../src/trace-format.js';
import { exported, keyOf, recordApp, type Recorded } from '../helpers/exported.js';
import { llmRecords } from '../helpers/llm-records.js';
import { call, jsonl, processEnd, processStart, request, response, testEnd, threw } from '../helpers/records.js';
import { cleanEnv, repository, runNode, type RunResult, tempProject } from '../helpers/run.js';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  events: { name: string; attributes: { key: string; value: { stringValue: string } }[] }[];
  status?: { code: number; message: string };
}

const cli = join(repository, 'dist/cli.cjs');
const ServiceRequest = officialType();
let app: Recorded;
let receiver: Receiver;

beforeAll(async () => {
  app = await recordApp();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

test('every call, exchange, test and session is a span as the official definition has it', async () => {
  const spans = decoded(await exported(app.folder, '--to', 'otlp', '--all'));
  const ids = new Map(spans.map((span) => [attribute(span, 'handit.id'), span]));
  expect([...ids.keys()].filter(Boolean).sort()).toEqual([...app.calls, ...app.requests].map(keyOf).sort());
  expect(spans).toHaveLength(app.calls.length + app.requests.length + app.tests.length + 1);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const times = exactTimes();
  for (const one of app.calls) {
    const span = ids.get(keyOf(one))!;
    expect(span).toMatchObject({ name: one.func, startTimeUnixNano: times.get(keyOf(one)) });
    const dt = app.ends.get(keyOf(one))?.dt_ns;
    if (dt !== undefined) expect(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)).toBe(BigInt(dt));
    expect(attribute(span, 'code.file.path')).toBe(one.file);
    expect(attribute(span, 'code.line.number')).toBe(String(one.line));
    const parent = one.parent === null ? undefined : ids.get(`${one.proc}:${one.parent}`);
    if (parent) expect([span.traceId, span.parentSpanId]).toEqual([parent.traceId, expect.any(String)]);
    if (parent && one.session_id === undefined) expect(span.parentSpanId).toBe(parent.spanId);
  }
});

test('failures have the exception of the trace, and tests and sessions contain what they called', async () => {
  const spans = decoded(await exported(app.folder, '--to', 'otlp', '--all'));
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const of = (id: string) => spans.find((span) => attribute(span, 'handit.id') === id)!;
  expect(app.failures.length).toBeGreaterThan(2);
  for (const failure of app.failures) {
    const { status, events } = of(keyOf(failure));
    const { name, message, stack }: ErrorInfo = failure.error;
    expect(status).toMatchObject({ code: 2, message });
    const values = Object.fromEntries(events[0].attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(values).toEqual({ 'exception.type': name, 'exception.message': message, 'exception.stacktrace': stack });
  }
  for (const end of app.tests) {
    const span = spans.find(
      (one) => attribute(one, 'test.case.name') === end.test && attribute(one, 'handit.id') === undefined,
    )!;
    expect(attribute(span, 'test.case.result.status')).toBe(end.outcome === 'passed' ? 'pass' : 'fail');
    expect(Boolean(span.status)).toBe(end.outcome === 'failed');
    const called = app.calls.find(
      (one) => one.test_id === end.test_id && one.proc === end.proc && one.parent === null,
    )!;
    expect(byId.get(of(keyOf(called)).parentSpanId)).toBe(span);
    expect(of(keyOf(called)).traceId).toBe(span.traceId);
  }
  const start = app.records.find(({ type }) => (type as string) === 'session_start') as SessionStart;
  const session = spans.find((one) => one.name === 'checkout')!;
  expect(byId.get(session.parentSpanId)?.name).toBe('main');
  const inside = app.calls.find((one) => one.session_id === start.session_id && one.parent === start.parent)!;
  expect(of(keyOf(inside)).parentSpanId).toBe(session.spanId);
});

test('a request at the server is below the one at the client, with status and kind', async () => {
  const spans = decoded(await exported(app.folder, '--to', 'otlp'));
  const servers = spans.filter(({ kind }) => kind === 2 || String(kind) === 'SPAN_KIND_SERVER');
  expect(servers).toHaveLength(2);
  for (const server of servers) {
    const client = spans.find(({ spanId }) => spanId === server.parentSpanId)!;
    expect(attribute(client, 'url.full')).toBe(attribute(server, 'url.full'));
    expect(attribute(server, 'http.response.status_code')).toMatch(/^(200|404)$/);
  }
});

test('by default what matters is sent, with all above it; values only where they are asked for', async () => {
  const text = await exported(app.folder, '--to', 'otlp');
  const spans = decoded(text);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(spans.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId))).toEqual([]);
  const sent = new Set(spans.map((span) => attribute(span, 'handit.id')));
  const slow = app.calls.filter((one) => (app.ends.get(keyOf(one))?.dt_ns ?? 0) >= 1e6);
  for (const one of [...slow, ...app.failures, ...app.requests]) expect(sent).toContain(keyOf(one));
  const quick = app.calls.filter(({ func }) => func === 'leaf');
  expect(quick.filter((one) => sent.has(keyOf(one)) && app.ends.get(keyOf(one))!.dt_ns! < 1e6)).toEqual([]);
  for (const value of ['needle-sent', 'needle-body', '"needle-arg"']) expect(text).not.toContain(value);
  const full = await exported(app.folder, '--to', 'otlp', '--values');
  for (const value of ['needle-sent', 'needle-body', 'needle-arg\\"'])
    expect(full.replaceAll('\\\\', '\\')).toContain(value);
});

test('calls of language models have the attributes of the conventions for them, and their messages with --values', async () => {
  const folder = tempProject({
    'handit_events.jsonl': llmRecords()
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  });
  const spansOf = async (...args: string[]): Promise<Span[]> =>
    decoded(await exported(folder, '--to', 'otlp', ...args));
  const genAi = ({ attributes }: Span): object =>
    Object.fromEntries(
      attributes.filter(({ key }) => key.startsWith('gen_ai.')).map(({ key, value }) => [key.slice(7), value]),
    );
  const text = (stringValue: string): object => ({ stringValue });
  const whole = (intValue: number): object => ({ intValue: String(intValue) });
  const [chat, broken, other] = await spansOf();
  expect(chat.name).toBe('chat gpt-4o');
  expect(chat.status).toBeUndefined();
  expect(genAi(chat)).toEqual({
    ...{ 'operation.name': text('chat'), 'provider.name': text('openai'), 'request.model': text('gpt-4o') },
    ...{ 'response.model': text('gpt-4o-1'), 'usage.input_tokens': whole(12), 'usage.output_tokens': whole(7) },
    ...{ 'usage.cache_read.input_tokens': whole(5), 'usage.reasoning.output_tokens': whole(3) },
    'response.finish_reasons': { arrayValue: { values: [text('tool_calls')] } },
  });
  expect(broken).toMatchObject({ name: 'chat claude', status: { code: 2, message: 'overloaded_error: Overloaded' } });
  expect(attribute(broken, 'error.type')).toBe('overloaded_error');
  expect(genAi(broken)).toMatchObject({ 'provider.name': text('anthropic'), 'usage.input_tokens': whole(4) });
  expect(genAi(broken)).not.toHaveProperty(['usage.output_tokens']);
  expect([other.name, genAi(other)]).toEqual(['POST', {}]);
  const [full] = await spansOf('--values');
  expect(JSON.parse(attribute(full, 'gen_ai.input.messages')!)).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'How warm is it?' }] },
  ]);
  const called = { type: 'tool_call', id: 'call_1', name: 'weather', arguments: '{"city":"Ulm"}' };
  expect(JSON.parse(attribute(full, 'gen_ai.output.messages')!)).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'I will look.' }, called], finish_reason: 'tool_calls' },
  ]);
});

test('a receiver gets gzip with the headers of the variables, and one line says what it got', async () => {
  const { code, stdout } = await send(['--endpoint', receiver.url], {
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b,x-other=2',
    OTEL_SERVICE_NAME: 'shop',
  });
  const { spans, requests } = receiver;
  expect(code).toBe(0);
  expect(requests[0]).toMatchObject({ path: '/v1/traces', encoding: 'gzip', key: 'a b' });
  expect(stdout).toBe(
    `${spans.length} spans (${Math.ceil(requests[0].bytes / 1e3)} kB) sent to ${receiver.url}/v1/traces, without values (--values adds them)\n`,
  );
  expect(requests[0].service).toBe('shop');
  await send([], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own`, OTEL_EXPORTER_OTLP_COMPRESSION: 'none' });
  expect(requests.at(-1)).toMatchObject({ path: '/own', encoding: undefined });
});

test('a receiver that is busy is asked again when it wants; what it rejects is told', async () => {
  receiver.answers.push({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 });
  receiver.answers.push({ status: 200, body: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}' });
  const { code, stderr, stdout } = await send(['--endpoint', receiver.url]);
  expect(receiver.requests).toHaveLength(3);
  expect(receiver.requests[1].ms - receiver.requests[0].ms).toBeGreaterThanOrEqual(990);
  expect(stderr).toContain('handit: 2 spans rejected by the receiver: too old\n');
  expect(stdout).toMatch(new RegExp(`^${receiver.spans.length / 3 - 2} spans `));
  expect(code).toBe(1);
});

test('a request that is too large is sent in halves; a refusal ends it, and says how many are not sent', async () => {
  receiver.answers.push({ status: 413 });
  await send(['--endpoint', receiver.url]);
  const [whole, ...halves] = receiver.requests.map(({ count }) => count);
  expect(halves).toHaveLength(2);
  expect(halves[0] + halves[1]).toBe(whole);
  receiver.answers.push({ status: 401, body: 'who are you' });
  const { code, stderr } = await send(['--endpoint', receiver.url]);
  expect(code).toBe(1);
  expect(stderr).toContain(`handit: ${whole} spans not sent: status 401: who are you; run it again\n`);
});

test('wrong use is told', async () => {
  const { stderr } = await send(['--endpoint', 'localhost']);
  expect(stderr).toBe('handit: --endpoint is no URL; it must be like http://localhost:4318\n');
  expect((await send(['--follow'])).stderr).toBe(
    'handit: --follow needs --to otlp and a receiver: give --endpoint <url>\n',
  );
  for (const [args, line] of [
    [
      '--to clickhouse --follow',
      '--follow is for --to otlp; the rows of a run go there together, so run the command again',
    ],
    ['--to perfetto --follow', '--follow is for --to otlp\n'],
    ['--to har --endpoint http://127.0.0.1:1', '--endpoint is for --to otlp and clickhouse\n'],
    ['--to speedscope --side server', '--side is for --to har\n'],
    ['--to otlp --ddl', '--ddl is for --to clickhouse\n'],
    ['--to otlp --endpoint http://127.0.0.1:1 -o x', 'give either --endpoint or --output\n'],
  ]) {
    const { code, stderr: said } = await runNode(process.execPath, [cli, 'export', ...args.split(' ')], {
      cwd: app.folder,
    });
    expect([code, said.slice(8, 8 + line.length)]).toEqual([2, line]);
  }
});

test('requests have at most 512 spans and 3.5 MB', async () => {
  const lines = [processStart()] as object[];
  for (let id = 1; id <= 1200; id++) {
    const error = { name: 'Error', message: 'x'.repeat(id > 1100 ? 60_000 : 10) };
    lines.push(call(id, null, id), threw(id, id + 1, { error }));
  }
  const folder = tempProject({ 'handit_events.jsonl': jsonl(...lines) });
  await send(['--endpoint', receiver.url], {}, folder);
  const counts = receiver.requests.map(({ count }) => count);
  expect(counts.slice(0, 2)).toEqual([512, 512]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(1200);
  expect(Math.max(...receiver.requests.map(({ bytes }) => bytes))).toBeLessThanOrEqual(3_600_000);
  expect(Math.max(...receiver.requests.map(({ bytes }) => bytes))).toBeGreaterThan(3_000_000);
});

test('--follow sends what is added, keeps its place across restarts, and sends nothing twice', async () => {
  const folder = tempProject({ 'handit_events.jsonl': jsonl(processStart(), call(1, null, 0), request(2, 1, 1)) });
  const file = join(folder, 'handit_events.jsonl');
  const add = (...records: object[]) => appendFileSync(file, jsonl(...records));
  const names = () => receiver.spans.map((span) => attribute(span, 'handit.id') ?? span.name);
  add(response(2, 5));
  const first = await follow(folder);
  await receiver.until(() => names().length === 1);
  expect(names()).toEqual(['5f0c9a1e:2']);
  const line = JSON.stringify(threw(1, 9, { dt_ns: 9000 }));
  appendFileSync(file, line.slice(0, 30));
  appendFileSync(file, `${line.slice(30)}\n`);
  await receiver.until(() => names().length === 2);
  await first.stop();
  add(call(3, null, 20), threw(3, 21), testEnd('a > b', 30));
  receiver.answers.push({ status: 400 });
  const second = await follow(folder);
  await receiver.until(() => names().length === 6);
  expect((await second.stop()).stdout).toMatch(/^2 spans /);
  // The receiver refused these once, so they came to it twice.
  expect(names()).toEqual(['5f0c9a1e:2', '5f0c9a1e:1', '5f0c9a1e:3', 'b', '5f0c9a1e:3', 'b']);
  const third = await follow(folder);
  add(call(4, null, 40), processEnd(), call(5, null, 41), threw(5, 42));
  await third.stop();
  expect(names().slice(6)).toEqual(['5f0c9a1e:5']);
  expect(readdirSync(folder).filter((name) => name.endsWith('.sent'))).toHaveLength(1);
  // Another file of the same name begins again.
  const proc = 'aaaaaaaa';
  writeFileSync(file, jsonl(processStart({ proc }), call(1, null, 0, { proc }), threw(1, 2, { proc })));
  await (await follow(folder)).stop();
  expect(names().slice(7)).toEqual(['aaaaaaaa:1']);
});

// ------------------------------------------------------------------------------------------------------------ helpers

function send(args: string[], env: Record<string, string> = {}, folder = app.folder): Promise<RunResult> {
  return runNode(process.execPath, [cli, 'export', '--run', 'all', '--to', 'otlp', ...args], { cwd: folder, env });
}

/** Resolves when it has read the file. */
async function follow(folder: string): Promise<{ stop(): Promise<{ stdout: string }> }> {
  const args = [cli, 'export', '--to', 'otlp', '--follow', '--endpoint', receiver.url];
  const child = spawn(process.execPath, args, { cwd: folder, env: cleanEnv() });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const closed = once(child, 'close');
  const [first] = (await Promise.race([once(child.stderr.setEncoding('utf8'), 'data'), closed])) as [string];
  if (!String(first).startsWith('handit: following ')) throw new Error(String(first));
  return {
    async stop() {
      child.kill('SIGINT');
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw new Error(`exit code ${code}: ${stdout}`);
      return { stdout };
    },
  };
}

function exactTimes(): Map<string, string> {
  const lines = readFileSync(app.file, 'utf8').matchAll(/^\{"type":"call","proc":"(\w+)","id":(\d+).*"t0_ns":(\d+)/gm);
  return new Map([...lines].map(([, proc, id, t0]) => [`${proc}:${id}`, t0]));
}

function attribute(span: Span, key: string): string | undefined {
  const value = span.attributes.find((one) => one.key === key)?.value;
  return value && String(Object.values(value)[0]);
}

/** From the definition that the project publishes, as a package ships it. */
function officialType(): protobuf.Type {
  const folder = join(dirname(require.resolve('@opentelemetry/otlp-grpc-exporter-base/package.json')), 'build/protos');
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => join(folder, target);
  root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto', { keepCase: false });
  return root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
}

/** Lines of OTLP/JSON, encoded as the definition says and decoded again; a field that it does not have is an error. */
function decoded(text: string): Span[] {
  return text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const json = JSON.parse(line, (key, value: unknown) =>
        /^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value as string, 'hex').toString('base64') : value,
      ) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      const message = ServiceRequest.decode(ServiceRequest.encode(ServiceRequest.fromObject(json)).finish());
      const plain = ServiceRequest.toObject(message, { longs: String, bytes: String, defaults: false });
      expect(plain).toEqual(json);
      return plain.resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
        scopeSpans.flatMap(({ spans }) => spans),
      ) as Span[];
    })
    .map((span) => ({ ...span, events: span.events ?? [], parentSpanId: span.parentSpanId ?? '' }));
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

interface Receiver {
  url: string;
  requests: {
    path: string;
    encoding?: string;
    key?: string;
    bytes: number;
    count: number;
    ms: number;
    service?: string;
  }[];
  spans: Span[];
  /** Given in this order; then 200. */
  answers: Answer[];
  until(isSo: () => boolean): Promise<void>;
  close(): void;
}

async function startReceiver(): Promise<Receiver> {
  const watchers = new Set<() => void>();
  const server = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { url = '', headers } = incoming;
      const bytes = Buffer.concat(chunks);
      const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      const spans = decoded(text);
      result.spans.push(...spans);
      result.requests.push({
        ...{ path: url, encoding: headers['content-encoding'], key: headers['x-key'] as string | undefined },
        ...{ bytes: text.length, count: spans.length, ms: Date.now() },
        service: /"service.name","value":\{"stringValue":"(\w+)"/.exec(text)?.[1],
      });
      const { status, headers: own = {}, body = '{}' } = result.answers.shift() ?? { status: 200 };
      outgoing
        .writeHead(status, { 'content-type': 'application/json', ...own })
        .end(body, () => watchers.forEach((one) => one()));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const result: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ requests: [], spans: [], answers: [] },
    until: (isSo) =>
      new Promise((done) => {
        const look = (): void => {
          if (!isSo()) return;
          watchers.delete(look);
          done();
        };
        watchers.add(look);
        look();
      }),
    close: () => server.closeAllConnections() ?? server.close(),
  };
  return result;
}
