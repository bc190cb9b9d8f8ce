// Fresh processes: one that runs to its end, and one that serves until it is told to stop.
import { spawn } from 'node:child_process';

const MARK = 'bench-times';
// The shell's own children are the only ones whose processor time can be asked for, whatever a tool starts below them.
const TIMED = `"$@"; code=$?; echo ${MARK} >&2; times >&2; exit $code`;

/**
 * @param {{ command: string, args: string[], env: object, cwd: string, seconds: number, cpu?: boolean }} what
 * @returns {Promise<{ wall: number, cpu?: number, problem?: string }>} milliseconds; `cpu` is that of all processes of the run
 */
export function runToEnd({ command, args, env, cwd, seconds, cpu }) {
  const line = cpu ? ['bash', ['-c', TIMED, 'bench', command, ...args]] : [command, args];
  return new Promise((done) => {
    const from = process.hrtime.bigint();
    const child = spawn(...line, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let [errors, wall, late] = ['', 0, false];
    const deadline = setTimeout(() => {
      late = true;
      stop(child, 'SIGKILL');
    }, seconds * 1000);
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-20_000)));
    child.on('error', (error) => done({ wall: 0, problem: error.message }));
    child.on('exit', () => (wall = Number(process.hrtime.bigint() - from) / 1e6));
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      const problem = late ? `not done after ${seconds} s` : code === 0 ? undefined : endedWith(code ?? signal, errors);
      done({ wall, cpu: cpu && !problem ? cpuOf(errors) : undefined, problem });
    });
  });
}

/**
 * Starts what prints `port N`.
 *
 * @returns {Promise<{ port: number, stop(): Promise<void> }>} `stop()` lets it end by itself, and then makes it
 */
export function serve({ command, args, env, cwd, seconds }) {
  return new Promise((ready, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const closed = new Promise((done) => child.on('close', done));
    let [output, errors] = ['', ''];
    const deadline = setTimeout(() => stop(child, 'SIGKILL'), seconds * 1000);
    child.on('error', failed);
    child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-20_000)));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const port = /^port (\d+)$/m.exec((output += text))?.[1];
      if (!port) return;
      ready({
        port: Number(port),
        async stop() {
          stop(child, 'SIGTERM');
          await closed;
          clearTimeout(deadline);
        },
      });
    });
    closed.then((code) => failed(new Error(endedWith(code, errors))));
  });
}

/** With all that it has started: some tools run the program in a process of its own. */
function stop(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** The second line after the mark, `0m1.203s 0m0.101s`, as milliseconds. */
function cpuOf(errors) {
  const children = errors.slice(errors.lastIndexOf(MARK)).split('\n')[2];
  const [minutes, seconds, systemMinutes, systemSeconds] = children.match(/[\d.]+/g).map(Number);
  return (minutes + systemMinutes) * 60_000 + (seconds + systemSeconds) * 1000;
}

function endedWith(code, errors) {
  const lines = errors.split(`\n${MARK}`)[0].trim().split('\n');
  const reason = lines.find((line) => /^\w*Error\b|Error:/.test(line)) ?? lines.at(-1) ?? '';
  return `ended with ${code}: ${reason.trim().slice(0, 120)}`;
}
