import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { callText } from '../helpers/call-text.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { installHandit, repository, runNode, tempProject, type RunResult } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

// Each folder of fixtures/transform is a program: run as it is and under the agent it must print the same, and the
// calls in its trace, and what it tells as skipped, are those in its calls.txt. HANDIT_WRITE_CALLS=1 writes that file; read it before you commit it.
const root = join(repository, 'fixtures/transform');
const names = readdirSync(root).sort();

/** The first Node line that can run it. */
const since: Record<string, string> = { 'typescript-cjs': '22.18', 'typescript-esm': '22.18', 'using-esm': '24' };

const project = tempProject({ 'empty.mjs': '', 'empty.cjs': '' });
installHandit(project);
const preloads = [
  {
    flag: '--import',
    empty: pathToFileURL(join(project, 'empty.mjs')).href,
    agent: pathToFileURL(join(project, 'node_modules/handit/register.mjs')).href,
  },
  {
    flag: '--require',
    empty: join(project, 'empty.cjs'),
    agent: join(project, 'node_modules/handit/dist/register.cjs'),
  },
];

test('every fixture is there', () => {
  expect(names.length).toBe(FIXTURES);
  expect(nodes().length).toBeGreaterThan(0);
});
const FIXTURES = 33;

describe.each(names)('%s', (name) => {
  const folder = join(root, name);
  const entry = readdirSync(folder).find((file) => file.startsWith('main.'))!;
  const lines = nodes().filter(({ version }) => isFrom(version, since[name] ?? '0'));

  test('prints the same under the agent, and its calls are recorded', async () => {
    const runs = lines.flatMap((node) => preloads.map((preload) => ({ node, preload })));
    let traced = 0;
    await inTurn(runs, 3, async ({ node, preload: { flag, empty, agent } }) => {
      const where = `Node ${node.version} ${flag}`;
      const output = join(project, `${name}-${node.label}${flag}.jsonl`);
      const env = { ...onlyTheseVariables(), HANDIT_OUTPUT_FILE: output };
      const bare = await runNode(node.path, [flag, empty, entry], { cwd: folder, env });
      expect({ where, ...bare }).toMatchObject({ where, code: 0, signal: null });
      expect(bare.stdout.length).toBeGreaterThan(20);
      const result = await runNode(node.path, [flag, agent, entry], { cwd: folder, env });
      expect({ where, ...comparable(result) }).toEqual({ where, ...comparable(bare) });

      expect(validateTrace(output)).toBeGreaterThan(3);
      const records = readTrace(output);
      expect({ where, end: records.at(-1) }).toMatchObject({ where, end: { type: 'process_end', dropped: {} } });
      const skipped = records.flatMap((record) =>
        record.type === 'skipped' ? [`# ${record.file}: ${record.reason}\n`] : [],
      );
      const expected = join(folder, 'calls.txt');
      const calls = skipped.join('') + callText(records);
      if (process.env.HANDIT_WRITE_CALLS && !existsSync(expected)) writeFileSync(expected, calls);
      expect(`${where}\n${calls}`).toBe(`${where}\n${readFileSync(expected, 'utf8')}`);
      traced++;
    });
    expect(traced).toBe(runs.length);
  });
});

/** A fixture passes `process.env` to a recorded function, so it must be the same on every machine. */
function onlyTheseVariables(): Record<string, string | undefined> {
  const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return { ...none, GREETING: 'good morning from the environment of this program' };
}

/** Warnings name the process. */
function comparable({ stdout, stderr, ...rest }: RunResult): RunResult {
  return { ...rest, stdout, stderr: stderr.replace(/^\(node:\d+\)/gm, '(node)') };
}

async function inTurn<T>(items: readonly T[], atOnce: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
