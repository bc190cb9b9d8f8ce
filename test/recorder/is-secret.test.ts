import fc from 'fast-check';
import { MAY_BE_SOFT, nameMayBe } from '../../src/recorder/name-gate.js';
import { DIGITS, OPAQUE, SECRET, SOFT_FRAGMENTS } from '../../src/recorder/secret-names.js';
import { secretKeys } from '../../src/recorder/redact.js';
import { runNode, tempProject, repository } from '../helpers/run.js';
import { join } from 'node:path';
import { readTrace } from '../helpers/trace.js';

/** What generates texts knows no anchors, and nothing that looks around. */
function generatable(source: string): RegExp {
  let plain = source.replace(/[\^$]/g, '');
  for (let before = ''; before !== plain;) {
    before = plain;
    plain = plain.replace(/\(\?<?[!=](?:[^()]|\([^()]*\))*\)/, '');
  }
  return new RegExp(`^(?:${plain})$`);
}

test.each(SECRET)('each name that $pattern takes has one of $fragments in it', ({ fragments, also, pattern }) => {
  const names = fc.sample(fc.stringMatching(generatable(pattern.source)), 2000).filter((name) => pattern.test(name));
  expect(names.length).toBeGreaterThan(1000);
  expect(names.filter((name) => !fragments.some((each) => name.includes(each)))).toEqual([]);
  expect(names.filter((name) => also && !also.some((each) => name.includes(each)))).toEqual([]);
  const written = names.flatMap((name) => [name, name.toUpperCase(), `x-${name}`, `${name}9`]);
  const kind = SECRET.findIndex((each) => each.pattern === pattern);
  expect(kind).toBeLessThan(30);
  expect(written.filter((name) => (nameMayBe(name) & (1 << kind)) === 0)).toEqual([]);
});

test.each([OPAQUE, DIGITS])('no name that %s takes is passed by', (pattern) => {
  const names = fc.sample(fc.stringMatching(generatable(pattern.source)), 500).filter((name) => pattern.test(name));
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => (nameMayBe(name) & MAY_BE_SOFT) === 0)).toEqual([]);
  expect(names.filter((name) => !SOFT_FRAGMENTS.some((each) => name.includes(each)))).toEqual([]);
});

test('names that are nothing are told by their letters', () => {
  const names = ['bodyLimit', 'connectionTimeout', 'handler', 'schema', 'x', '', 'onRequest', 'parent', 'MAX_URL'];
  expect(names.filter((name) => nameMayBe(name) !== 0)).toEqual(['connectionTimeout', 'parent', 'MAX_URL']);
});

describe('secretKeys() with a pattern of the user', () => {
  test.each(['(a+)+$', '(a|aa)+$', '([a-z]+)*$', '(.*a){20}$', '(\\w+\\s?)*\\1$'])(
    'leaves out %s when it takes too long',
    (source) => {
      const lines: string[] = [];
      const isSecret = secretKeys(new RegExp(source), (line) => lines.push(line));
      const from = process.hrtime.bigint();
      for (let i = 0; i < 20; i++) isSecret(`${'a'.repeat(50)}${i}!`);
      expect(Number(process.hrtime.bigint() - from) / 1e6).toBeLessThan(3000);
      expect(lines.length).toBeLessThanOrEqual(1);
      expect(isSecret('password')).toBe(true);
    },
  );

  test('says so, once', () => {
    const lines: string[] = [];
    const isSecret = secretKeys(/(a+)+$/, (line) => lines.push(line));
    expect([isSecret('aa'), isSecret(`${'a'.repeat(60)}!`), isSecret('aaa'), isSecret(`${'a'.repeat(61)}!`)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(lines).toEqual([
      'HANDIT_REDACT="(a+)+$" took over 50 ms for one key and is left out from now on: repeat no group that has a ' +
        'repetition in it',
    ]);
  });
});

test('a program goes on under such a pattern, with one line on stderr', async () => {
  const key = `${'a'.repeat(40)}!`;
  const cwd = tempProject({
    'app.js': `const f = (value) => value; f({ '${key}': 1, password: 'x' }); f({ '${key}b': 2 }); console.log('done');`,
  });
  const result = await runNode(process.execPath, ['--require', join(repository, 'dist/register.cjs'), 'app.js'], {
    cwd,
    env: { HANDIT_REDACT: '(a+)+$' },
  });
  expect(result).toMatchObject({ stdout: 'done\n', code: 0 });
  expect(result.stderr.split('\n').length).toBe(2);
  expect(result.stderr).toMatch(/^handit: HANDIT_REDACT="\(a\+\)\+\$" took over 50 ms/);
  const calls = readTrace(join(cwd, 'handit_events.jsonl')).filter(({ type }) => type === 'call');
  expect(calls).toHaveLength(2);
});
