import { join } from 'node:path';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';

async function trace(source: string) {
  const cwd = tempProject({ 'app.js': source });
  const result = await runNode(process.execPath, ['--require', join(repository, 'dist/register.cjs'), 'app.js'], {
    cwd,
  });
  expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
  return readTrace(join(cwd, 'handit_events.jsonl')) as any[];
}

test('an argument is hidden by the name in the argument before it, and by what its own name says of its value', async () => {
  const records = await trace(`
    function set(name, value) {}
    set('password', 'x'); set('Authorization', { a: 'x' }); set('a', 'shown'); set('password', true);
    function login(session, pin, code) {}
    login('abcdefgh12345678', '1234', 'SplxlOBeZQQYbYS6');
    login('none', 5, 'ENOENT'); login({ user: 'ada' }, '12', undefined);
  `);
  const args = records.filter(({ type }) => type === 'call').map(({ args_preview }) => args_preview);
  expect(args).toEqual([
    { name: 'password', value: '<redacted>' },
    { name: 'Authorization', value: '<redacted>' },
    { name: 'a', value: 'shown' },
    { name: 'password', value: true },
    { session: '<redacted>', pin: '<redacted>', code: '<redacted>' },
    { session: 'none', pin: 5, code: 'ENOENT' },
    { session: { user: 'ada' }, pin: '12', code: { $type: 'undefined' } },
  ]);
});

test('a value after the name of a header is hidden, whatever the parameters are called, and in `arguments`', async () => {
  const records = await trace(`
    function two(a, b) {}
    two('Cookie', 'x=1'); two('X-Api-Key', { a: 1 }); two('x-page', '2'); two('cookie', 'token'); two(1, 'Cookie');
    function counts(a, b) { return arguments.length; }
    counts('Set-Cookie', 'x=1'); counts('password', 'x'); counts('a', 'b', 'Authorization', 'x');
    (function () { return arguments.length; })('password', 'x');
  `);
  const args = records.filter(({ type }) => type === 'call').map(({ args_preview }) => args_preview);
  const hidden = '<redacted>';
  expect(args).toEqual([
    { a: 'Cookie', b: hidden },
    { a: 'X-Api-Key', b: hidden },
    { a: 'x-page', b: '2' },
    { a: 'cookie', b: 'token' },
    { a: 1, b: 'Cookie' },
    { a: 'Set-Cookie', b: hidden, arguments: { 0: 'Set-Cookie', 1: hidden } },
    { a: 'password', b: 'x', arguments: { 0: 'password', 1: hidden } },
    { a: 'a', b: 'b', arguments: { 0: 'a', 1: 'b', 2: 'Authorization', 3: hidden } },
    { arguments: { 0: 'password', 1: hidden } },
  ]);
});

test('what a function with a secret result throws is hidden there and in its callers; errors can be read', async () => {
  const records = await trace(`
    function getPassword(n) {
      if (n === 0) throw 'hunter2'; if (n === 1) throw { value: 'hunter2' };
      if (n === 2) throw new Error('not found'); return n === 3;
    }
    function caller(n) { return getPassword(n); }
    for (let n = 0; n < 4; n++) try { caller(n); } catch {}
    async function fetchToken() { await null; throw 'hunter2'; }
    fetchToken().catch(() => {});
  `);
  const hidden = { name: 'Thrown', message: '<redacted>', value: '<redacted>' };
  const ends = records.filter(({ type }) => type === 'exception').map(({ func, error }) => [func, error]);
  expect(ends).toEqual([
    ['getPassword', hidden],
    ['caller', hidden],
    ['getPassword', hidden],
    ['caller', hidden],
    ['getPassword', expect.objectContaining({ name: 'Error', message: 'not found' })],
    ['caller', expect.objectContaining({ name: 'Error', message: 'not found' })],
    ['fetchToken', hidden],
  ]);
  const results = records.filter(({ type, func }) => type === 'return' && func === 'getPassword');
  expect(results.map(({ return_preview }) => return_preview)).toEqual([true]);
});
