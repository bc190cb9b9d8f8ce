import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { hooks } from '../../hooks/index.js';
import { exchangesByFunction } from '../helpers/exchanges.js';
import { nodes } from '../helpers/node-versions.js';
import { startOrigin, type Origin } from '../helpers/origin.js';
import { programs, withoutPid } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

// Clients that have no hook of their own: they stand on node:http or on the global fetch.

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const { folder, bare, traced } = programs({
  'package.json': '{}',
  // Behind awaits of the clients and of the program, by lazy queries, in loops over pages, after the caller has gone on.
  'many.mjs': `
import nodeFetch from 'node-fetch';
import superagent from 'superagent';
import needle from 'needle';
import ky from 'ky';
const url = (id, step) => 'http://127.0.0.1:' + JSON.parse(process.argv[2]).port + '/json/' + id + step;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function askA(id) { return superagent.get(url(id, 'A')); }
async function askB(id) { await pause(id % 3); return (await nodeFetch(url(id, 'B'))).json(); }
async function askC(id) { const first = await superagent.get(url(id, 'C')); await askD(id); return first; }
async function askD(id) { for await (const page of pages(id)) if (!page) throw page; return needle('get', url(id, 'D')); }
async function* pages(id) { await pause(1); yield 1; await pause(1); yield id + 1; }
async function askE(id) { const asked = ky(url(id, 'E')).json(); await null; return asked; }
const all = [];
for (let id = 0; id < 20; id++) all.push(askA(id), askB(id), askC(id), askE(id));
console.log((await Promise.all(all)).length + 20, 'times', 100);
`,
  'main.mjs': readFileSync(join(__dirname, 'clients-program.mjs'), 'utf8'),
});
const clients = ['node-fetch', 'node-fetch2', 'superagent', 'needle', 'ky', 'openai', '@anthropic-ai', '@aws-sdk'];
for (const name of clients)
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');

const overHttp = [
  'http POST /echo {"a":1} -> 200 {"method":"POST","got":"{\\"a\\":1}"}',
  'http GET /redirect -> 302',
  'http GET /ok -> 200 {"path":"/ok"}',
  'http POST /echo {"a":1} -> 200 {"method":"POST","got":"{\\"a\\":1}"}',
  'http GET /json/1 -> 200 {"path":"/json/1"}',
  expect.stringMatching(/^http POST \/ Action=GetCallerIdentity&Version=2011-06-15 -> 200 \d+ bytes$/) as string,
];
const overFetch = [
  'fetch A1 POST /echo {"a":1} -> 200 {"method":"POST","got":"{\\"a\\":1}"}',
  expect.stringMatching(/^fetch A1 POST \/v1\/chat\/completions .*-> 200 \d+ bytes$/) as string,
  expect.stringMatching(/^fetch A1 POST \/v1\/messages .*-> 200 \d+ bytes$/) as string,
];
const fetchIsHooked = hooks.some(({ name }) => name === 'fetch');

test.each(nodes())('each exchange of clients without a hook is recorded once on Node $label', async ({ path }) => {
  const args = ['main.mjs', JSON.stringify({ port: origin.port })];
  const plain = await bare(path, args);
  const plainBytes = requestsIn(origin.takeRaw());
  const { records, ...run } = await traced(path, args);
  expect(withoutPid(run)).toEqual(withoutPid(plain));
  expect(run.stdout).not.toContain('fails');
  expect(plainBytes.length).toBeGreaterThan(3);
  expect(requestsIn(origin.takeRaw())).toEqual(plainBytes);

  const requests = records.filter((record) => record.type === 'http_request');
  const texts = requests.flatMap((request) => {
    const end = records.filter((record) => 'id' in record && record.id === request.id && record !== request);
    return Object.values(exchangesByFunction([{ ...request, parent: null }, ...end]));
  });
  // However often the client itself has awaited on the way.
  const names = new Map(records.flatMap((record) => (record.type === 'call' ? [[record.id, record.func]] : [])));
  expect(requests.map(({ parent }) => names.get(parent ?? 0)?.replace('cases.', ''))).toEqual([
    ...['nodeFetch2', 'nodeFetch3', 'nodeFetch3', 'superagent', 'needle', 'sts', 'ky', 'openai', 'anthropic'],
  ]);
  const [byHttp, byFetch] = ['http ', 'fetch '].map((client) => texts.filter((text) => text.startsWith(client)));
  expect(byHttp).toEqual(overHttp);
  expect(byFetch).toEqual(fetchIsHooked ? overFetch : []);
  for (const record of requests) expect(JSON.stringify(record.headers)).not.toMatch(/sk-1|Signature=/);
  // What a model says as it says it.
  const streams = records.filter(
    (record) => record.type === 'http_response' && /event-stream/.test(JSON.stringify(record.headers)),
  );
  expect(streams).toHaveLength(fetchIsHooked ? 2 : 0);
  for (const stream of streams) {
    const { text } = (stream as { response_body: { text: string } }).response_body;
    expect(text.indexOf('"Hel"')).toBeGreaterThan(0);
    expect(text.indexOf('"lo"')).toBeGreaterThan(text.indexOf('"Hel"'));
  }
});

test.each(nodes())('of 100 requests at once each is below the call that made it on Node $label', async ({ path }) => {
  const args = ['many.mjs', JSON.stringify({ port: origin.port })];
  const plain = await bare(path, args);
  const { records, ...run } = await traced(path, args);
  expect(withoutPid(run)).toEqual(withoutPid(plain));
  expect(run.stdout).toBe('100 times 100\n');
  const calls = new Map(records.flatMap((record) => (record.type === 'call' ? [[record.id, record]] : [])));
  const requests = records.filter((record) => record.type === 'http_request');
  expect(requests).toHaveLength(100);
  for (const { url, parent } of requests) {
    const caller = calls.get(parent ?? 0);
    const [, id, step] = /\/json\/(\d+)(\w)$/.exec(url)!;
    expect({ url, func: caller?.func, id: caller?.args_preview.id }).toEqual({
      url,
      func: `ask${step}`,
      id: Number(id),
    });
  }
  origin.takeRaw();
});

/** What the AWS SDK signs carries the time and an id. */
/** By connection at first; whether one is used again depends on when its other side has closed it. */
function requestsIn(connections: string[]): string[] {
  return connections
    .join('')
    .split(/(?=(?:GET|POST) \S+ HTTP\/1\.1\r\n)/)
    .filter((text) => !isSigned(text))
    .sort();
}

function isSigned(text: string): boolean {
  return text.includes('amz-sdk-invocation-id');
}
