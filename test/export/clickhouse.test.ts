import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { recordApp, recordedIn, type Recorded } from '../helpers/exported.js';
import { call, processStart, returned, testEnd } from '../helpers/records.js';
import { repository, runNode, type RunResult, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
const SERVER = ['/usr/sbin/clickhouse-server', '/usr/bin/clickhouse-server'].find((path) => existsSync(path));
const describeWithServer = SERVER === undefined ? describe.skip : describe;
if (SERVER === undefined) {
  process.stderr.write('NO CLICKHOUSE: exports to it are not tested with a server; install clickhouse-server\n');
}

const CALLS = 300_000;
const RUNS = 6;
let url: string;

function push(folder: string, ...args: string[]): Promise<RunResult> {
  return runNode(process.execPath, [cli, 'export', '--to', 'clickhouse', ...args], { cwd: folder, timeout: 110_000 });
}

async function ask(sql: string): Promise<string[][]> {
  const answer = await fetch(url, {
    ...{ method: 'POST', body: `${sql} FORMAT TabSeparated` },
    // The server closes one that was not used for some seconds.
    headers: { connection: 'close' },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'));
}

test('--ddl prints the tables', async () => {
  const { code, stdout } = await push(tempProject({}), '--ddl');
  expect(code).toBe(0);
  expect(stdout.match(/^CREATE TABLE IF NOT EXISTS handit_\w+ \($/gm)).toHaveLength(4);
  expect(stdout.match(/^PARTITION BY day$/gm)).toHaveLength(4);
  expect(stdout).toContain('ORDER BY (run, func, file, t0_ns, proc, id);');
});

test('wrong use is told', async () => {
  expect((await push(tempProject({}))).stderr).toBe(
    'handit: --endpoint is missing; it must be like http://localhost:8123 (or give --ddl)\n',
  );
});

describeWithServer('a server', () => {
  let server: ChildProcess;
  let app: Recorded;
  let folder: string;
  let port: number;

  beforeAll(async () => {
    folder = tempProject({});
    port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    server = await startServer(folder, port);
    app = await recordApp();
    writeFileSync(join(folder, 'runs.jsonl'), sixRuns());
  });
  afterAll(async () => {
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  });

  test('has the calls, exchanges and tests of the trace, and its errors; a second push adds nothing', async () => {
    const first = await push(app.folder, '--endpoint', url);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toBe(
      `2 runs (${app.calls.length} calls, ${app.requests.length} exchanges, ${app.tests.length} tests) sent to ${url}, without values (--values adds them)\n`,
    );
    const second = await push(app.folder, '--endpoint', url);
    expect(second.stdout).toContain('0 runs (0 calls, 0 exchanges, 0 tests)');
    expect(second.stdout).toContain('; 2 runs there already');
    const times = [
      ...readFileSync(app.file, 'utf8').matchAll(/^\{"type":"call","proc":"(\w+)","id":(\d+).*"t0_ns":(\d+)/gm),
    ];
    const expected = app.calls.map(({ proc, id, func, file, line }, i) => [
      proc,
      String(id),
      func,
      file,
      String(line),
      times[i][3],
    ]);
    const rows = await ask('SELECT proc, id, func, file, line, t0_ns FROM handit_calls');
    expect(rows.map(String).sort()).toEqual(expected.map(String).sort());
    const failed = await ask("SELECT proc, id, error_name, error_message FROM handit_calls WHERE outcome = 'threw'");
    const failures = app.failures.map(({ proc, id, error }) => [proc, String(id), error.name, error.message]);
    expect(failed.map(String).sort()).toEqual(failures.map(String).sort());
    const tests = await ask('SELECT test, outcome, toString(dt_ns) FROM handit_tests');
    expect(tests.map(String).sort()).toEqual(
      app.tests.map(({ test, outcome, dt_ns }) => [test, outcome, dt_ns].join()).sort(),
    );
    expect((await ask("SELECT count() FROM handit_calls WHERE args != '' OR result != ''"))[0]).toEqual(['0']);
  });

  test('takes 300,000 calls, and the documented queries say what the records say', async () => {
    const { code, stderr } = await push(folder, 'runs.jsonl', '--endpoint', url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'handit: 6 processes killed or still running\n' });
    const count = `SELECT count() FROM handit_calls WHERE git_sha != ''`;
    expect(await ask(count)).toEqual([[String(CALLS)]]);
    await push(folder, 'runs.jsonl', '--endpoint', url);
    expect(await ask(count)).toEqual([[String(CALLS)]]);
    const { calls, ends } = recordedIn(folder, join(folder, 'runs.jsonl'));
    const slow = calls.filter(({ func }) => func === 'slow').map((one) => ends.get(`${one.proc}:${one.id}`)!.dt_ns!);
    slow.sort((a, b) => a - b);
    const [p99, since, flaky] = documented();
    const [[ms, runs, n]] = await ask(p99);
    expect([Number(runs), Number(n)]).toEqual([RUNS, slow.length]);
    expect(Number(ms)).toBeCloseTo(slow[Math.floor(slow.length * 0.99)] / 1e6, 6);
    expect((await ask(since))[0].slice(0, 1)).toEqual(['b'.repeat(40)]);
    expect(await ask(flaky)).toEqual([['a.test.js > flaky', '3', '6']]);
  }, 120_000);

  test('a push that was broken off is completed by the next one, without rows that are there twice', async () => {
    const before = await ask('SELECT count() FROM handit_calls');
    // What is left of one that ended before the last table.
    await ask('DROP TABLE handit_runs');
    expect((await push(app.folder, '--endpoint', url, '--values')).stdout).toMatch(/^2 runs /);
    expect(await ask('SELECT count() FROM handit_calls')).toEqual(before);
    expect(await ask('SELECT count() FROM handit_runs')).toEqual([['2']]);
    const values = await ask("SELECT args, result FROM handit_calls WHERE func = 'twice'");
    expect(values).toEqual([
      ['{"n":2}', '4'],
      ['{"n":2}', '4'],
    ]);
  });

  test('that is down: exit 1, and what to do; when it is back, the same command sends all', async () => {
    const records = [processStart({ pid: 99 }), call(1, null, 1, { func: 'late' }), returned(1, 2, { func: 'late' })];
    const lines = records.map((one) => `${JSON.stringify({ ...one, proc: 'ffffffff' })}\n`);
    writeFileSync(join(folder, 'late.jsonl'), lines.join(''));
    server.kill('SIGKILL');
    await once(server, 'close');
    const { code, stderr, stdout } = await push(folder, 'late.jsonl', '--endpoint', url);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      `handit: ${url} does not take it: ECONNREFUSED\nhandit: nothing is lost: run the same command again, and what is missing is added\n`,
    );
    expect(stdout).toContain('0 runs');
    server = await startServer(folder, port);
    const again = await push(folder, 'late.jsonl', '--endpoint', url);
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^1 run \(1 call, /)]);
    expect(await ask("SELECT count() FROM handit_calls WHERE func = 'late'")).toEqual([['1']]);
  });
});

/** SQL of docs/scale.md, with names of this test. */
function documented(): string[] {
  const page = readFileSync(join(repository, 'docs/scale.md'), 'utf8');
  const found = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql.trim().replace(/;$/, ''));
  expect(found).toHaveLength(3);
  return found.map((sql) =>
    sql
      .replaceAll('Cart.total', 'slow')
      .replaceAll('src/cart.js', 'a.js')
      .replaceAll('cart.test.js > adds up', 'a.test.js > calls'),
  );
}

/** Two runs of each of three commits; the test calls `slow` from the second commit on. */
function sixRuns(): string {
  const lines: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const proc = `0000000${run}`;
    const us = run * 3_600_000_000;
    const git = { sha: 'abc'[run >> 1].repeat(40) };
    const add = (...records: object[]) => lines.push(...records.map((one) => JSON.stringify({ ...one, proc })));
    const start = processStart({ pid: run + 1, ppid: 1000 + run, git, ci: { provider: 'github', run: `${run}` } });
    add({ ...start, ts_ns: start.ts_ns + us * 1000 });
    for (let id = 1; id <= CALLS / RUNS; id++) {
      const func = id % 50 === 1 ? 'slow' : 'quick';
      const inTest = id < 100 && (run >= 2 || func === 'quick');
      const test = inTest ? { test: 'a.test.js > calls', test_id: 1 } : {};
      add(
        call(id, null, us + id * 10, { func, line: 1, args_preview: { n: 1 }, ...test }),
        returned(id, us + id * 10 + 5, { dt_ns: 1000 + ((id * 7919) % 100_000) * 13, return_preview: 2 }),
      );
    }
    const outcome = run % 2 === 0 ? 'failed' : 'passed';
    add(testEnd('a.test.js > calls', us + 9e6), testEnd('a.test.js > flaky', us + 9e6, { test_id: 2, outcome }));
  }
  return `${lines.join('\n')}\n`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const users =
    '<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>';
  writeFileSync(
    join(folder, 'users.xml'),
    `<yandex><profiles><default></default></profiles>${users}<quotas><default></default></quotas></yandex>`,
  );
  writeFileSync(
    join(folder, 'config.xml'),
    `<yandex><logger><level>warning</level></logger><http_port>${port}</http_port><listen_host>127.0.0.1</listen_host>
    <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path><users_config>users.xml</users_config>
    <mark_cache_size>100000000</mark_cache_size><default_profile>default</default_profile><default_database>default</default_database></yandex>`,
  );
  const child = spawn(SERVER!, ['--config-file=config.xml'], { cwd: folder, stdio: 'ignore' });
  for (let i = 0; i < 300; i++) {
    try {
      if ((await fetch(url)).ok) return child;
    } catch {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('the server does not answer');
}
