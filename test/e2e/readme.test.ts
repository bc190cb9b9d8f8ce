import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ts from 'typescript';
import { importedOnly, ofType, sessionsOf } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { validateTrace } from '../helpers/trace.js';

const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const program = /^```js\n([\s\S]*?)^```$/m.exec(readme)![1];
const shown = /`npx handit print` shows\n+```\n([\s\S]*?)^```$/m.exec(readme)![1];

/** Without the head line, durations and places. */
function treeOf(printed: string): string {
  return printed
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/ {2}[\d.]+ \w+ {2}app\.js:\d+( {2}at [\d.]+ \w+)?$/, ''))
    .join('\n');
}

test.each(nodes())('the first example of the README shows what it says on Node $label', async ({ path }) => {
  const project = tempProject({ 'app.js': program, 'package.json': '{"type":"module"}' });
  installHandit(project);
  const bare = await runNode(path, ['app.js'], { cwd: project });
  const traced = await runNode(path, ['--import', 'handit/register', 'app.js'], { cwd: project });
  expect(traced).toEqual(bare);
  expect(traced.stdout).toBe('{ paid: 13 }\n');

  expect(validateTrace(join(project, 'handit_events.jsonl'))).toBe(19);
  const printed = await runNode(path, [join(repository, 'dist/cli.cjs'), 'print'], { cwd: project });
  expect(treeOf(printed.stdout)).toBe(shown);
});

describe('the example of an agent that fetches a user inside a session', () => {
  const typescript = /^```ts\n([\s\S]*?)^```$/m.exec(readme)![1];
  const javascript = ts.transpile(typescript, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const id = Number(/\d+$/.exec(request.url!)![0]);
    response.end(JSON.stringify(id === 7 ? { id, name: 'Ada' } : { id }));
  });
  let base: string;
  beforeAll(async () => {
    await new Promise<void>((ready) => server.listen(0, ready));
    base = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  const forms = nodes().flatMap(({ major, path }) => [
    { major, path, form: 'JavaScript', file: 'agent.mjs', preloaded: true },
    { major, path, form: 'JavaScript without the preload', file: 'agent.mjs', preloaded: false },
    // Older ones do not strip types unasked.
    ...(major >= 24 ? [{ major, path, form: 'TypeScript', file: 'agent.mts', preloaded: true }] : []),
  ]);
  test.each(forms)('gives calls, HTTP with bodies, sessions and agents: $form on Node $label', async (run) => {
    const project = programs({ 'agent.mjs': javascript, 'agent.mts': typescript });
    const args = [run.file, base];
    const { records, ...result } = run.preloaded
      ? await project.traced(run.path, args)
      : await importedOnly(project, run.path, args);
    expect(result).toEqual({ stdout: 'Hello Ada\nuser 8 has no name\n', stderr: '', code: 0, signal: null });

    const { greet, 'greet nobody': nobody } = sessionsOf(records);
    expect(greet.end!.error).toBeUndefined();
    expect(nobody.end!.error).toMatchObject({ name: 'Error', message: 'user 8 has no name' });
    const ids = [greet.start.session_id, nobody.start.session_id];
    const agent = 'user-agent';

    const calls = ofType(records, 'call').filter(({ func }) => func === 'fetchUser');
    expect(calls).toMatchObject([
      { session_id: ids[0], agent, async: true, args_preview: { base, id: 7 } },
      { session_id: ids[1], agent, async: true, args_preview: { base, id: 8 } },
    ]);
    const endOf = (id: number) =>
      records.find((record) => (record.type === 'return' || record.type === 'exception') && record.id === id);
    expect(endOf(calls[0].id)).toMatchObject({ type: 'return', return_preview: { id: 7, name: 'Ada' } });
    expect(endOf(calls[1].id)).toMatchObject({ type: 'exception', error: { message: 'user 8 has no name' } });

    const requests = ofType(records, 'http_request');
    expect(requests).toMatchObject([
      {
        side: 'client',
        client: 'fetch',
        parent: calls[0].id,
        method: 'GET',
        url: `${base}/users/7`,
        session_id: ids[0],
        agent,
      },
      {
        side: 'client',
        client: 'fetch',
        parent: calls[1].id,
        method: 'GET',
        url: `${base}/users/8`,
        session_id: ids[1],
        agent,
      },
    ]);
    const body = { content_type: 'application/json', truncated: false };
    expect(ofType(records, 'http_response')).toMatchObject([
      { id: requests[0].id, status: 200, response_body: { ...body, json: { id: 7, name: 'Ada' } } },
      { id: requests[1].id, status: 200, response_body: { ...body, json: { id: 8 } } },
    ]);
  });
});
