import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ofType, sessionsOf } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';

const page = readFileSync(join(repository, 'docs/api.md'), 'utf8');
const [imports, ...examples] = [...page.matchAll(/^```[jt]s\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

/** What the examples take as given. */
const given = `
  const form = { name: 'ada' };
  const saved: string[] = [];
  const createUser = async (user: object) => ({ id: 7, ...user });
  async function* read(file: string) { yield file + ' 1'; yield file + ' 2'; }
  const save = async (user: string) => saved.push(user);
  const work = async () => { throw new Error('no work'); };
  const logger = { info: (data: object, text: string) => console.log(Object.keys(data).join(' '), text) };
`;

/** The line that uses what an example declares: where it stands in no example's own scope. */
const uses: Record<string, string> = {
  'async function importUsers': "await importUsers('users');",
  'const plan = tracing': "await plan('tea'); new Checkout().total([4, 9]); new Shop().price('cup');",
};

const scopes = examples.map((code) => {
  const use = Object.entries(uses).find(([start]) => code.includes(start))?.[1] ?? '';
  return `await (async function example() {\n${code}\n${use}\n})().catch((error) => console.log(error.message));`;
});
const source = [imports, given, ...scopes, 'console.log(saved.join());'].join('\n');
const { outputText } = ts.transpileModule(source, {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
});

test.each(nodes())('the examples of docs/api.md do what the page says on Node $version', async ({ path }) => {
  expect(examples.length).toBe(6);
  const project = programs({ 'app.mjs': outputText });
  const { records, stdout, stderr, code } = await project.traced(path, ['app.mjs']);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toBe('no work\nproc id planned\nusers 1,users 2\n');

  const starts = ofType(records, 'session_start');
  expect(starts.map(({ tag }) => tag)).toEqual(['sign-up', 'import', 'import']);
  expect(starts[0].attrs).toEqual({ plan: 'free' });
  expect(ofType(records, 'session_end').map(({ error }) => error?.message)).toEqual([undefined, undefined, 'no work']);
  expect(sessionsOf(records)['sign-up'].end).toBeDefined();

  const agents = ofType(records, 'call').flatMap(({ func, agent }) => (agent ? [`${agent} ${func}`] : []));
  expect(agents).toEqual(expect.arrayContaining(['cashier Checkout.total', 'pricing Shop.price']));
  expect(agents.filter((each) => each.startsWith('planner '))).toHaveLength(1);

  expect(ofType(records, 'annotation').map(({ data }) => data)).toEqual([{ model: 'small', tokens: 812 }]);
  const copy = readTrace(join(project.folder, 'so-far.jsonl'));
  expect(copy.map(({ type }) => type)).toEqual(records.slice(0, copy.length).map(({ type }) => type));
  expect(copy.length).toBeGreaterThan(20);
});
