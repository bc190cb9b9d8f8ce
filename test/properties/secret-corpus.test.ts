import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { coreOf, corpus, formed, readable, readableTexts } from '../helpers/secret-corpus.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const source = `
const { corpus } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
class Vault { constructor(key, value) { this[key] = value; this.open = 1; } }
const identity = (value) => value;
async function pass(value) { await null; return value; }
function fail(error) { throw error; }
function* each(value) { yield value; return value; }
function setItem(key, value) { return value === undefined; }
for (const { key, value } of corpus) new Function('identity', 'pass', 'fail', 'Vault', 'each', 'setItem', 'key', 'value', \`
  identity({ [key]: value });
  identity([{ deep: { [key]: [value, { again: value }] } }]);
  identity(new Map([[key, value]]));
  identity(new Set([{ [key]: value }]));
  identity(Object.assign(Object.create(null), { [key]: value }));
  pass({ headers: { [key]: value } });
  [...each({ [key]: value })];
  try { fail(Object.assign(new Error('denied', { cause: { [key]: value } }), { [key]: value })); } catch {}
  try { fail({ [key]: value }); } catch {}
  identity([[key, value]]);
  identity(new Set([[key, value]]));
  identity([{ name: key, value }, { value, key }]);
  identity(JSON.stringify({ [key]: value }));
  if (/^[\\w.-]+$/.test(key) && typeof value === 'string') identity('<login><' + key + '>' + value.replaceAll('<', '&lt;') + '</' + key + '></login>');
  identity(JSON.stringify({ is: { name: key, value }, also: { value, key } }, null, '\\t'));
  identity(JSON.stringify({ held: JSON.stringify({ name: key, value }) }));
  identity('log: ' + JSON.stringify([{ user: 1, [key]: { value } }]));
  setItem(key, value);
\`)(identity, pass, fail, Vault, each, setItem, key, value);
`;
/** Parameters and results by name. */
const named = corpus
  .map(({ key }, i) => ({ name: key.replace(/\W/g, '_'), i }))
  .map(
    ({ name, i }) =>
      `(function f${i}(${name}) { return arguments.length; })(corpus[${i}].value); (({ ${name}: renamed }) => 1)({ ${name}: corpus[${i}].value });`,
  )
  .join('\n');

test('of a corpus of secrets under listed keys not one reaches the file', async () => {
  expect(new Set(corpus.map(({ value }) => value)).size).toBeGreaterThanOrEqual(500);
  const cwd = tempProject({ 'app.js': `${source}\n${named}\n` });
  const flags = corpus.flatMap(({ key, value }, i) => {
    const flag = `--${key.replace(/[^\w.-]/g, '')}`;
    return i % 2 === 0 ? [flag, value] : [`${flag}=${value}`];
  });
  // What begins with a dash reads as a flag of its own.
  const args = flags.filter((flag) => !flag.startsWith('-----'));
  const result = await runNode(
    process.execPath,
    ['--require', join(repository, 'dist/register.cjs'), 'app.js', ...args],
    {
      ...{ cwd, input: JSON.stringify({ corpus }) },
    },
  );
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  const trace = join(cwd, 'handit_events.jsonl');
  expect(validateTrace(trace)).toBeGreaterThan(corpus.length * 10);
  const text = readFileSync(trace, 'utf8');
  expect(text.split('<redacted>').length).toBeGreaterThan(corpus.length * 10);
  const calls = readTrace(trace).filter(({ type }) => type === 'call');
  expect(calls.length).toBeGreaterThan(corpus.length * 8);
  // In the file, line ends are escaped.
  const seen = corpus.filter(({ value }) => text.includes(JSON.stringify(value).slice(1, -1)));
  expect(seen.map(({ key }) => key)).toEqual([]);
});

const formedSource = `
const { formed } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
class Note { constructor(note) { this.note = note; } }
const identity = (value) => value;
function fail(error) { throw error; }
for (const value of formed) {
  identity(value);
  identity('see ' + value);
  identity({ note: value });
  identity(new Note([['note', value]]));
  identity(new Map([['note', { a: value }], [value, 1]]));
  identity(new Set([value]));
  identity({ [value]: 1 });
  identity(Symbol(value));
  identity(JSON.stringify({ note: value }));
  identity('x'.repeat(200) + ' ' + value);
  try { fail(value); } catch {}
  try { fail(new Error('failed with ' + value, { cause: value })); } catch {}
}
`;

test('nor does one that is known by its form alone, whatever it is called', async () => {
  expect(new Set(formed).size).toBeGreaterThanOrEqual(100);
  const cwd = tempProject({ 'app.js': formedSource });
  const args = formed.filter((value) => !value.startsWith('-')).flatMap((value) => [`--note=${value}`, value]);
  const result = await runNode(
    process.execPath,
    ['--require', join(repository, 'dist/register.cjs'), 'app.js', ...args],
    { cwd, input: JSON.stringify({ formed }) },
  );
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  const trace = join(cwd, 'handit_events.jsonl');
  expect(validateTrace(trace)).toBeGreaterThan(formed.length * 24);
  const text = readFileSync(trace, 'utf8');
  const seen = formed.filter((value) => text.includes(JSON.stringify(coreOf(value)).slice(1, -1)));
  expect(seen).toEqual([]);
});

test('what only looks like a secret can be read', async () => {
  expect(readable.length).toBeGreaterThanOrEqual(100);
  const cwd = tempProject({
    'app.js': `
const { readable, texts } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const identity = (value) => 1;
for (const [key, value] of readable) { identity({ [key]: value }); identity([key, value]); identity(JSON.stringify({ [key]: value })); }
for (const text of texts) { identity(text); identity({ text }); identity(new Error(text)); }
`,
  });
  const result = await runNode(process.execPath, ['--require', join(repository, 'dist/register.cjs'), 'app.js'], {
    ...{ cwd, input: JSON.stringify({ readable, texts: readableTexts }) },
  });
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  const calls = readTrace(join(cwd, 'handit_events.jsonl')).filter(({ type }) => type === 'call');
  expect(calls.length).toBe((readable.length + readableTexts.length) * 3);
  const hidden = calls.filter((call) => JSON.stringify(call).includes('<redacted>'));
  expect(hidden).toEqual([]);
});

// In node_modules, where no function is recorded: what remains are the exchanges.
const client = `
const http = require('http');
module.exports = async (corpus) => {
  const server = http.createServer((request, response) => {
    const { key, value } = corpus[Number(request.headers['x-number'])];
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (!value.includes('\\n')) response.setHeader(key.replace(/\\W/g, '-'), value);
      response.setHeader('location', 'https://user:' + encodeURIComponent(value) + '@host/?' + key + '=' + encodeURIComponent(value));
      response.end(JSON.stringify({ [key]: value, list: [{ [key]: { in: value } }], text: JSON.stringify({ [key]: value }) }));
    });
  });
  await new Promise((done) => server.listen(0, done));
  const origin = 'http://localhost:' + server.address().port;
  for (const [number, { key, value }] of corpus.entries()) {
    const query = '/?' + new URLSearchParams({ [key]: value, page: 1 });
    const head = { 'x-number': number, ...(value.includes('\\n') ? {} : { [key.replace(/\\W/g, '-')]: value }) };
    const form = new FormData();
    form.append(key, value);
    const bodies = [
      [JSON.stringify({ user: 1, [key]: value, more: [{ [key]: [value] }] }), { 'content-type': 'application/json' }],
      [JSON.stringify({ [key]: value }).slice(0, -1), { 'content-type': 'text/plain' }],
      [new URLSearchParams({ a: 1, [key]: value }).toString(), { 'content-type': 'application/x-www-form-urlencoded' }],
      ['data: ' + JSON.stringify({ [key]: value }), { 'content-type': 'text/event-stream' }],
    ];
    for (const [body, headers] of bodies) {
      await new Promise((done, failed) => {
        http.request(origin + query, { method: 'POST', headers: { ...head, ...headers } }, (response) => response.resume().on('end', done)).on('error', failed).end(body);
      });
      const { cookie, 'Set-Cookie': other, ...allowed } = head;
      await (await fetch(origin + query, { method: 'POST', headers: { ...allowed, ...headers }, body })).text();
    }
    await (await fetch(origin + query, { method: 'POST', headers: { 'x-number': number }, body: form })).text();
    await fetch('http://user:' + encodeURIComponent(value) + '@localhost:1/').catch(() => {});
  }
  server.close();
  server.closeAllConnections();
};
`;

/** Every key, and every form under a name that says nothing. */
const sent = [
  ...corpus.filter((_, i) => i % 5 === Math.floor(i / 5) % 5),
  ...formed.filter((_, i) => i % 4 === 0).map((value) => ({ key: 'note', value })),
];

test('nor does one of them out of headers, bodies and addresses of HTTP', async () => {
  const cwd = tempProject({
    'app.js': `require('client')(JSON.parse(require('fs').readFileSync(0, 'utf8')));`,
    'node_modules/client/index.js': client,
  });
  const result = await runNode(process.execPath, ['--require', join(repository, 'dist/register.cjs'), 'app.js'], {
    ...{ cwd, input: JSON.stringify(sent) },
  });
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  const trace = join(cwd, 'handit_events.jsonl');
  validateTrace(trace);
  const text = readFileSync(trace, 'utf8');
  const requests = readTrace(trace).filter(({ type }) => type === 'http_request');
  // Nine to the server, seen from both sides, and one that fails.
  expect(requests.length).toBe(sent.length * 19);
  expect(text.split('<redacted>').length).toBeGreaterThan(sent.length * 40);
  const forms = (value: string): string[] => [
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(JSON.stringify(value)).slice(3, -3),
    encodeURIComponent(value),
    new URLSearchParams({ '': value }).toString().slice(1),
  ];
  const seen = sent.filter(({ value }) => forms(coreOf(value)).some((form) => text.includes(form)));
  expect(seen.map(({ key, value }) => [key, value])).toEqual([]);
});
