import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ofType } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const node = process.execPath;

test.each(nodes())('flush(path) and flushSync(path) give a whole trace so far, on Node $label', async ({ path }) => {
  const source = `
    const { flush, flushSync } = require('handit');
    function one() {} function two() {} function three() {} function four() {}
    async function main() {
      one();
      flushSync('out/one.jsonl');
      two();
      await Promise.all([flush('out/two.jsonl'), flush('out/same.jsonl'), flush('out/same.jsonl'), flush()]);
      three();
      flushSync('out/same.jsonl');
      flushSync('out/same.jsonl');
    }
    main();
    process.on('exit', () => { four(); flushSync('out/exit.jsonl'); });
  `;
  const project = programs({ 'app.cjs': source });
  const result = await project.traced(path, ['app.cjs']);
  expect(result).toMatchObject({ stdout: '', stderr: '', code: 0 });
  const out = join(project.folder, 'out');
  const named = (file: string) => {
    validateTrace(join(out, file));
    const records = readTrace(join(out, file));
    expect(records[0].type).toBe('process_start');
    expect(ofType(records, 'process_start')).toHaveLength(1);
    return ofType(records, 'call').flatMap(({ func }) => (/^(one|two|three|four)$/.test(func) ? [func] : []));
  };
  expect(readdirSync(out).sort()).toEqual(['exit.jsonl', 'one.jsonl', 'same.jsonl', 'two.jsonl']);
  expect(named('one.jsonl')).toEqual(['one']);
  expect(named('two.jsonl')).toEqual(['one', 'two']);
  expect(named('same.jsonl')).toEqual(['one', 'two', 'three']);
  expect(named('exit.jsonl')).toEqual(['one', 'two', 'three', 'four']);
  expect(statSync(join(out, 'one.jsonl')).mode & 0o777).toBe(0o600);
  // The trace itself goes on as before.
  expect(ofType(result.records, 'process_end')).toHaveLength(1);
});

test('flush() and flushSync() bring the trace up to date in the middle of a run', async () => {
  const source = `
    const { flush, flushSync } = require('handit');
    const { readFileSync } = require('node:fs');
    const has = (name) => readFileSync(process.env.HANDIT_OUTPUT_FILE, 'utf8').includes('"func":"' + name + '"');
    function early() {} function late() {}
    early();
    flushSync();
    console.log(has('early'), has('late'));
    late();
    flush().then(() => { console.log(has('late')); process.exit(); });
  `;
  const { stdout } = await programs({ 'app.cjs': source }).traced(node, ['app.cjs']);
  expect(stdout).toBe('true false\ntrue\n');
});

test('flush(path) leaves out other processes that write to the same file', async () => {
  const source = `
    const { flushSync } = require('handit');
    const { execFileSync } = require('node:child_process');
    function work() {}
    work();
    if (process.argv[2] !== 'child') {
      execFileSync(process.execPath, [...process.execArgv, __filename, 'child']);
      flushSync('mine.jsonl');
    }
  `;
  const project = programs({ 'app.cjs': source });
  const { records } = await project.traced(node, ['app.cjs']);
  expect(ofType(records, 'process_start')).toHaveLength(2);
  const mine = readTrace(join(project.folder, 'mine.jsonl'));
  expect(new Set(mine.map(({ proc }) => proc)).size).toBe(1);
  expect(ofType(mine, 'call').filter(({ func }) => func === 'work')).toHaveLength(1);
});

test('a path that cannot be written is one line on stderr, and one that is no text a TypeError', async () => {
  const source = `
    const { flush, flushSync } = require('handit');
    function work() {}
    work();
    flushSync('app.cjs/no.jsonl');
    try { flushSync(7); } catch (error) { console.log(error.name, error.message); }
    flush('').catch((error) => console.log(error.name, error.message));
  `;
  const project = programs({ 'app.cjs': source });
  const { stdout, stderr, code } = await project.traced(node, ['app.cjs']);
  expect(stderr).toMatch(/^handit: cannot flush to .*no\.jsonl \(.*\); give flush\(\) a path that can be written\n$/);
  expect(stdout).toBe(
    "TypeError flushSync() was given 7; it takes the path of a file, or nothing for the trace's own\n" +
      `TypeError flush() was given ""; it takes the path of a file, or nothing for the trace's own\n`,
  );
  expect(code).toBe(0);
});

test('without the agent flushing does nothing, and importing handit leaves no trace', async () => {
  const source = `
    import { annotate, currentCall, flush, flushSync, version } from 'handit';
    flushSync('a.jsonl');
    await flush('b.jsonl');
    annotate({ a: 1 });
    console.log(currentCall(), version === '${JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')).version}');
  `;
  const project = programs({ 'app.mjs': source });
  expect(await project.bare(node, ['app.mjs'])).toEqual({ stdout: 'null true\n', stderr: '', code: 0, signal: null });
  expect(readdirSync(project.folder).sort()).toEqual(['app.mjs', 'node_modules']);
});
