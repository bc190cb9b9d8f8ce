import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Database, QueryError } from '../../src/query/database.js';
import { CALL_COLUMNS } from '../../src/query/views.js';
import { keyOf, recordApp, type Recorded } from '../helpers/exported.js';
import { llmRecords } from '../helpers/llm-records.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { call, processStart, returned } from '../helpers/records.js';
import { repository, runNode, type RunResult, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
let app: Recorded;

beforeAll(async () => {
  app = await recordApp();
});

function query(
  args: string[],
  options: { cwd?: string; input?: string; env?: Record<string, string> } = {},
): Promise<RunResult> {
  const { cwd = app.folder, input, env } = options;
  return runNode(process.execPath, [cli, 'query', ...args], {
    ...{ cwd, input },
    env: { HANDIT_CACHE_DIR: join(app.folder, 'cache'), ...env },
  });
}

type Row = Record<string, unknown>;

async function rowsOf(sql: string, ...files: string[]): Promise<Row[]> {
  const { stdout, stderr } = await query([...files, sql, '--format', 'json', '--rows', '0']);
  if (stderr !== '') throw new Error(stderr);
  return lines(stdout);
}

function lines(text: string): Row[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

const sorted = (rows: Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

test('calls are those of the records, with how they ended and exact times', async () => {
  const { stdout } = await query([
    'select proc, id, func, t0_ns, dt_ns, outcome, args, result, error_message, test_id from calls',
    '--format',
    'json',
  ]);
  const source = readFileSync(app.file, 'utf8');
  const settles = new Map(
    app.records.filter(({ type }) => type === 'settle').map((one) => [keyOf(one), one as never as Row]),
  );
  const expected = app.calls.map((one) => {
    const end = app.ends.get(keyOf(one)) as unknown as Row | undefined;
    const settle = settles.get(keyOf(one));
    const ended = end?.pending ? (settle ? (settle.error ? 'rejected' : 'returned') : 'pending') : 'returned';
    const error = (end?.error ?? settle?.error) as { message: string } | undefined;
    return {
      ...{ proc: one.proc, id: one.id, func: one.func, t0_ns: one.t0_ns, dt_ns: settle?.dt_ns ?? end?.dt_ns ?? null },
      outcome: !end ? 'open' : end.type === 'exception' ? 'threw' : ended,
      ...{ args: one.args_preview, result: settle?.return_preview ?? end?.return_preview ?? null },
      ...{ error_message: error?.message ?? null, test_id: one.test_id ?? null },
    };
  });
  expect(expected.length).toBeGreaterThan(40);
  expect(sorted(lines(stdout))).toEqual(sorted(expected));
  // All digits: JavaScript reads the nearest double of both.
  const digits = (text: string) => [...text.matchAll(/"t0_ns":(\d+)/g)].map(([, ns]) => ns).sort();
  const ofCalls = source.split('\n').filter((line) => line.startsWith('{"type":"call"'));
  expect(digits(stdout)).toEqual(digits(ofCalls.join('\n')));
});

test('exchanges, tests, sessions, functions, modules and runs are those of the records', async () => {
  const http = await rowsOf(
    'select proc, id, side, method, url, path, status, dt_ns, request_body, response_body from http',
  );
  const exchanges = app.requests.map((one) => {
    const end = app.ends.get(keyOf(one)) as unknown as Row;
    return {
      ...{
        proc: one.proc,
        id: one.id,
        side: one.side,
        method: one.method,
        url: one.url,
        path: new URL(one.url).pathname,
      },
      ...{ status: end.status ?? null, dt_ns: end.dt_ns, request_body: end.request_body ?? one.request_body ?? null },
      response_body: end.response_body ?? null,
    };
  });
  expect(sorted(http)).toEqual(sorted(exchanges));
  const tests = await rowsOf('select test, titles, outcome, dt_ns, error_message from tests');
  const ends = app.tests.map(({ test, titles, outcome, dt_ns, error }) => ({
    test,
    titles,
    outcome,
    dt_ns,
    error_message: error?.message ?? null,
  }));
  expect(sorted(tests)).toEqual(sorted(ends));
  expect(await rowsOf('select tag, error from sessions')).toEqual([{ tag: 'checkout', error: null }]);
  const functions = await rowsOf('select func, file, line, calls, total_ns, max_ns from functions where recorded > 0');
  const settles = new Map(app.records.flatMap((one) => (one.type === 'settle' ? [[keyOf(one), one] as const] : [])));
  const counted = new Map<string, Row>();
  for (const one of app.calls) {
    const key = `${one.func} ${one.file} ${one.line}`;
    const known = counted.get(key) ?? {
      func: one.func,
      file: one.file,
      line: one.line,
      calls: 0,
      total_ns: null,
      max_ns: null,
    };
    const end = settles.get(keyOf(one)) ?? app.ends.get(keyOf(one));
    const dt = end?.dt_ns;
    known.calls = (known.calls as number) + 1;
    if (dt !== undefined) known.total_ns = ((known.total_ns as number | null) ?? 0) + dt;
    if (dt !== undefined) known.max_ns = Math.max((known.max_ns as number | null) ?? 0, dt);
    counted.set(key, known);
  }
  expect(sorted(functions)).toEqual(sorted([...counted.values()]));
  const modules = app.records.filter((one) => one.type === 'module').map(({ proc, file }) => ({ proc, file }));
  expect(sorted(await rowsOf('select proc, file from modules'))).toEqual(sorted(modules));
  const runs = await rowsOf('select run, script from runs order by t0_ns');
  expect(runs[0]).toEqual({ run: 1, script: 'app.mjs' });
  expect(new Set(runs.slice(1).map(({ run }) => run))).toEqual(new Set([2]));
  expect(await rowsOf('select count(*)::integer as n from raw')).toEqual([{ n: app.records.length }]);
  expect(await rowsOf('select count(*)::integer as n from llm')).toEqual([{ n: 0 }]);
});

test('a function beyond the cap has its exact totals', async () => {
  const records = [
    processStart(),
    ...[call(1, null, 0), returned(1, 1)],
    {
      type: 'summary',
      proc: '5f0c9a1e',
      ts_ns: 1,
      func: 'f1',
      file: 'a.js',
      line: 1,
      calls: 500,
      recorded: 1,
      exceptions: 7,
    },
  ];
  const cwd = tempProject({ 'handit_events.jsonl': records.map((one) => `${JSON.stringify(one)}\n`).join('') });
  const { stdout } = await query(['select calls, recorded, exceptions from functions', '--format', 'csv'], { cwd });
  expect(stdout).toBe('calls,recorded,exceptions\n500,1,7\n');
});

test('named questions', async () => {
  expect((await query(['--errors'])).stdout).toMatch(/RangeError +no needle-arg +2 +0 +broken/);
  expect((await query(['--slow', '--rows', '1'])).stdout.split('\n')[1]).toMatch(/main +app.mjs +\d+ +1 /);
  expect((await query(['--http'])).stdout).toMatch(/client +POST +127.0.0.1:\d+ +\/missing +1 +1 /);
  expect((await query(['--repeated'])).stdout).toMatch(/twice +a.test.mjs +\d+ +\{"n":2\} +2 /);
  expect((await query(['--impure'])).stdout).toBe('no rows\n');
  const line = app.calls.find(({ func }) => func === 'twice')!.line;
  const reached = (await query(['--reach', `a.test.mjs:${line}`, '--format', 'json'])).stdout;
  expect(new Set(lines(reached).map(({ test }) => test))).toEqual(new Set(app.tests.map(({ test }) => test)));
  expect((await query(['--schema', '--format', 'csv'])).stdout).toContain('\ncalls,dt_ns,BIGINT\n');
});

test('the examples of docs/sql.md say what the records say', async () => {
  const page = readFileSync(join(repository, 'docs/sql.md'), 'utf8');
  const [, block] = /```sql\n([^]*?)```/.exec(page)!;
  const examples = block.split(/;\n?/).map((text) => text.replace(/^--.*$/gm, '').trim());
  const [slow, values, newest, ...others] = examples.filter((text) => text !== '');
  expect(others).toEqual([]);
  const atCart = new Set(app.requests.filter(({ url }) => new URL(url).pathname === '/cart').map(keyOf));
  const below = app.calls.filter(({ proc, parent }) => atCart.has(`${proc}:${parent}`));
  expect(below.length).toBeGreaterThan(0);
  expect((await rowsOf(slow)).map(({ func }) => func).sort()).toEqual(below.map(({ func }) => func).sort());
  const counts = new Map<string, number>();
  for (const { func, args_preview: args } of app.calls)
    if (func === 'leaf') counts.set(JSON.stringify(args.n), (counts.get(JSON.stringify(args.n)) ?? 0) + 1);
  const found = await rowsOf(values.replace("'rateOf'", "'leaf'").replaceAll('country', 'n'));
  expect(found.map((row) => Object.values(row)).sort()).toEqual([...counts].sort());
  const last = new Set((await rowsOf('select proc from runs where run = 2')).map(({ proc }) => proc));
  expect(Object.values((await rowsOf(newest))[0])).toEqual([app.calls.filter(({ proc }) => last.has(proc)).length]);
});

test('llm has what handit llm has', async () => {
  const text = llmRecords().map((one) => `${JSON.stringify(one)}\n`);
  const cwd = tempProject({ 'handit_events.jsonl': text.join('') });
  const sql = 'select id, provider, model, input, cached, output, reasoning, streamed, stop, error, tools from llm';
  const none = null;
  expect(lines((await query([sql, '--format', 'json'], { cwd })).stdout)).toEqual([
    {
      ...{ id: 1, provider: 'openai-chat', model: 'gpt-4o-1', input: 7, cached: 5, output: 7, reasoning: 3 },
      ...{ streamed: true, stop: 'tool_calls', error: none, tools: ['weather'] },
    },
    {
      ...{ id: 2, provider: 'anthropic', model: 'claude-1', input: 4, cached: none, output: none, reasoning: none },
      ...{ streamed: true, stop: none, error: 'overloaded_error: Overloaded', tools: [] },
    },
  ]);
});

test('--format parquet writes what was asked for, which can be asked again', async () => {
  const cwd = tempProject({});
  const made = await query(
    [app.file, 'select * from raw where proc is not null', '--format', 'parquet', '-o', 'x.parquet'],
    {
      cwd,
    },
  );
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/^x\.parquet {2}\d+ kB; query it: handit query x\.parquet "select \.\.\."\n$/);
  const { stdout } = await query(['x.parquet', 'select count(*) as n from calls', '--format', 'csv'], { cwd });
  expect(stdout).toBe(`n\n${app.calls.length}\n`);
});

test('impure functions are found', async () => {
  const records = [processStart()] as object[];
  for (const [id, value] of [1, 1, 2].entries()) {
    records.push(
      call(id + 1, null, id * 2, { func: 'now', line: 1 }),
      returned(id + 1, id * 2 + 1, { func: 'now', return_preview: value }),
    );
  }
  const cwd = tempProject({ 'handit_events.jsonl': records.map((one) => `${JSON.stringify(one)}\n`).join('') });
  const { stdout } = await query(['--impure', '--format', 'csv'], { cwd });
  expect(stdout).toBe('func,file,line,args,times,results,one,another\nnow,a.js,1,{},3,2,1,2\n');
});

test('inputs: several, packed, from standard input, a pattern, a folder, Parquet of another run', async () => {
  const text = readFileSync(app.file);
  const folder = tempProject({ 'traces/a.jsonl': text.toString(), 'traces/b.jsonl': text.toString() });
  writeFileSync(join(folder, 'c.jsonl.gz'), gzipSync(text));
  const count = async (...files: string[]) => {
    const { stdout, stderr } = await query([...files, 'select count(*) as n from calls', '--format', 'csv'], {
      cwd: folder,
      input: files[0] === '-' ? text.toString() : '',
    });
    return Number(stdout.split('\n')[1] ?? stderr) / app.calls.length;
  };
  expect(await count('traces/a.jsonl')).toBe(1);
  expect(await count('traces/a.jsonl', 'c.jsonl.gz')).toBe(2);
  expect(await count('traces')).toBe(2);
  expect(await count('traces/*.jsonl')).toBe(2);
  expect(await count('-')).toBe(1);
  await runNode(process.execPath, [cli, 'export', '--to', 'parquet', 'traces/a.jsonl', '-o', 'all.parquet'], {
    cwd: folder,
  });
  expect(await count('all.parquet', 'traces/b.jsonl')).toBe(2);
  if (process.platform !== 'win32') expect(statSync(join(folder, 'all.parquet')).mode & 0o777).toBe(0o600);
});

const withZstd = nodes().find(({ version }) => isFrom(version, '22.15'));
(withZstd ? test : test.skip)('a trace that is packed with zstd, where Node has that', async () => {
  const { path } = withZstd!;
  const pack = `const fs = require('node:fs'); fs.writeFileSync('a.jsonl.zst', require('node:zlib').zstdCompressSync(fs.readFileSync(process.argv[1])))`;
  const folder = tempProject({});
  expect(await runNode(path, ['-e', pack, app.file], { cwd: folder })).toMatchObject({ stderr: '', code: 0 });
  const { stdout } = await runNode(path, [cli, 'query', 'a.jsonl.zst', 'select count(*) as n from calls'], {
    ...{ cwd: folder, env: { HANDIT_CACHE_DIR: join(app.folder, 'cache') } },
  });
  expect(stdout).toMatch(new RegExp(`^ *${app.calls.length}$`, 'm'));
});

test('a cut line, foreign lines and an empty file are told, not refused', async () => {
  const whole = readFileSync(app.file, 'utf8');
  const folder = tempProject({
    'cut.jsonl': `${whole}{"type":"call","pr`,
    'foreign.jsonl': `hello\n{"a":1}\n${whole}`,
    'empty.jsonl': '',
  });
  const ask = (file: string) => query([file, 'select count(*) as n from calls', '--format', 'csv'], { cwd: folder });
  const n = `n\n${app.calls.length}\n`;
  expect(await ask('cut.jsonl')).toMatchObject({
    code: 0,
    stdout: n,
    stderr: 'handit: 1 line left out: they are no trace records, or cut\n',
  });
  expect(await ask('foreign.jsonl')).toMatchObject({
    code: 0,
    stdout: n,
    stderr: 'handit: 2 lines left out: they are no trace records, or cut\n',
  });
  expect(await ask('empty.jsonl')).toMatchObject({
    code: 0,
    stdout: 'n\n0\n',
    stderr: 'handit: there is no record in the input\n',
  });
});

describe('SQL of a stranger', () => {
  let victim: string;
  let database: Database;
  beforeAll(async () => {
    victim = join(app.folder, 'secret.txt');
    writeFileSync(victim, 'top secret');
    database = await Database.open({ memory: '100MB', timeoutMs: 60_000 });
    await database.run(`create view raw as select * from read_text('${app.file}')`);
    await database.lock([app.file]);
  });

  const filled = (sql: string) =>
    sql.replaceAll('FILE', victim).replaceAll('FOLDER', app.folder).replaceAll('TRACE', app.file);

  test('the views can be read', async () => {
    for (const sql of [
      ...['select * from raw', 'from raw', '(select 1)', 'values (1)'],
      '/* a */ -- b\n with x as (select 1) from x',
    ]) {
      await database.check(sql);
      expect(await all(database, sql)).toHaveLength(1);
    }
  });

  test.each([
    ["select * from read_csv('FILE')"],
    ["select * from 'FILE'"],
    ["select * from glob('FOLDER/*')"],
    ["select * from read_blob('/etc/passwd')"],
    ["select * from read_json('http://127.0.0.1:9/x')"],
    ["copy (select 1) to 'FOLDER/out.csv'"],
    ["copy raw to 'FOLDER/out.csv'"],
    ["export database 'FOLDER/db'"],
    ["attach 'FOLDER/new.db' as d"],
    ["load 'FOLDER/x.duckdb_extension'"],
    ['set enable_external_access = true'],
    ["set allowed_paths = ['/']"],
    ['pragma database_list'],
    ["explain analyze copy (select 1) to 'FOLDER/out.csv'"],
    ['drop view raw'],
    ['create table t as select 1'],
    ["select 1; copy (select 1) to 'FOLDER/out.csv'"],
    ["select 1) to 'FOLDER/out.csv'; --"],
    ["select * from query('copy (select 1) to ''FOLDER/out.csv''')"],
    ['with x as (select 1) insert into raw select * from x'],
    ['select list(range) from range(100000000)'],
  ])('%s is refused', async (sql) => {
    const before = readdirSync(app.folder).sort();
    const run = async () => {
      await database.check(filled(sql));
      return all(database, filled(sql));
    };
    await expect(run()).rejects.toThrow(QueryError);
    expect(readdirSync(app.folder).sort()).toEqual(before);
  });

  test.each([
    ["select * from read_text('FILE')", []],
    ["copy (select 1) to 'TRACE'", []],
    ["attach 'FOLDER/new.db' as d", []],
    ["select * from read_text('FILE')", ['--format', 'parquet', '-o', 'x.parquet']],
  ])('the command refuses %s %j', async (sql, args) => {
    const before = readdirSync(app.folder).sort();
    const { code, stdout, stderr } = await query([`${filled(sql)} `, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^handit: (only a select|Permission Error)/);
    expect(readdirSync(app.folder).sort()).toEqual(before);
    expect(readFileSync(app.file, 'utf8').split('\n')).toHaveLength(app.records.length + 1);
  });

  test.each([
    ['select count(*) from range(1000000000) a, range(1000000) b'],
    ['with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t'],
  ])('%s is stopped', async (sql) => {
    const { code, stderr } = await query([sql, '--timeout', '1']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'handit: stopped after 1 s; --timeout <s> gives it longer\n' });
  });

  test('what needs more memory than it may have is stopped', async () => {
    const sql = 'select count(*) from range(1000000000) a, range(1000000000) b';
    const { code, stdout, stderr } = await query([sql, '--memory', '64MB', '--timeout', '60']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^handit: Out of Memory Error/);
  });
});

async function all(database: Database, sql: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const batch of (await database.select(sql)).rows) found.push(...batch);
  return found;
}

test('wrong SQL is told by DuckDB, with the nearest view or column', async () => {
  const column = await query(['select fnc from calls']);
  expect(column).toMatchObject({ code: 2, stdout: '' });
  expect(column.stderr).toMatch(/fnc[\s\S]*func/);
  expect((await query(['select * from cals '])).stderr).toContain('calls');
  expect((await query(['select * from run where true'])).stderr).toMatch(/Did you mean "(raw|runs)/);
  expect((await query(['select cached_tokens from llm'])).stderr).toMatch(/"cached"/);
  expect((await query(['selct 1'])).stderr).toContain('syntax error');
});

test('1,000 rows are shown, and how many more there are', async () => {
  const { stdout, stderr } = await query(['select range as n from range(2500)']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1001);
  expect(stderr).toBe('handit: … 1500 more; --rows 0 shows all\n');
});

test('a large trace is converted once, and again when it has changed', async () => {
  const folder = tempProject({});
  const file = join(folder, 'big.jsonl');
  writeFileSync(file, `${JSON.stringify(processStart())}\n`);
  const filler = 'x'.repeat(800);
  const many = (from: number) => {
    let text = '';
    for (let id = from; id < from + 20_600; id++)
      text += `${JSON.stringify(call(id, null, id, { args_preview: { filler } }))}\n`;
    return text;
  };
  appendFileSync(file, many(1));
  const cache = join(folder, 'cache');
  const env = { HANDIT_CACHE_DIR: cache };
  const count = async () => (await query([file, 'select count(*) as n from calls', '--format', 'csv'], { env })).stdout;
  expect(await count()).toBe('n\n20600\n');
  const [first] = readdirSync(join(cache, 'query'));
  const { mtimeMs } = statSync(join(cache, 'query', first));
  expect(await count()).toBe('n\n20600\n');
  expect(statSync(join(cache, 'query', first)).mtimeMs).toBe(mtimeMs);
  appendFileSync(file, many(30_000));
  expect(await count()).toBe('n\n41200\n');
  expect(readdirSync(join(cache, 'query'))).not.toContain(first);
  expect(readdirSync(join(cache, 'query'))).toHaveLength(2);
});

test('a converted trace has the records of its lines: those of calls, others, and lines that are none', async () => {
  const folder = tempProject({});
  const file = join(folder, 'big.jsonl');
  const long = { args_preview: { filler: 'x'.repeat(3_000_000) } };
  const filler = `${JSON.stringify(call(90_000, null, 1, { args_preview: { filler: 'x'.repeat(1000) } }))}\n`.repeat(
    18_500,
  );
  const whole = readFileSync(app.file, 'utf8');
  const { type, ...rest } = call(90_001, null, 1, long) as unknown as Row;
  const parts = [
    'hello\n\n \r\n{"type":"call"}\n',
    whole,
    filler,
    JSON.stringify({ ...rest, type }),
    '\n{"type":"call","pr',
  ];
  writeFileSync(file, parts.join(''));
  const ask = async (sql: string) => {
    const env = { HANDIT_CACHE_DIR: join(folder, 'cache') };
    const { stdout, stderr } = await query([file, sql, '--format', 'json', '--rows', '0'], { env });
    expect(stderr).toBe('handit: 3 lines left out: they are no trace records, or cut\n');
    return lines(stdout).map((row) => JSON.stringify({ ...row, source: '' }));
  };
  const isOther = "proc != '5f0c9a1e'";
  for (const view of ['raw', 'calls', 'http']) {
    const [made, own] = [await ask(`select * from ${view} where ${isOther}`), await rowsOf(`select * from ${view}`)];
    expect(own.length).toBeGreaterThan(0);
    expect(made.sort()).toEqual(own.map((row) => JSON.stringify({ ...row, source: '' })).sort());
  }
  expect(await ask("select count(*) as n, max(length(args_preview ->> 'filler')) as most from raw")).toEqual([
    JSON.stringify({ n: app.records.length + 18_501, most: 3_000_000, source: '' }),
  ]);
});

test('lines of calls are read for every field that they have', () => {
  const schema = JSON.parse(readFileSync(join(repository, 'docs/trace-format.schema.json'), 'utf8')) as {
    $defs: Record<string, { properties: Record<string, { const?: string }> }>;
  };
  const records = Object.values(schema.$defs).filter(({ properties }) => properties?.type?.const);
  const ofCalls = records.filter(({ properties }) =>
    ['call', 'return', 'settle', 'exception'].includes(properties.type.const!),
  );
  expect(ofCalls).toHaveLength(4);
  const fields = new Set(ofCalls.flatMap(({ properties }) => Object.keys(properties)));
  expect([...CALL_COLUMNS].sort()).toEqual([...fields].sort());
});

test('what HANDIT_KEEP wrote in several files is one trace: a call ends in a later one, and is there once', async () => {
  const begin = [processStart({ segment: 1 }), call(1, null, 1, { args_preview: { n: 4 } }), call(2, 1, 2)];
  const rest = [processStart({ segment: 2 }), call(1, null, 1, { again: true }), returned(2, 5), returned(1, 9)];
  const text = (records: object[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('');
  const cwd = tempProject({
    'a.5f0c9a1e-000001.jsonl': text(begin),
    'a.5f0c9a1e-000002.jsonl': text(rest),
    'b.5f0c9a1e-000002.jsonl': text(rest),
  });
  const ask = async (file: string) => {
    const sql = 'select id, args, outcome from calls order by id, source';
    return lines((await query([file, sql, '--format', 'json'], { cwd })).stdout);
  };
  const [first, second] = [
    { id: 1, args: { n: 4 }, outcome: 'returned' },
    { id: 2, args: {}, outcome: 'returned' },
  ];
  expect(await ask('a.jsonl')).toEqual([first, second]);
  expect(await ask('b.jsonl')).toEqual([{ ...first, args: {} }]);
  expect(await ask('*.jsonl')).toEqual([first, { ...first, args: {} }, second]);
});

test('without DuckDB it says what to install', async () => {
  const folder = tempProject({ 'handit_events.jsonl': '' });
  const target = join(folder, 'node_modules/handit');
  mkdirSync(target, { recursive: true });
  for (const name of ['package.json', 'dist/cli.cjs', 'dist/cli.br']) {
    mkdirSync(join(target, 'dist'), { recursive: true });
    writeFileSync(join(target, name), readFileSync(join(repository, name)));
  }
  const { code, stderr } = await runNode(process.execPath, [join(target, 'dist/cli.cjs'), 'query', '--slow'], {
    cwd: folder,
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      'handit: queries need DuckDB, which is not installed: npm install --save-dev @duckdb/node-api (about 70 MB)\n',
  });
  // Where the project has it, that one is used.
  symlinkSync(join(repository, 'node_modules/@duckdb'), join(folder, 'node_modules/@duckdb'), 'junction');
  const found = await runNode(process.execPath, [join(target, 'dist/cli.cjs'), 'query', '--slow'], { cwd: folder });
  expect(found).toMatchObject({ code: 0, stdout: 'no rows\n' });
});

test('wrong use is told', async () => {
  expect((await query(['handit_events.jsonl'])).stderr).toContain('give the SQL as the last word');
  expect((await query(['--slow', '--http'])).stderr).toBe('handit: ask one question at a time\n');
  expect((await query(['--slow', '--format', 'xml'])).stderr).toBe(
    'handit: --format is "xml"; allowed: table, json, csv, parquet\n',
  );
  expect((await query(['--slow', '--memory', 'much'])).stderr).toBe(
    'handit: --memory is "much"; it must be like 500MB or 2GB\n',
  );
  expect((await query(['--reach', 'a.js'])).stderr).toBe('handit: --reach is "a.js"; it must be like src/cart.js:12\n');
  expect((await query(['nowhere.jsonl', 'select 1'])).stderr).toContain('there is no file nowhere.jsonl');
});
