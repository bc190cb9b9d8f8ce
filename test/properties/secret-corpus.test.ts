import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

// Made by code, so that no scanner takes one for a real one: the forms that secrets have, with a body that says what
// it is.
const body = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => 'SYNTHETICnotasecret0123456789'[(i * 7 + seed * 13 + (i % 3) * seed) % 29]).join('');
const digits = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => (i * 3 + seed * 7 + ((i * seed) % 5)) % 10).join('');
const forms: ((seed: number) => string)[] = [
  (n) => ['sk', 'live', body(24, n)].join('_'),
  (n) => ['gh', 'p_', body(36, n)].join(''),
  (n) => ['xo', 'xb-', digits(11, n), '-', body(24, n)].join(''),
  (n) => ['AK', 'IA', body(16, n).toUpperCase()].join(''),
  (n) => ['ey', 'J', body(20, n), '.ey', 'J', body(40, n + 1), '.', body(43, n + 2)].join(''),
  (n) => ['41', digits(14, n)].join(''),
  (n) => ['-----BEGIN ', 'PRIVATE', ' KEY-----\n', body(64, n), '\n-----END ', 'PRIVATE', ' KEY-----'].join(''),
  (n) => ['Bear', 'er ', body(32, n)].join(''),
  (n) => ['post', 'gres://app:', body(12, n), '@db.example/shop'].join(''),
  (n) => ['correct-horse-', body(9, n)].join(''),
];
const keys = [
  ...['password', 'passwd', 'userPassword', 'DB_PASSWORD', 'passphrase', 'pwd', 'secret', 'client_secret', 'appSecret'],
  ...['token', 'accessToken', 'refresh-token', 'id_token', 'csrfToken', 'authorization', 'Proxy-Authorization', 'auth'],
  ...['cookie', 'Set-Cookie', 'sessionId', 'connect.sid', 'api_key', 'X-API-Key', 'apiKey', 'privateKey', 'signingKey'],
  ...['cardNumber', 'credit_card', 'cvv', 'pan', 'jwt', 'otp', 'credentials', 'DATABASE_URL', 'redisUrl', 'ssn'],
];
const corpus = keys.flatMap((key, k) =>
  [0, 1, 2].map((turn) => ({ key, value: forms[(k + turn * 3) % forms.length](k * 3 + turn + 1) })),
);

const source = `
const { corpus } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
class Vault { constructor(key, value) { this[key] = value; this.open = 1; } }
const identity = (value) => value;
async function pass(value) { await null; return value; }
function fail(error) { throw error; }
function* each(value) { yield value; return value; }
for (const { key, value } of corpus) new Function('identity', 'pass', 'fail', 'Vault', 'each', 'key', 'value', \`
  identity({ [key]: value });
  identity([{ deep: { [key]: [value, { again: value }] } }]);
  identity(new Map([[key, value]]));
  identity(new Set([{ [key]: value }]));
  identity(Object.assign(Object.create(null), { [key]: value }));
  pass({ headers: { [key]: value } });
  [...each({ [key]: value })];
  try { fail(Object.assign(new Error('denied', { cause: { [key]: value } }), { [key]: value })); } catch {}
  try { fail({ [key]: value }); } catch {}
\`)(identity, pass, fail, Vault, each, key, value);
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
  expect(new Set(corpus.map(({ value }) => value)).size).toBeGreaterThanOrEqual(100);
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
