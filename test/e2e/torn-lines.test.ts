import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { endsTorn, wasGlued } from '../../src/recorder/torn-line.js';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { handit } from '../helpers/red-and-green.js';
import { problemOf } from '../helpers/trace.js';

// A process that is killed in the middle of a write leaves half a line: it takes no other line with it.

const preload = ['--require', join(repository, 'dist/register.cjs')];
const trace = 'handit_events.jsonl';
const half = '{"type":"call","proc":"0123456789abcdef","id":7,"func":"kil';

function linesOf(cwd: string): { whole: TraceRecord[]; damaged: string[] } {
  const lines = readFileSync(join(cwd, trace), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  const damaged = lines.filter((line) => problemOf(line) !== undefined);
  const whole = lines.filter((line) => !damaged.includes(line)).map((line) => JSON.parse(line) as TraceRecord);
  return { whole, damaged };
}

const calls = (records: TraceRecord[]) =>
  records.flatMap((record) => (record.type === 'call' && record.func === 'f' ? [record.args_preview.i] : []));

describe.each(nodes())('on Node $label', ({ path: node }) => {
  test('a process that appends to a file with half a line at its end begins with a line end', async () => {
    const cwd = tempProject({ 'app.js': 'function f(i) { return i; }\nf(1);\n', [trace]: half });
    expect(await runNode(node, [...preload, 'app.js'], { cwd })).toMatchObject({ stderr: '', code: 0 });
    const { whole, damaged } = linesOf(cwd);
    expect(damaged).toEqual([half]);
    expect(whole[0].type).toBe('process_start');
    expect(calls(whole)).toEqual([1]);
  });

  test('half a line that comes between two batches costs itself only: the line after it is written again', async () => {
    const cwd = tempProject({
      'app.js': `
const { appendFileSync } = require('node:fs');
function f(i) { return i; }
f(1);
setTimeout(() => {
  appendFileSync('${trace}', ${JSON.stringify(half)});
  f(2);
}, 30);
`,
    });
    expect(await runNode(node, [...preload, 'app.js'], { cwd })).toMatchObject({ stderr: '', code: 0 });
    const { whole, damaged } = linesOf(cwd);
    expect(damaged).toHaveLength(1);
    expect(damaged[0].startsWith(`${half}{"type":"call"`)).toBe(true);
    expect(calls(whole)).toEqual([1, 2]);
    const end = whole.find((record) => record.type === 'process_end')!;
    expect(end).toMatchObject({ dropped: {}, events: whole.length - 1 });
    const { stderr } = await handit(cwd, 'print', trace);
    expect(stderr).toMatch(/^handit: .*:5 is not a trace record; the line is left out\n$/);
  });
});

(process.platform === 'linux' ? test.each : test.skip.each)([
  [half, true],
  [`${half}\n`, false],
])('what another process appends while ours is about to write is seen: %j', (text, glued) => {
  const cwd = tempProject({});
  const file = join(cwd, trace);
  writeFileSync(file, 'first\n');
  const fd = openSync(file, 'a');
  const before = fstatSync(fd).size;
  appendFileSync(file, text);
  const ours = 'ours\n';
  writeSync(fd, ours);
  appendFileSync(file, 'after it\nand again');
  expect(wasGlued(file, fd, before, fstatSync(fd).size, ours.length)).toBe(glued);
  closeSync(fd);
});

(process.platform === 'linux' ? test : test.skip)(
  'a line on which another process is at work is not a torn one',
  async () => {
    const cwd = tempProject({
      'writer.cjs': `
const fs = require('node:fs');
const lines = Buffer.from(('x'.repeat(199) + '\\n').repeat(2500));
for (let i = 0; i < 100; i++) fs.appendFileSync('${trace}', lines);
`,
      [trace]: 'first\n',
    });
    const fd = openSync(join(cwd, trace), 'a');
    let torn = 0;
    let working = 3;
    const writers = Array.from({ length: 3 }, async () => {
      const run = await runNode(process.execPath, ['writer.cjs'], { cwd });
      working--;
      return run;
    });
    while (working > 0) {
      for (let i = 0; i < 50; i++) if (endsTorn(join(cwd, trace), fd)) torn++;
      await new Promise(setImmediate);
    }
    for (const run of await Promise.all(writers)) expect(run).toMatchObject({ stderr: '', code: 0 });
    expect(fstatSync(fd).size).toBe(6 + 3 * 100 * 2500 * 200);
    expect(torn).toBe(0);
    closeSync(fd);
  },
);
