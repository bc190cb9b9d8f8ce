import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ToolError } from '../mcp/arguments.js';
import { McpServer } from '../mcp/server.js';
import { INSTRUCTIONS, toolsOf } from '../mcp/tools.js';
import { TraceFile } from '../mcp/traces.js';
import { hasDuckDB } from '../query/database.js';
import { version } from '../version.js';
import { type Command, type Given, UsageError } from './command.js';
import type { Output } from './output.js';

/** A coding agent reads the trace: the Model Context Protocol over standard input and output. */
export const mcpCommand: Command = {
  usage: '[file|folder]',
  summary: 'a server by which coding agents read the trace (MCP, over standard input and output)',
  options: { 'print-config': { type: 'boolean', summary: 'what the usual clients need to start it' } },
  run: mcp,
};

async function mcp({ files, values, out }: Given): Promise<void> {
  if (files.length > 1) throw new UsageError('mcp takes one file or folder');
  if (values['print-config'] === true)
    return printConfig(
      files.map((file) => resolve(file)),
      out,
    );
  const tools = toolsOf(new TraceFile(resolve(files[0] ?? '.')), hasDuckDB() ? runSql : undefined);
  const server = new McpServer(tools, { version, instructions: INSTRUCTIONS });
  // One after the other: what is asked of a trace takes all of the processor.
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const answer = await server.answer(line);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  }
}

/** In a process of its own, for a query that does not stop is ended with it. */
function runSql(file: string, query: string): Promise<string[]> {
  const args = [__filename, 'query', '--format', 'json', '--rows', '500', '--timeout', '30', '--', file, query];
  return new Promise((done, failed) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const said = stderr.replace(/^handit: /gm, '').trim();
      if (error) failed(new ToolError(said === '' ? 'the query was stopped' : said));
      else
        done([...stdout.split('\n').filter((line) => line !== ''), ...said.split('\n').filter((line) => line !== '')]);
    });
  });
}

function printConfig(files: readonly string[], out: Output): void {
  const args = ['handit', 'mcp', ...files];
  const server = { command: 'npx', args };
  const blocks: [string, string][] = [
    ['Claude Code', `claude mcp add handit -- npx ${args.join(' ')}`],
    ['Codex, ~/.codex/config.toml', `[mcp_servers.handit]\ncommand = "npx"\nargs = ${JSON.stringify(args)}`],
    ['VS Code, .vscode/mcp.json', JSON.stringify({ servers: { handit: { type: 'stdio', ...server } } }, null, 2)],
    [
      'Cursor, .cursor/mcp.json; Claude Desktop, Windsurf, Gemini CLI and others',
      JSON.stringify({ mcpServers: { handit: server } }, null, 2),
    ],
  ];
  for (const [title, text] of blocks) for (const line of [`# ${title}`, ...text.split('\n'), '']) out.line(line);
}
