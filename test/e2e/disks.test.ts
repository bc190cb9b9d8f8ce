import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { cleanEnv, installHandit, repository, runNode, tempProject, type RunResult } from '../helpers/run.js';
import { problemOf, readTrace, validateTrace } from '../helpers/trace.js';

const preload = ['--require', join(repository, 'dist/register.cjs')];
const trace = 'handit_events.jsonl';
const node = process.execPath;
const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];

const onLinux = process.platform === 'linux' ? test : test.skip;
/** A test that this machine may not allow; its name says so where it is left out. */
const where = (possible: boolean, reason: string) =>
  possible
    ? test
    : (title: string, _body: () => Promise<void>) =>
        test.skip(`${title} (not tested here: ${reason})`, () => undefined);

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const actsAsNobody = isRoot && spawnSync(node, ['-v'], { uid: NOBODY, gid: NOBODY }).status === 0;
const asRoot = where(isRoot, 'only root can give files to another user');

const source = `
function f(i) { return i; }
for (let i = 0; i < 1000; i++) f(i);
console.log('done');
process.exitCode = 7;
`;

/** The program ran as ever, and said one line. */
function expectOneLine(result: RunResult, path: string, reason: string): void {
  expect(result).toMatchObject({ stdout: 'done\n', code: 7, signal: null });
  expect(result.stderr).toBe(
    `handit: cannot write ${path} (${reason}); nothing is recorded until that works. Set HANDIT_OUTPUT_FILE to a file that can be written\n`,
  );
}

async function attempt(path: string, prepare: (cwd: string) => void = () => undefined) {
  const cwd = tempProject({ 'app.js': source });
  prepare(cwd);
  const file = join(cwd, path);
  const result = await runNode(node, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: path } });
  return { result, file };
}

describe('a small file system', () => {
  const folder = tempProject({});
  const mounted: string[] = [];
  const mount = (name: string, options: string): string => {
    const path = join(folder, name);
    mkdirSync(path);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status !== 0) return '';
    mounted.push(path);
    return path;
  };
  const full = mount('full', 'size=64k');
  const readOnly = mount('read-only', 'ro');
  afterAll(() => mounted.forEach((path) => spawnSync('umount', ['-l', path])));
  const canMount = where(full !== '' && readOnly !== '', 'mount is not permitted');

  canMount('that is read-only is one line', async () => {
    const file = join(readOnly, trace);
    const cwd = tempProject({ 'app.js': source });
    const result = await runNode(node, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: file } });
    expectOneLine(result, file, `EROFS: read-only file system, open '${file}'`);
  });

  canMount(
    'that is full is one line; recording goes on when there is room, and what is missing is counted',
    async () => {
      const file = join(full, trace);
      const filler = join(full, 'filler');
      writeFileSync(filler, Buffer.alloc(40_000));
      // Goes on when the end of what was recorded after the filler is gone can be seen.
      const program = `
const fs = require('fs');
function f(i) { return i; }
function after(i) { return i; }
for (let i = 0; i < 200; i++) f(i);
setTimeout(() => {
  fs.rmSync(${JSON.stringify(filler)});
  const timer = setInterval(() => {
    after(1);
    if (!fs.readFileSync(${JSON.stringify(file)}, 'utf8').includes('"func":"after"')) return;
    clearInterval(timer);
    console.log('done');
  }, 10);
}, 10);
process.exitCode = 7;
`;
      const cwd = tempProject({ 'app.js': program });
      const result = await runNode(node, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: file } });
      expectOneLine(result, file, 'ENOSPC: no space left on device, write');
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      const whole = lines.filter((line) => problemOf(line) === undefined);
      expect(lines.length - whole.length).toBeLessThanOrEqual(1);
      const records = whole.map((line) => JSON.parse(line) as TraceRecord);
      const [end] = only(records, 'process_end');
      expect(records[0].type).toBe('process_start');
      expect(end.events).toBe(whole.length - 1);
      // Two lines a call: those of `f` that are missing were lost, and some of the waiting.
      const missing = 400 - records.filter((record) => 'func' in record && record.func === 'f').length;
      expect(missing).toBeGreaterThan(100);
      expect(Object.values(end.dropped).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(missing);
      expect(only(records, 'call').some(({ func }) => func === 'after')).toBe(true);
    },
  );
});

where(!isRoot || actsAsNobody, 'nobody may not run this Node')('a folder without permission is one line', async () => {
  const cwd = tempProject({ 'app.js': source });
  installHandit(cwd);
  mkdirSync(join(cwd, 'closed'));
  chmodSync(join(cwd, 'closed'), 0o555);
  chmodSync(cwd, 0o755);
  const path = join(cwd, 'closed', trace);
  // Modes mean nothing to root.
  const child = spawn(node, ['--require', './node_modules/handit/dist/register.cjs', 'app.js'], {
    ...{ cwd, env: { ...cleanEnv(), HANDIT_OUTPUT_FILE: path, HANDIT_CACHE_DIR: 'off' } },
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code, signal] = await once(child, 'close');
  expectOneLine({ stdout, stderr, code, signal }, path, `EACCES: permission denied, open '${path}'`);
});

onLinux('descriptors running out is one line, and recording goes on when there are some', async () => {
  const program = `
const fs = require('fs');
function f(i) { return i; }
const open = [];
let code;
try { for (;;) open.push(fs.openSync('/dev/null')); } catch (error) { code = error.code; }
f(1);
setTimeout(() => {
  f(2);
  for (const fd of open) fs.closeSync(fd);
  const timer = setInterval(() => {
    f(3);
    if (!fs.existsSync('${trace}')) return;
    clearInterval(timer);
    f(4);
    console.log(code, 'done');
  }, 10);
}, 20);
`;
  const cwd = tempProject({ 'app.js': program });
  // Loaded before the descriptors run out.
  const args = ['-c', 'ulimit -n 64; exec "$0" "$@"', node, ...preload, 'app.js'];
  const result = await runNode('/bin/sh', args, { cwd });
  expect(result).toMatchObject({ stdout: 'EMFILE done\n', code: 0 });
  expect(result.stderr).toMatch(/^handit: cannot write .* \(EMFILE: too many open files, open .*\); .*\n$/);
  expect(result.stderr.split('\n')).toHaveLength(2);
  validateTrace(join(cwd, trace));
  const records = readTrace(join(cwd, trace));
  expect(records[0].type).toBe('process_start');
  expect(only(records, 'call').at(-1)!.args_preview).toEqual({ i: 4 });
  const [end] = only(records, 'process_end');
  expect(end.events).toBe(records.length - 1);
  expect((end.dropped.not_written ?? 0) + (end.dropped.lost ?? 0)).toBeGreaterThanOrEqual(2);
});

describe('a file that goes away while the program runs', () => {
  const program = (act: string) => `
const fs = require('fs');
function f(i) { return i; }
for (let i = 0; i < 500; i++) f(i);
setTimeout(() => {
  ${act}
  for (let i = 500; i < 1000; i++) f(i);
  console.log('done');
}, 1);
process.exitCode = 7;
`;

  test('by log rotation leaves two files that each begin with their process, and no line is missing', async () => {
    const cwd = tempProject({ 'app.js': program(`fs.renameSync('${trace}', 'old.jsonl');`) });
    const result = await runNode(node, [...preload, 'app.js'], { cwd });
    expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 7, signal: null });
    const [old, young] = ['old.jsonl', trace].map((file) => {
      validateTrace(join(cwd, file));
      return readTrace(join(cwd, file));
    });
    const numbers = [...old, ...young].flatMap((record) =>
      record.type === 'call' && record.func === 'f' ? [record.args_preview.i] : [],
    );
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(old.length).toBeGreaterThan(1000);
    expect(only(old, 'process_start')).toHaveLength(1);
    expect(young[0]).toEqual(old[0]);
    expect(young.at(-1)).toMatchObject({ type: 'process_end', events: old.length + young.length - 1, dropped: {} });
  });

  test('by deletion is made again, and begins with its process', async () => {
    const cwd = tempProject({ 'app.js': program(`fs.rmSync('${trace}');`) });
    const result = await runNode(node, [...preload, 'app.js'], { cwd });
    expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 7, signal: null });
    validateTrace(join(cwd, trace));
    const records = readTrace(join(cwd, trace));
    expect(records[0].type).toBe('process_start');
    expect(only(records, 'call').at(-1)!.args_preview).toEqual({ i: 999 });
  });
});

const canPipe = where(spawnSync('mkfifo', ['--version']).status === 0, 'no mkfifo');
describe('a FIFO', () => {
  const many = source.replace('1000', '40_000');
  const fifo = (name: string) => (cwd: string) => spawnSync('mkfifo', [join(cwd, name)]);

  canPipe('without a reader is one line, and the program does not wait for one', async () => {
    const { result, file } = await attempt('fifo', fifo('fifo'));
    expectOneLine(result, file, `ENXIO: no such device or address, open '${file}'`);
  });

  canPipe('with a reader that does not read keeps nobody waiting', async () => {
    const cwd = tempProject({ 'app.js': many });
    fifo('fifo')(cwd);
    const fd = openSync(join(cwd, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
    const result = await runNode(node, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: 'fifo' } });
    expectOneLine(result, join(cwd, 'fifo'), 'EAGAIN: resource temporarily unavailable, write');
    const buffer = Buffer.alloc(1 << 17);
    const lines = buffer.toString('utf8', 0, readSync(fd, buffer)).split('\n');
    closeSync(fd);
    // What it took are whole lines.
    expect(lines.pop()).toBe('');
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) expect(problemOf(line)).toBeUndefined();
  });

  canPipe('hands a reader all lines, to the end', async () => {
    const cwd = tempProject({ 'app.js': source });
    fifo('fifo')(cwd);
    // Into a file: a reader that waits for a busy machine to take what it has read would be given up.
    const kept = openSync(join(cwd, 'kept'), 'w');
    const cat = spawn('cat', [join(cwd, 'fifo')], { stdio: ['ignore', kept, 'inherit'] });
    const closed = once(cat, 'close');
    // Opened for reading and writing it does not block; the reader is there when it has opened, too.
    const opener = openSync(join(cwd, 'fifo'), constants.O_RDWR);
    const result = await runNode(node, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: 'fifo' } });
    closeSync(opener);
    expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 7, signal: null });
    await closed;
    closeSync(kept);
    const lines = readFileSync(join(cwd, 'kept'), 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(problemOf(line)).toBeUndefined();
    expect(lines).toHaveLength(1 + 1 + 2000 + 1);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'process_end', events: 2002, dropped: {} });
  });
});

onLinux('a descriptor that the program was started with can be the file', async () => {
  const cwd = tempProject({ 'app.js': source });
  const child = spawn(node, [...preload, 'app.js'], {
    ...{ cwd, env: { ...cleanEnv(), HANDIT_OUTPUT_FILE: '/dev/fd/3' }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  });
  let [stdout, text] = ['', ''];
  child.stdout!.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stdio[3]!.on('data', (part: Buffer) => (text += part.toString()));
  const [code] = await once(child, 'close');
  // Node makes such pipes of sockets, which cannot be opened by that name: then it is said, and the program runs.
  expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 7 });
  expect(text).toBe('');

  const shell = ['-c', 'exec 3>&1 >&2; exec "$0" "$@" 3>&3', node, ...preload, 'app.js'];
  const viaShell = await runNode('/bin/sh', ['-c', `"$0" "$@" 3>&1 >&2 | cat`, ...shell.slice(2)], {
    ...{ cwd, env: { HANDIT_OUTPUT_FILE: '/dev/fd/3' } },
  });
  expect(viaShell.stderr).toBe('done\n');
  expect(viaShell.stdout.split('\n')).toHaveLength(2004);
});

describe('a symbolic link', () => {
  const planted = (cwd: string) => {
    writeFileSync(join(cwd, 'precious'), 'mine\n');
    symlinkSync('precious', join(cwd, trace));
  };

  test('at the default place is not followed', async () => {
    const cwd = tempProject({ 'app.js': source });
    planted(cwd);
    chmodSync(cwd, 0o1777);
    const result = await runNode(node, [...preload, 'app.js'], { cwd });
    expectOneLine(result, join(cwd, trace), 'a symbolic link is not followed where HANDIT_OUTPUT_FILE is not set');
    expect(readFileSync(join(cwd, 'precious'), 'utf8')).toBe('mine\n');
    expect(lstatSync(join(cwd, trace)).isSymbolicLink()).toBe(true);
  });

  test('to nowhere at the default place makes no file', async () => {
    const cwd = tempProject({ 'app.js': source });
    symlinkSync('precious', join(cwd, trace));
    const { code, stderr } = await runNode(node, [...preload, 'app.js'], { cwd });
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 7, lines: 2 });
    expect(existsSync(join(cwd, 'precious'))).toBe(false);
  });

  test('that HANDIT_OUTPUT_FILE names is followed, whether or not there is a file', async () => {
    for (const prepare of [planted, (cwd: string) => symlinkSync('precious', join(cwd, trace))]) {
      const { result, file } = await attempt(trace, prepare);
      expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 7, signal: null });
      expect(readFileSync(join(file, '../precious'), 'utf8')).toContain('"type":"process_end"');
    }
  });

  asRoot('of another user in a folder that anybody may write to is followed by nobody', async () => {
    const { result, file } = await attempt(trace, (cwd) => {
      planted(cwd);
      lchownSync(join(cwd, trace), NOBODY, NOBODY);
      // With the sticky bit, some kernels refuse by themselves.
      chmodSync(cwd, 0o777);
    });
    expectOneLine(result, file, 'a symbolic link of another user, in a folder that anybody may write to');
    expect(readFileSync(join(file, '../precious'), 'utf8')).toBe('mine\n');
  });
});

describe('a file of another user', () => {
  const strange = (mode: number) => (cwd: string) => {
    writeFileSync(join(cwd, trace), '');
    chownSync(join(cwd, trace), NOBODY, NOBODY);
    chmodSync(cwd, mode);
  };

  asRoot('is not written to in a folder that anybody may write to', async () => {
    const { result, file } = await attempt(trace, strange(0o1777));
    expectOneLine(result, file, 'it belongs to another user, in a folder that anybody may write to');
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  asRoot('is written to elsewhere', async () => {
    const { result, file } = await attempt(trace, strange(0o755));
    expect(result.stderr).toBe('');
    expect(validateTrace(file)).toBe(2003);
  });
});

describe('what was there before', () => {
  test('a trace that others may read is made private, and what a link leads to stays as it is', async () => {
    const { file } = await attempt(trace, (cwd) => {
      writeFileSync(join(cwd, trace), '');
      chmodSync(join(cwd, trace), 0o644);
    });
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    const linked = await attempt(trace, (cwd) => {
      writeFileSync(join(cwd, 'log'), 'mine\n');
      chmodSync(join(cwd, 'log'), 0o644);
      symlinkSync('log', join(cwd, trace));
    });
    expect(lstatSync(join(linked.file, '../log')).mode & 0o777).toBe(0o644);
  });

  test('folders made for a trace are for its owner, also with a umask of 0', async () => {
    const cwd = tempProject({ 'app.js': source });
    const args = ['-c', 'umask 0; exec "$0" "$@"', node, ...preload, 'app.js'];
    const env = { HANDIT_OUTPUT_FILE: join('a', 'b', trace), HANDIT_CACHE_DIR: 'cache/sources' };
    expect(await runNode('/bin/sh', args, { cwd, env })).toMatchObject({ stdout: 'done\n', stderr: '' });
    const modes = ['a', 'a/b', `a/b/${trace}`, 'cache', 'cache/sources'].map((path) => lstatSync(join(cwd, path)).mode);
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['755', '700', '600', '755', '755']);
  });

  asRoot("a stranger's link on the way, in a folder that anybody may write to, is not followed", async () => {
    const secret = tempProject({});
    const link = (cwd: string, owner: number) => {
      mkdirSync(join(cwd, 'shared'));
      chmodSync(join(cwd, 'shared'), 0o777);
      symlinkSync(secret, join(cwd, 'shared/out'));
      lchownSync(join(cwd, 'shared/out'), owner, owner);
    };
    for (const path of [`shared/out/${trace}`, `shared/out/new/${trace}`, `own/${trace}`]) {
      const { result, file } = await attempt(path, (cwd) => {
        link(cwd, NOBODY);
        // A link of one's own that leads over the stranger's.
        symlinkSync('shared/out', join(cwd, 'own'));
      });
      const cwd = file.slice(0, -path.length);
      const why = `${join(cwd, 'shared/out')} is a symbolic link of another user, in a folder that anybody may write to`;
      expectOneLine(result, file, why);
      expect(readdirSync(secret)).toEqual([]);
    }
    const { result } = await attempt(`shared/out/${trace}`, (cwd) => link(cwd, process.geteuid!()));
    expect(result.stderr).toBe('');
    expect(readdirSync(secret)).toEqual([trace]);
  });
});

asRoot('recording goes on after the process has become another user', async () => {
  const program = (become: string) => `
function before() {}
function after(i) { return i; }
before();
setTimeout(() => {
  ${become}
  after(process.geteuid());
  setTimeout(() => { after(2); console.log('done'); }, 50);
}, 50);
`;
  const ways = ['process.setgid(65534); process.setuid(65534);', 'process.seteuid(65534);'];
  for (const become of ways) {
    const cwd = tempProject({ 'app.js': program(become) });
    chmodSync(cwd, 0o700);
    expect(await runNode(node, [...preload, 'app.js'], { cwd })).toMatchObject({
      stdout: 'done\n',
      stderr: '',
      code: 0,
    });
    validateTrace(join(cwd, trace));
    const records = readTrace(join(cwd, trace));
    const seen = only(records, 'call').flatMap(({ func, args_preview: { i } }) => (func === 'after' ? [i] : []));
    expect(seen).toEqual([NOBODY, 2]);
    expect(only(records, 'process_start')).toHaveLength(1);
    expect(only(records, 'process_end')).toMatchObject([{ events: records.length - 1, dropped: {} }]);
  }
});
