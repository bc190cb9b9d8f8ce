import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nodes } from '../helpers/node-versions.js';
import { json, type LlmReply, type LlmServer, sse, startLlmServer } from '../helpers/llm-server.js';
import { installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { cli } from '../mcp/client.js';

const page = readFileSync(join(repository, 'docs/agents.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code);
const [openai, anthropic, ...others] = blocks('js');
const [prices, config] = blocks('json').map((text) => JSON.parse(text) as Record<string, never>);

/** A server of tools, as one is written by the SDK. */
const mcpServer = `
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
const server = new McpServer({ name: 'clock', version: '1' });
function now() { return 'noon'; }
server.registerTool('now', { description: 'the time' }, async () => ({ content: [{ type: 'text', text: now() }] }));
await server.connect(new StdioServerTransport());
`;

function answer(path: string): LlmReply {
  if (path === '/v1/messages') {
    return json({
      ...{ type: 'message', role: 'assistant', model: 'claude-large-1', stop_reason: 'end_turn' },
      ...{ content: [{ type: 'text', text: 'Fine.' }], usage: { input_tokens: 100, output_tokens: 10 } },
    });
  }
  const chunk = (more: object): object => ({
    object: 'chat.completion.chunk',
    model: 'gpt-4o-1',
    choices: [],
    ...more,
  });
  return sse(
    chunk({ choices: [{ index: 0, delta: { content: 'A record.' }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    chunk({ usage: { prompt_tokens: 20, completion_tokens: 5 } }),
    '[DONE]',
  );
}

let server: LlmServer;
let folder = '';
beforeAll(async () => {
  server = await startLlmServer(answer);
  folder = tempProject({
    'package.json': '{}',
    'openai.mjs': openai,
    'anthropic.mjs': anthropic,
    'server.mjs': mcpServer,
    'prices.json': JSON.stringify(prices),
  });
  installHandit(folder);
  for (const name of ['openai', '@anthropic-ai', '@modelcontextprotocol'])
    symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
});
afterAll(() => server.close());

test('the page has an example of each library; those not run here are in test/matrix/agents.test.ts', () => {
  expect(others).toHaveLength(2);
});

test.each(nodes())(
  'the examples of OpenAI and Anthropic run, and are listed with their cost, on Node $label',
  async ({ path, label }) => {
    const trace = `trace-${label}.jsonl`;
    const env = {
      ...{
        OPENAI_BASE_URL: `${server.url}/v1`,
        OPENAI_API_KEY: 'sk-test',
        ANTHROPIC_BASE_URL: server.url,
        ANTHROPIC_API_KEY: 'sk-ant-test',
      },
      HANDIT_OUTPUT_FILE: join(folder, trace),
    };
    for (const [file, said] of [
      ['openai.mjs', 'A record.\n'],
      ['anthropic.mjs', 'Fine.\n'],
    ]) {
      const run = await runNode(path, ['--import', 'handit/register', file], { cwd: folder, env });
      expect(run).toEqual({ stdout: said, stderr: '', code: 0, signal: null });
    }
    const { stdout } = await runNode(
      process.execPath,
      [cli, 'llm', '--json', '--run', 'all', '--prices', 'prices.json', trace],
      { cwd: folder },
    );
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { func: 'explain', provider: 'openai-chat', tokens: { input: 20, output: 5 }, cost: (20 * 2.5 + 5 * 10) / 1e6 },
      {
        func: 'review',
        provider: 'anthropic',
        session: 'pull request',
        agent: 'reviewer',
        cost: (100 * 3 + 10 * 15) / 1e6,
      },
    ]);
  },
);

test('an MCP server that is started as the page says is recorded, though the client passes no environment of ours', async () => {
  const [own] = Object.values(
    config.mcpServers as unknown as Record<
      string,
      { command: string; args: string[]; env: Record<string, string>; cwd: string }
    >,
  );
  const home = '/home/me/my-server';
  expect(own.cwd).toBe(home);
  const here = (text: string): string => text.replace(home, folder);
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const client = new Client({ name: 'test', version: '1' });
  const env = Object.fromEntries(Object.entries(own.env).map(([name, value]) => [name, here(value)]));
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: own.args.map(here), env, cwd: here(own.cwd) }),
  );
  const result = await client.callTool({ name: 'now', arguments: {} });
  await client.close();
  expect(result.content).toEqual([{ type: 'text', text: 'noon' }]);
  const { stdout } = await runNode(process.execPath, [cli, 'print', here(own.env.HANDIT_OUTPUT_FILE)], { cwd: folder });
  expect(stdout).toContain('now() -> "noon"');
});
