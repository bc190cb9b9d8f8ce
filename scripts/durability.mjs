// Ends programs in every way there is, counts what is missing in their traces, and writes docs/durability.md.
//   node scripts/durability.mjs [--seconds 10] [--calls 10000000] [--print]
//   --print   only print, do not write the file
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const register = join(root, 'dist/register.cjs');
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    calls: { type: 'string', default: '10000000' },
    print: { type: 'boolean', default: false },
  },
});
const project = mkdtempSync(join(tmpdir(), 'handit-durability-'));
const trace = join(project, 'trace.jsonl');

// Each program makes calls of `f` that take 20 us, counting from 0, and tells on stdout how many had ended.
const prelude = `
const fs = require('fs');
let done = 0;
function f(i) { const until = performance.now() + 0.02; while (performance.now() < until); return i; }
const some = new Function('f', 'count', 'say', 'for (let i = 0; i < count; i++) { f(say.done++); }').bind(null, f);
const state = { done: 0 };
const tell = () => fs.writeSync(1, 'done ' + state.done + '\\n');
const work = (count) => { some(count, state); tell(); };
`;
const forever = 'setInterval(new Function(), 1000);\n';
const afterwards = "setTimeout(fs.writeSync, 1, 1, 'ready\\n');\n";
const busy = (then) => `for (;;) { work(50); ${then} }`;

const ways = [
  ['the event loop runs empty', 'work(1000);'],
  ['`process.exit` at the top', 'work(1000); process.exit(3);'],
  ['`process.exit` inside a recorded call', 'function stop() { work(1000); process.exit(3); } stop();'],
  [
    '`process.exit` in an exit handler',
    "process.on('exit', function last() { work(500); process.exit(4); }); work(500);",
  ],
  ['uncaught exception', "work(1000); function bad() { throw new Error('no'); } bad();"],
  ['unhandled rejection', "work(1000); async function bad() { throw new Error('no'); } bad();"],
  ['stack overflow', 'work(1000); function down() { down(); } down();'],
  ...['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'].map((signal) => [
    `${signal} while the program waits, no handler`,
    `work(1000); ${forever}${afterwards}`,
    { signal },
  ]),
  [
    'SIGTERM with a handler of the program',
    `process.on('SIGTERM', function stop() { work(500); process.exit(0); }); work(500); ${forever}${afterwards}`,
    { signal: 'SIGTERM' },
  ],
  [
    '`process.kill(process.pid)` inside a recorded call',
    "function stop() { work(1000); process.kill(process.pid, 'SIGTERM'); } stop();",
  ],
  ['SIGKILL while the program waits', `work(1000); ${forever}${afterwards}`, { signal: 'SIGKILL' }],
  ['SIGTERM in the middle of an endless loop of calls', busy(''), { signal: 'SIGTERM', after: 5000 }],
  ['SIGKILL in the middle of an endless loop of calls', busy(''), { signal: 'SIGKILL', after: 5000 }],
  ['`process.abort` in the middle of a loop of calls', busy('if (state.done > 20000) process.abort();')],
  [
    'out of memory in a loop of calls',
    `const all = []; ${busy('for (let i = 0; i < 5; i++) all.push(new Array(5000).fill(i));')}`,
    { flags: ['--max-old-space-size=64'] },
  ],
  [
    'a waiting worker thread that is terminated',
    `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
if (isMainThread) { const worker = new Worker(__filename); worker.on('message', () => worker.terminate()); }
else { work(1000); ${forever} setTimeout(parentPort.postMessage.bind(parentPort), 1, 'ready'); }`,
  ],
];

try {
  const rows = [];
  for (const [title, program, options] of ways) rows.push(await end(title, program, options));
  const text = report(rows, await writers(Number(values.seconds)), await memory(Number(values.calls)));
  console.log(text);
  if (!values.print) writeFileSync(join(root, 'docs/durability.md'), text);
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** Runs one program, and counts the calls that had ended by its own account and those whose end is in the file. */
async function end(title, program, { signal, after = 0, flags = [] } = {}) {
  rmSync(trace, { force: true });
  writeFileSync(join(project, 'app.cjs'), prelude + program);
  let told = 0;
  const result = await run([...flags, '--require', register, 'app.cjs'], {}, (line, child) => {
    const [word, count] = line.split(' ');
    if (word === 'done') told = Math.max(told, Number(count));
    if (signal && (word === 'ready' || (after > 0 && told >= after))) child.kill(signal);
  });
  const found = await countLines(trace, /^\{"type":"return",.*"func":"f"/);
  // More may have ended than the program came to tell.
  return {
    title,
    how: result.signal ?? `exit code ${result.code}`,
    expected: told,
    found,
    lost: Math.max(0, told - found),
  };
}

/** 16 processes, each with 16 worker threads' share of one: 16 + 16 writers for some seconds. */
async function writers(seconds) {
  rmSync(trace, { force: true });
  writeFileSync(
    join(project, 'app.cjs'),
    `const { Worker, isMainThread } = require('node:worker_threads');
function f(i, text) { return text; }
const until = Date.now() + ${seconds * 1000};
let i = 0;
async function work() {
  while (Date.now() < until) {
    for (let n = 0; n < 50; n++) f(i++, 'x'.repeat(i % 250));
    await new Promise((done) => setTimeout(done, 5));
  }
}
if (isMainThread) new Worker(__filename);
work();
process.on('exit', () => console.log('made ' + i));
`,
  );
  let made = 0;
  await Promise.all(
    Array.from({ length: 16 }, () =>
      run(['--require', register, 'app.cjs'], { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' }, (line) => {
        if (line.startsWith('made ')) made += Number(line.slice(5));
      }),
    ),
  );
  const first = new Map();
  let [lines, damaged, calls] = [0, 0, 0];
  for await (const line of createInterface({ input: createReadStream(trace), crlfDelay: Infinity })) {
    lines++;
    try {
      const { type, proc, func } = JSON.parse(line);
      if (!first.has(proc)) first.set(proc, type);
      if (type === 'call' && func === 'f') calls++;
    } catch {
      damaged++;
    }
  }
  const starts = [...first.values()].filter((type) => type === 'process_start').length;
  return { seconds, writers: first.size, starts, lines, damaged, made, calls };
}

/** The most memory that a process takes for that many calls, bare and recorded. */
async function memory(calls) {
  writeFileSync(
    join(project, 'app.cjs'),
    `function f(i) { return i; }
for (let i = 0; i < ${calls}; i++) f(i);
console.log('peak ' + process.resourceUsage().maxRSS);
`,
  );
  const peak = async (flags) => {
    let kilobytes = 0;
    rmSync(trace, { force: true });
    await run([...flags, 'app.cjs'], { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' }, (line) => {
      if (line.startsWith('peak ')) kilobytes = Number(line.slice(5));
    });
    return kilobytes / 1024;
  };
  const bare = await peak([]);
  const recorded = await peak(['--require', register]);
  return { calls, bare, recorded };
}

function run(args, env, onLine) {
  return new Promise((resolve, reject) => {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HANDIT_|NODE_)/.test(name)));
    const child = spawn(process.execPath, args, {
      cwd: project,
      env: { ...clean, HANDIT_OUTPUT_FILE: trace, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => onLine(line, child));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

async function countLines(file, pattern) {
  if (!existsSync(file)) return 0;
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line)).length;
}

function report(rows, many, { calls, bare, recorded }) {
  const number = (value) => value.toLocaleString('en-US');
  const table = rows.map(
    ({ title, how, expected, found, lost }) =>
      `| ${title} | ${how} | ${number(expected)} | ${number(found)} | ${number(lost)} |`,
  );
  return `# What is left when a process ends

Written by \`npm run durability\`, on Node ${process.versions.node}. Each program makes calls of 20 us and prints how many have ended;
_found_ are those whose end is in the trace. A program that is ended in the middle of its work may have made more calls
than it printed.

| the process ends by | and that is | calls printed | found | lost |
| --- | --- | --- | --- | --- |
${table.join('\n')}

Nothing is lost when a program runs to its end, exits by itself, or gets a signal without a handler while it waits:
events are written as soon as the program has nothing left to do. A signal in the middle of work, \`process.abort\` and
running out of memory lose what was recorded since the last write. While calls end, that was at most 10 ms ago (100 ms
for exceptions); in a stretch in which no call ends, longer. A signal handler would lose less, but handit has none: a
program with one can no longer be ended while it is busy.

With \`HANDIT_KEEP=failed\` or \`slow:<time>\`, a process that is killed also loses the detail of the requests, sessions and tests
that were open: it waits in memory until their outcome is known. See [keeping.md](keeping.md).

## Many writers, one file

${many.writers} processes and worker threads appended to one file for ${many.seconds} s: ${number(many.lines)} lines, ${number(many.damaged)} of them damaged; ${many.starts} began with
their \`process_start\`; of ${number(many.made)} calls, ${number(many.calls)} are in the file.

A process that is killed in the middle of a write leaves half a line. It takes no other line with it: a process that begins
to write to a file with half a line at its end writes a line end first, and one that was writing at that moment looks at
the byte in front of its lines and writes the first one again. So each killed process costs at most its own last line,
which readers count as damaged. Two things remain: on systems other than Linux, a line of a process that was waiting to write
while another one was killed in its write (the place of a write is only known there), and a process that is killed between
its write and the second look. On Windows and macOS, a write is not known to be cut off by a kill.

## Memory

${number(calls)} calls, all recorded: at most ${recorded.toFixed(0)} MB of resident memory, ${bare.toFixed(0)} MB without handit.
`;
}
