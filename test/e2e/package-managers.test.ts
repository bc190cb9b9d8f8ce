import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { Call } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { installHandit, runNode, tempProject, type RunResult } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const lines = nodes();
// Whatever a folder may be called.
const project = join(
  tempProject({
    'mein Café #1 50%/package.json': JSON.stringify({
      name: 'shop',
      version: '1.0.0',
      scripts: {
        pretest: 'node prepare.mjs',
        test: 'node app.cjs',
        outer: 'npm run --silent inner',
        inner: 'node app.cjs',
        fails: 'exit 3',
        install: 'node app.cjs',
      },
    }),
    'mein Café #1 50%/prepare.mjs': 'export function prepare() { return 1; }\nprepare();',
    'mein Café #1 50%/app.cjs': 'function main() { console.log("tested"); }\nmain();',
    'mein Café #1 50%/node_modules/tool/package.json': '{"name":"tool","version":"1.0.0","bin":"tool.js"}',
    'mein Café #1 50%/node_modules/tool/tool.js': '#!/usr/bin/env node\nrequire(require("path").resolve("app.cjs"));',
    'mein Café #1 50%/node_modules/.bin/tool': '#!/bin/sh\nexec node "$(dirname "$0")/../tool/tool.js" "$@"\n',
    'mein Café #1 50%/node_modules/.bin/tool.cmd': '@node "%~dp0\\..\\tool\\tool.js" %*\r\n',
    'mein Café #1 50%/node_modules/dep/package.json': '{"name":"dep","version":"1.0.0"}',
    'mein Café #1 50%/node_modules/dep/install.js': 'function install() { console.log("installed") }\ninstall();',
  }),
  'mein Café #1 50%',
);
installHandit(project);
chmodSync(join(project, 'node_modules/.bin/tool'), 0o755);

const trace = join(project, 'handit_events.jsonl');

/** Runs npm, as the shell finds it, by the Node under test. */
async function shell(
  path: string,
  command: string,
  env: Record<string, string> = {},
  cwd = project,
): Promise<RunResult> {
  const run = `require('child_process').spawnSync(${JSON.stringify(command)}, { shell: true, stdio: 'inherit' }).status`;
  return runNode(path, ['-e', `process.exitCode = ${run}`], {
    cwd,
    env: {
      PATH: [dirname(path), process.env.PATH].join(delimiter),
      npm_config_update_notifier: 'false',
      npm_config_loglevel: 'error',
      NODE_OPTIONS: '--import handit/register',
      ...env,
    },
  });
}

function recorded(): { processes: number; calls: string[] } {
  if (!existsSync(trace)) return { processes: 0, calls: [] };
  validateTrace(trace);
  const records = readTrace(trace);
  return {
    processes: records.filter(({ type }) => type === 'process_start').length,
    calls: records
      .filter((record): record is Call => record.type === 'call')
      .map((call) => `${call.file}::${call.func}`),
  };
}

beforeEach(() => rmSync(trace, { force: true }));

describe.each(lines)('Below npm on Node $version', ({ path }) => {
  test('what its scripts run is recorded, and npm itself is not', async () => {
    const { stdout, stderr, code } = await shell(path, 'npm test --silent');
    expect({ stdout, stderr, code }).toEqual({ stdout: 'tested\n', stderr: '', code: 0 });
    expect(recorded()).toEqual({ processes: 2, calls: ['prepare.mjs::prepare', 'app.cjs::main'] });
  });
});

describe('Below npm', () => {
  const { path } = lines.at(-1)!;

  test.each([
    ['npm run --silent outer', 'tested\n'],
    ['npx tool', 'tested\n'],
    ['npm exec tool', 'tested\n'],
  ])('%s leaves what the program does', async (command, output) => {
    expect(await shell(path, command)).toEqual({ stdout: output, stderr: '', code: 0, signal: null });
    expect(recorded()).toEqual({ processes: 1, calls: ['app.cjs::main'] });
  });

  test('exit codes are those of the scripts', async () => {
    expect(await shell(path, 'npm run --silent fails')).toMatchObject({ stdout: '', code: 3 });
    expect(recorded().processes).toBe(0);
  });

  test('its own requests are not recorded, and nothing is made', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response
        .setHeader('content-type', 'application/json')
        .end('{"name":"dep","dist-tags":{"latest":"2.0.0"},"versions":{"2.0.0":{}}}');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const before = readdirSync(project);
    try {
      const { stdout, code } = await shell(path, 'npm view dep dist-tags.latest', {
        npm_config_registry: registry,
        npm_config_cache: join(tempProject({}), 'cache'),
      });
      expect({ stdout, code }).toEqual({ stdout: '2.0.0\n', code: 0 });
    } finally {
      server.close();
    }
    expect(asked).toEqual(['/dep']);
    expect(recorded().processes).toBe(0);
    expect(readdirSync(project)).toEqual(before);
  });

  test('install scripts of dependencies leave nothing', async () => {
    const folder = join(project, 'node_modules/dep');
    const { stdout, stderr, code } = await shell(
      path,
      'node install.js',
      { npm_lifecycle_event: 'postinstall' },
      folder,
    );
    expect({ stdout, stderr, code }).toEqual({ stdout: 'installed\n', stderr: '', code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['install.js', 'package.json']);
  });

  test('threads of a package manager do not start the agent, those of the program do', async () => {
    const thread = `new (require('worker_threads').Worker)('console.log(Symbol.for("handit") in globalThis)', { eval: true });`;
    const folder = tempProject({
      'node_modules/pnpm/bin/pnpm.cjs': thread,
      'node_modules/pnpm/package.json': '{"name":"pnpm"}',
      'app.cjs': thread,
    });
    installHandit(folder);
    const stdout = async (file: string) =>
      (await shell(path, `node ${file}`, { NODE_OPTIONS: '--require handit/register' }, folder)).stdout;
    expect(await stdout('node_modules/pnpm/bin/pnpm.cjs')).toBe('false\n');
    expect(await stdout('app.cjs')).toBe('true\n');
  });
});
