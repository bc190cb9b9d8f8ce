import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handit } from '../helpers/red-and-green.js';
import { redShop } from '../helpers/shop.js';
import { connected } from './client.js';

/** Lines in the blocks of code, and what is outside of them. */
function partsOf(markdown: string): { inside: string[]; outside: string } {
  const blocks = [...markdown.matchAll(/^(`{3,})text\n([^]*?)^\1$/gm)].map(([, , text]) => text);
  const outside = markdown.replace(/^(`{3,})text\n[^]*?^\1$/gm, '').trim();
  return { inside: blocks.join('').trimEnd().split('\n'), outside };
}

const linesOf = (answer: string): string[] =>
  answer
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');

test('report --md and diff --md say what the tools failures and diff say', async () => {
  const folder = await redShop();
  const agent = await connected(folder, 'red.jsonl');
  const [failures, diff] = [await agent.text('failures'), await agent.text('diff', { base: 'green.jsonl' })];
  await agent.close();
  const report = await handit(folder, 'report', '--md', 'red.jsonl');
  expect(report).toMatchObject({ code: 0, stderr: '' });
  expect(partsOf(report.stdout)).toEqual({ inside: linesOf(failures), outside: '### 2 of 3 tests failed' });
  expect(report.stdout).toContain('look at money.mjs:3 ');
  const compared = await handit(folder, 'diff', '--md', 'green.jsonl', 'red.jsonl');
  expect(compared).toMatchObject({ code: 1, stderr: '' });
  expect(partsOf(compared.stdout)).toEqual({ inside: linesOf(diff), outside: '### 1 cause for 2 failed tests' });
  expect(compared.stdout).toContain('round money.mjs:3');
});

test('report --md compares with a base, leaves values out where it must, and writes where it is told', async () => {
  const folder = await redShop();
  const based = await handit(folder, 'report', '--md', 'red.jsonl', '--base', 'green.jsonl');
  expect(based.stdout).toMatch(/look at money\.mjs:3 round[^]*was 29\.75, is 2\.98/);
  const without = await handit(folder, 'report', '--md', '--no-values', 'red.jsonl', '--base', 'green.jsonl');
  expect(without.stdout).toMatch(/look at money\.mjs:3 round/);
  expect(without.stdout).not.toMatch(/2\.98|29\.75 ?,|is 2/);
  expect(await handit(folder, 'report', '--md', 'red.jsonl', '-o', 'why.md')).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(join(folder, 'why.md'), 'utf8')).toMatch(/^### 2 of 3 tests failed\n/);
});
