import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { exchangesByFunction } from '../helpers/exchanges.js';
import { nodes } from '../helpers/node-versions.js';
import { startOrigin, type Origin } from '../helpers/origin.js';
import { programs, withoutPid } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const { folder, bare, traced } = programs({
  'package.json': '{}',
  'main.cjs': readFileSync(join(__dirname, 'mocks-program.cjs'), 'utf8'),
});
for (const name of ['axios', 'got11', 'nock13', 'nock14', 'msw']) {
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
}

const expected = {
  'cases.plain': 'http GET /things?q=1 -> 200 {"things":[1]}',
  'cases.posted': 'http POST /posted {"a":1} -> 201 {"a":1}',
  'cases.failing': 'http GET /failing -> ! Error',
  'cases.through': 'http GET /ok -> 200 {"path":"/ok"}',
  'cases.throughAxios': 'axios A1 GET /ok -> 200 {"path":"/ok"}',
  'cases.withAxios': 'axios A1 POST /posted {"a":2} -> 201 {"a":2}',
  'cases.withGot': 'got A1 GET /things -> 200 {"things":[1]}',
};
const tables = {
  nock13: { ...expected, 'cases.failing': 'http GET /failing -> ! Error aborted' },
  nock14: {
    ...expected,
    // Of a body whose length is not known nothing is copied.
    fetched: 'fetch GET /things -> 200',
    fetchPosted: 'fetch POST /posted {"a":1} -> 201',
    fetchFails: 'fetch GET /failing -> ! Error',
  },
  msw: {
    ...expected,
    'cases.failing': 'http GET /failing -> ! TypeError',
    fetched: 'fetch GET /things -> 200 {"things":[1]}',
    fetchPosted: 'fetch POST /posted {"a":1} -> 201 {"a":1}',
    fetchFails: 'fetch GET /failing -> ! TypeError',
  },
};

// On Node 20 the ES modules of which `require` loads msw never pass the loader.
const { fetched: _1, fetchPosted: _2, fetchFails: _3, ...mswOn20 } = tables.msw;

const lines = nodes().flatMap((node) =>
  (['nock13', 'nock14', 'msw'] as const).map((mock) => ({ ...node, mock })).filter(({ major }) => major !== 22),
);

test.each(lines)('exchanges that $mock answers are recorded on Node $label, the others once', async (line) => {
  const args = ['main.cjs', line.mock, JSON.stringify({ port: origin.port })];
  const plain = await bare(line.path, args);
  const plainBytes = origin.takeRaw();
  const { records, ...run } = await traced(line.path, args);
  expect(withoutPid(run)).toEqual(withoutPid(plain));
  expect(origin.takeRaw()).toEqual(plainBytes);
  expect(run.stdout).toContain('posted: 201 {"a":1}');
  const { fetchThrough, '-': unknown, ...functions } = exchangesByFunction(records);
  expect(functions).toEqual(line.mock === 'msw' && line.major === 20 ? mswOn20 : tables[line.mock]);
  // Where the mock is not edited, whose request it lets through is not known; nock 13 does not touch `fetch`.
  expect([fetchThrough, unknown].filter((text) => text !== undefined)).toEqual(
    line.mock === 'nock13' ? [] : ['fetch A1 GET /ok -> 200 {"path":"/ok"}'],
  );
  expect(records.find((record) => record.type === 'http_request' && record.headers.authorization)).toMatchObject({
    url: 'http://mock.example/posted',
    headers: { authorization: '<redacted>' },
  });
});
