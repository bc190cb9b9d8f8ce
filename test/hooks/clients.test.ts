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
  'main.mjs': readFileSync(join(__dirname, 'clients-program.mjs'), 'utf8'),
});
const clients = ['node-fetch', 'node-fetch2', 'superagent', 'needle', 'ky', 'openai', '@anthropic-ai', '@aws-sdk'];
for (const name of clients)
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'dir');

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

test.each(nodes())('each exchange of clients without a hook is recorded once on Node $major', async ({ path }) => {
  const args = ['main.mjs', JSON.stringify({ port: origin.port })];
  const plain = await bare(path, args);
  const plainBytes = origin.takeRaw().filter((text) => !isSigned(text));
  const { records, ...run } = await traced(path, args);
  expect(withoutPid(run)).toEqual(withoutPid(plain));
  expect(run.stdout).not.toContain('fails');
  expect(plainBytes.length).toBeGreaterThan(3);
  expect(origin.takeRaw().filter((text) => !isSigned(text))).toEqual(plainBytes);

  const requests = records.filter((record) => record.type === 'http_request');
  const texts = requests.flatMap((request) => {
    const end = records.filter((record) => 'id' in record && record.id === request.id && record !== request);
    return Object.values(exchangesByFunction([{ ...request, parent: null }, ...end]));
  });
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

/** What the AWS SDK signs carries the time and an id. */
function isSigned(text: string): boolean {
  return text.includes('amz-sdk-invocation-id');
}
