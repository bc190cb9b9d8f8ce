// After the tests of a job: of a red one the cause goes into the summary, of a green one the trace is kept.
const { spawnSync } = require('node:child_process');
const { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join, resolve } = require('node:path');

const { GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GREEN, KEEP, STATUS, TRACE } = process.env;
const files = traceFiles(resolve(TRACE));
if (files.length === 0) console.log('::warning::handit has no trace of this job: ' + TRACE);
else if (STATUS === 'success' && KEEP === 'true') keep();
else if (STATUS === 'failure') tell();

/** The file, or of a name with a `%p` in it all that it stands for. */
function traceFiles(trace) {
  if (!basename(trace).includes('%')) return existsSync(trace) ? [trace] : [];
  const folder = dirname(trace);
  const parts = basename(trace).split(/%[pt]/);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => isLike(name, parts)).map((name) => join(folder, name));
}

function isLike(name, parts) {
  let at = 0;
  for (const part of parts) {
    at = name.indexOf(part, at);
    if (at === -1) return false;
    at += part.length;
  }
  return name.startsWith(parts[0]) && name.endsWith(parts.at(-1));
}

function keep() {
  rmSync(GREEN, { recursive: true, force: true });
  mkdirSync(GREEN, { recursive: true });
  for (const file of files) copyFileSync(file, join(GREEN, basename(file)));
  appendFileSync(GITHUB_OUTPUT, 'kept=true\n');
}

function tell() {
  const red = files.length === 1 ? files[0] : dirname(files[0]);
  const hasGreen = existsSync(GREEN) && readdirSync(GREEN).length > 0;
  const { status, stdout, stderr } = handit('diff', '--md', ...(hasGreen ? [GREEN, red] : ['--within', red]));
  if (status === 1) appendFileSync(GITHUB_STEP_SUMMARY, stdout);
  else if (status === 0) console.log('handit: no test of this job failed, or nothing that was recorded differs');
  else console.log('::warning::handit diff: ' + stderr.trim().replaceAll('\n', '%0A'));
}

function handit(...args) {
  const register = createRequire(join(process.cwd(), 'package.json')).resolve('handit/register');
  // The steps of the job record what they start; this one does not.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const options = { encoding: 'utf8', env, maxBuffer: 1 << 28 };
  return spawnSync(process.execPath, [join(dirname(register), 'cli.cjs'), ...args], options);
}
