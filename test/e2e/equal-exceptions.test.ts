import { programs } from '../helpers/programs.js';

const catches = `function refuse() {
  throw new RangeError('again');
}
function caught() {
  try {
    refuse();
  } catch {}
}`;

const project = programs({
  'main.cjs': `
const { session } = require('handit');
function refuse(message) {
  throw new RangeError(message);
}
function caught(message) {
  try {
    refuse(message);
  } catch (error) {
    return error.message;
  }
}
async function reject() {
  throw new TypeError('later');
}
for (let i = 0; i < 30; i++) caught('again');
for (let i = 0; i < 30; i++) caught('other ' + i);
session({ tag: 'one' }, () => {
  for (let i = 0; i < 25; i++) caught('again');
});
(async () => {
  for (let i = 0; i < 25; i++) await reject().catch(() => undefined);
})();`,
  'many.cjs': `
function refuse(message) {
  throw new RangeError(message);
}
for (let i = 0; i < 230; i++) {
  try {
    refuse('no entry ' + i);
  } catch {}
}`,
  'paused.cjs': `
${catches}
for (let i = 0; i < 15; i++) caught();
setTimeout(() => {
  for (let i = 0; i < 10; i++) caught();
  process.exit();
}, 20);`,
  'killed.cjs': `
const { execFileSync } = require('node:child_process');
const { flush } = require('handit');
${catches}
for (let i = 0; i < 21; i++) caught();
flush().then(() => {
  caught();
  // By another process: handit writes all before a signal of its own.
  setTimeout(() => execFileSync('kill', ['-9', String(process.pid)]), 10);
});`,
});

test('of equal exceptions in one root context the first 20 have their stack', async () => {
  const { records, stderr, code } = await project.traced(process.execPath, ['main.cjs'], { flag: '--require' });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const ends = records.flatMap((record) => (record.type === 'exception' ? [record] : []));
  const calls = records.flatMap((record) => (record.type === 'call' ? [record] : []));
  const inSession = new Set(calls.filter((call) => call.session_id !== undefined).map(({ id }) => id));
  const stacks = (message: string, session: boolean): string => {
    const found = ends.filter((end) => end.error.message === message && inSession.has(end.id) === session);
    const first = found.findIndex((end) => end.error.stack === undefined);
    expect(found.slice(0, first).every((end) => end.error.stack?.includes('main.cjs:'))).toBe(true);
    expect(found.slice(first).every((end) => end.error.stack === undefined)).toBe(true);
    return `${first} of ${found.length}`;
  };
  expect(stacks('again', false)).toBe('20 of 30');
  expect(stacks('again', true)).toBe('20 of 25');
  expect(stacks('later', false)).toBe('20 of 25');
  const others = ends.filter((end) => end.error.message.startsWith('other '));
  expect(others.filter((end) => end.error.stack !== undefined)).toHaveLength(30);
  expect(new Set(ends.map(({ error }) => error.name))).toEqual(new Set(['RangeError', 'TypeError']));
});

test('of all exceptions of one function in one root context the first 200 have it', async () => {
  const { records } = await project.traced(process.execPath, ['many.cjs'], { flag: '--require' });
  const ends = records.flatMap((record) => (record.type === 'exception' ? [record] : []));
  const withStack = (has: boolean) =>
    ends.filter(({ error }) => (error.stack !== undefined) === has).map(({ error }) => error.message);
  const messages = Array.from({ length: 230 }, (_, i) => `no entry ${i}`);
  expect(new Set(withStack(true))).toEqual(new Set(messages.slice(0, 200)));
  expect(new Set(withStack(false))).toEqual(new Set(messages.slice(200)));
});

test('one whose stack is left out does not wait for it', async () => {
  const { records } = await project.traced(process.execPath, ['killed.cjs'], { flag: '--require' });
  const ends = records.flatMap((record) => (record.type === 'exception' ? [record] : []));
  expect(ends.map(({ error }) => error.stack !== undefined)).toEqual([...Array<boolean>(20).fill(true), false, false]);
});

test('the first 20 have it also where some waited when others came', async () => {
  const { records } = await project.traced(process.execPath, ['paused.cjs'], { flag: '--require' });
  const ends = records.flatMap((record) => (record.type === 'exception' ? [record] : []));
  const stacks = ends.map(({ error }) => error.stack !== undefined);
  expect(stacks).toEqual([...Array<boolean>(20).fill(true), ...Array<boolean>(5).fill(false)]);
});
