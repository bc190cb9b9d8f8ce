// Sets the environment of the steps after this one, so that handit records every Node process in them.
const { appendFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join, resolve } = require('node:path');

const { ARGS, GITHUB_ENV, GITHUB_OUTPUT, NODE_OPTIONS = '', OUTPUT } = process.env;
let register;
try {
  register = createRequire(join(process.cwd(), 'package.json')).resolve('handit/register');
} catch {
  console.error('::error::handit is not installed here: use this action after the step that installs the dependencies');
  process.exit(1);
}
const trace = resolve(OUTPUT);
// As a JSON string, a path may hold spaces and backslashes.
const options = [NODE_OPTIONS, ARGS, `--require ${JSON.stringify(register)}`].filter(Boolean).join(' ');
appendFileSync(GITHUB_ENV, `NODE_OPTIONS=${options}\nHANDIT_OUTPUT_FILE=${trace}\n`);
appendFileSync(GITHUB_OUTPUT, `trace=${trace}\n`);
