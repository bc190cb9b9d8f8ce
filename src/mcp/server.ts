import { argumentsOf, type Arguments, type InputSchema, ToolError } from './arguments.js';

/** What a model can call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: InputSchema;
  run(args: Arguments): Promise<string> | string;
}

export interface ServerInfo {
  readonly version: string;
  readonly instructions: string;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly [name: string]: unknown };
}

const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const [PARSE, INVALID, NO_METHOD, PARAMETERS, INTERNAL] = [-32700, -32600, -32601, -32602, -32603];

class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The Model Context Protocol, as far as a server of tools needs it: a line of JSON-RPC in, one out or none. */
export class McpServer {
  constructor(
    private readonly tools: readonly Tool[],
    private readonly info: ServerInfo,
  ) {}

  /** @returns the line to answer with; undefined where none is wanted */
  async answer(line: string): Promise<string | undefined> {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: PARSE, message: 'this line is no JSON' } });
    }
    if (!Array.isArray(message)) return written(await this.#reply(message));
    const replies = [];
    for (const one of message) replies.push(await this.#reply(one));
    return written(replies.filter((reply) => reply !== undefined));
  }

  async #reply(message: unknown): Promise<object | undefined> {
    const { id, method, params } = (typeof message === 'object' && message !== null ? message : {}) as Message;
    // A reply to what was never asked.
    if (method === undefined && id !== undefined) return undefined;
    try {
      if (typeof method !== 'string') throw new RpcError(INVALID, 'a message needs a method');
      const result = await this.#call(method, params ?? {});
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result };
    } catch (error) {
      if (id === undefined && typeof method === 'string') return undefined;
      const code = error instanceof RpcError ? error.code : INTERNAL;
      return { jsonrpc: '2.0', id: id ?? null, error: { code, message: (error as Error).message } };
    }
  }

  async #call(method: string, params: { readonly [name: string]: unknown }): Promise<object> {
    if (method === 'initialize') {
      const wanted = params.protocolVersion as string;
      return {
        protocolVersion: VERSIONS.includes(wanted) ? wanted : VERSIONS[0],
        capabilities: { tools: {} },
        serverInfo: { name: 'handit', version: this.info.version },
        instructions: this.info.instructions,
      };
    }
    if (method === 'ping' || method.startsWith('notifications/')) return {};
    if (method === 'tools/list') {
      const annotations = { readOnlyHint: true, openWorldHint: false };
      return {
        tools: this.tools.map(({ name, description, inputSchema }) => ({
          name,
          description,
          inputSchema,
          annotations,
        })),
      };
    }
    if (method === 'tools/call') return this.#run(params);
    throw new RpcError(NO_METHOD, `there is no method ${method.slice(0, 100)}`);
  }

  async #run({ name, arguments: given }: { readonly [name: string]: unknown }): Promise<object> {
    const tool = this.tools.find((one) => one.name === name);
    if (!tool) {
      const names = this.tools.map((one) => one.name).join(', ');
      throw new RpcError(PARAMETERS, `there is no tool ${String(name).slice(0, 100)}; there are: ${names}`);
    }
    try {
      return contentOf(await tool.run(argumentsOf(tool.name, tool.inputSchema, given)), false);
    } catch (error) {
      // The model reads it, and can do something else.
      return contentOf(
        error instanceof ToolError ? error.message : `internal error: ${(error as Error).message}`,
        true,
      );
    }
  }
}

function contentOf(text: string, isError: boolean): object {
  return { content: [{ type: 'text', text }], ...(isError && { isError }) };
}

function written(reply: object | undefined): string | undefined {
  return reply === undefined || (Array.isArray(reply) && reply.length === 0) ? undefined : JSON.stringify(reply);
}
