import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { cleanEnv, repository } from '../helpers/run.js';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';

export const cli = join(repository, 'dist/cli.cjs');

/** Ends what a test that failed has left. */
const open: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of open.splice(0)) await end();
});

export interface Asked {
  text: string;
  isError: boolean;
}

/** The official client, with `handit mcp` as its server. */
export async function connected(cwd: string, ...args: string[]): Promise<Session> {
  const { Client: ClientClass } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const client = new ClientClass({ name: 'test', version: '1' });
  const env = cleanEnv() as Record<string, string>;
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [cli, 'mcp', ...args], cwd, env, stderr: 'inherit' }),
  );
  open.push(() => client.close());
  return new Session(client);
}

export class Session {
  /** Characters of all answers. */
  size = 0;
  calls = 0;

  constructor(readonly client: Client) {}

  async ask(name: string, args: Record<string, unknown> = {}): Promise<Asked> {
    const result = await this.client.callTool({ name, arguments: args }, undefined, { timeout: 240_000 });
    const [{ text }] = result.content as { text: string }[];
    this.size += text.length;
    this.calls++;
    return { text, isError: result.isError === true };
  }

  /** An answer that is no error. */
  async text(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const { text, isError } = await this.ask(name, args);
    if (isError) throw new Error(text);
    return text;
  }

  /** All pages of an answer. */
  async pages(name: string, args: Record<string, unknown> = {}): Promise<string[]> {
    const pages: string[] = [];
    for (let cursor: string | undefined; pages.length < 500;) {
      const page = await this.text(name, { ...args, ...(cursor !== undefined && { cursor }) });
      pages.push(page);
      cursor = /^more: cursor "(\d+)"$/m.exec(page.slice(-80))?.[1];
      if (cursor === undefined) return pages;
    }
    throw new Error('the pages do not end');
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

interface RawServer {
  child: ChildProcessWithoutNullStreams;
  ask(line: string): Promise<string>;
}

/** The server alone, asked by lines as they are. */
export function rawServer(cwd: string): RawServer {
  return rawServerOf(cli, cwd);
}

export function rawServerOf(command: string, cwd: string): RawServer {
  const child = spawn(process.execPath, [command, 'mcp'], { cwd, env: cleanEnv() });
  open.push(() => void child.kill());
  let rest = '';
  const waiting: ((line: string) => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) waiting.shift()?.(line);
  });
  return {
    child,
    ask: (line) =>
      new Promise((done) => {
        waiting.push(done);
        child.stdin.write(`${line}\n`);
      }),
  };
}
