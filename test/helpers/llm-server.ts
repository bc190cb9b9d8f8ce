import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

export interface LlmReply {
  status?: number;
  headers?: Record<string, string>;
  body: string | Buffer;
  /** The body is sent in pieces that end within characters and events. */
  pieces?: true;
}

export interface LlmServer {
  url: string;
  close(): Promise<void>;
}

/**
 * A server that answers as those of language models do.
 *
 * @param answer by path and body; `attempt` counts requests with the same path and body from 1
 */
export async function startLlmServer(
  answer: (path: string, body: Record<string, unknown>, attempt: number) => LlmReply,
): Promise<LlmServer> {
  const seen = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const key = `${request.url} ${text}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      const path = (request.url ?? '').replace(/\?.*/, '');
      void send(response, answer(path, JSON.parse(text) as Record<string, unknown>, seen.get(key)!));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(() => done()))),
  };
}

async function send(response: http.ServerResponse, { status = 200, headers, body, pieces }: LlmReply): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  const bytes = Buffer.from(body as string);
  if (!pieces) return void response.end(bytes);
  // Each is on its way before the next one is written.
  for (let at = 0; at < bytes.length; at += 37) {
    await new Promise<void>((done) => response.write(bytes.subarray(at, at + 37), () => setImmediate(done)));
  }
  response.end();
}

/** Server-sent events, with names where there are any. */
export function sse(...events: (object | string)[]): LlmReply {
  const text = events.map((event) => {
    const name = typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}\n` : '';
    return `${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
  });
  return { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body: text.join(''), pieces: true };
}

export function ndjson(...values: object[]): LlmReply {
  const body = values.map((value) => `${JSON.stringify(value)}\n`).join('');
  return { headers: { 'content-type': 'application/x-ndjson' }, body, pieces: true };
}

export function json(value: object, status = 200, headers: Record<string, string> = {}): LlmReply {
  return { status, headers, body: JSON.stringify(value) };
}

/** Frames of AWS. */
export function eventStream(...events: [string, object][]): LlmReply {
  const body = Buffer.concat(events.map(([name, payload]) => frame(name, Buffer.from(JSON.stringify(payload)))));
  return { headers: { 'content-type': 'application/vnd.amazon.eventstream' }, body, pieces: true };
}

function frame(type: string, payload: Buffer): Buffer {
  const headers = Buffer.concat(
    [
      [':event-type', type],
      [':content-type', 'application/json'],
      [':message-type', 'event'],
    ].map(([name, value]) => {
      const length = Buffer.from([7, value.length >> 8, value.length & 255]);
      return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), length, Buffer.from(value)]);
    }),
  );
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(16 + headers.length + payload.length, 0);
  prelude.writeUInt32BE(headers.length, 4);
  const head = Buffer.concat([prelude, checksum(prelude), headers, payload]);
  return Buffer.concat([head, checksum(head)]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes) >>> 0);
  return sum;
}
