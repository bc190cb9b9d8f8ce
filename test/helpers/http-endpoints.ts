import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

/** A server on loopback with an answer of each kind that clients meet; see `answer`. */
export interface Endpoints {
  port: number;
  origin: string;
  /** A port on which nobody listens. */
  closedPort: number;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

export const RECORDS = Array.from({ length: 2000 }, (_, id) => ({ id, name: `customer ${id}`, city: 'Zürich' }));

export async function serveEndpoints(): Promise<Endpoints> {
  let connections = 0;
  const retries = new Map<string, number>();
  const server = createServer((request, response) => answer(request, response, retries));
  server.on('connection', () => connections++);
  server.on('upgrade', (request, socket) => {
    socket.end(
      request.url === '/refuse-upgrade'
        ? 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno'
        : 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello',
    );
  });
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'));
  const port = await listen(server);
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    closedPort: await unusedPort(),
    connections: () => connections,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, retries: Map<string, number>): void {
  response.sendDate = false;
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const send = (status: number, headers: Record<string, string | string[]>, body: string | Buffer = ''): void => {
    response.writeHead(status, headers);
    response.end(body);
  };
  const text = { 'content-type': 'text/plain' };
  const json = { 'content-type': 'application/json' };
  switch (pathname) {
    case '/text':
      return send(200, text, 'hello');
    case '/json':
      return send(200, { ...json, 'set-cookie': ['a=1', 'b=2'] }, '{\n  "ok": true,\n  "access_token": "t0k"\n}');
    case '/echo': {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => send(200, text, `${Buffer.concat(chunks).length} bytes`));
      return;
    }
    case '/gzip':
      return send(200, { ...json, 'content-encoding': 'gzip' }, gzipSync(JSON.stringify(RECORDS)));
    case '/deflate':
      return send(200, { ...text, 'content-encoding': 'deflate' }, deflateSync('deflated'));
    case '/raw-deflate':
      return send(200, { ...text, 'content-encoding': 'deflate' }, deflateRawSync('bare'));
    case '/br':
      return send(200, { ...text, 'content-encoding': 'br' }, brotliCompressSync('brotli'));
    case '/binary':
      return send(200, { 'content-type': 'application/octet-stream' }, randomBytes(1000));
    case '/redirect':
      return send(302, { location: '/text?token=secret' });
    case '/redirect-twice':
      return send(302, { location: '/redirect' });
    case '/204':
      return send(204, {});
    case '/304':
      return send(304, { etag: '"1"' });
    case '/404':
      return send(404, text, 'not here');
    case '/500':
      return send(500, json, '{"error":"boom"}');
    case '/retry': {
      const key = searchParams.get('key')!;
      const tries = (retries.get(key) ?? 0) + 1;
      retries.set(key, tries);
      return tries < 3 ? send(503, { 'retry-after': '0' }) : send(200, text, `try ${tries}`);
    }
    case '/never':
      return;
    case '/half':
      response.writeHead(200, { ...text, 'content-length': '1000' });
      response.write('only this');
      return;
    case '/die':
      response.writeHead(200, { ...text, 'content-length': '1000' });
      response.write('only this', () => setImmediate(() => request.socket.destroy()));
      return;
    case '/hang-up':
      request.socket.destroy();
      return;
    case '/sse':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const word of ['Once', 'upon', 'a', 'time']) response.write(`data: {"delta":"${word}"}\n\n`);
      response.end('data: [DONE]\n\n');
      return;
    case '/ndjson':
      return send(200, { 'content-type': 'application/x-ndjson' }, '{"n":1}\n{"n":2,"password":"p"}\n');
    case '/trailers':
      response.writeHead(200, { ...text, trailer: 'x-checksum' });
      response.write('with trailers');
      response.addTrailers({ 'x-checksum': 'abc' });
      response.end();
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      return send(200, text, 'hinted');
    case '/large': {
      const piece = Buffer.alloc(64 * 1024, 'x');
      let left = Number(searchParams.get('bytes'));
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': left });
      const more = (): void => {
        while (left > 0) {
          const part = left < piece.length ? piece.subarray(0, left) : piece;
          left -= part.length;
          if (!response.write(part)) return void response.once('drain', more);
        }
        response.end();
      };
      return more();
    }
    default:
      return send(400, text, `no such endpoint: ${pathname}`);
  }
}

export interface Recorder {
  port: number;
  /** What each connection sent, in the order in which they came, without what changes from run to run. */
  bytes(): string[];
  close(): Promise<void>;
}

/** A server that keeps the bytes it gets and answers each request with the same few ones. */
export async function recordBytes(): Promise<Recorder> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    const index = received.push('') - 1;
    let unanswered = '';
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    socket.on('data', (data) => {
      received[index] += data.toString('latin1');
      unanswered += data.toString('latin1');
      for (let end = endOfRequest(unanswered); end > 0; end = endOfRequest(unanswered)) {
        unanswered = unanswered.slice(end);
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');
      }
    });
  });
  const port = await listen(server);
  return {
    port,
    bytes: () => received.map((text) => text.replaceAll(String(port), 'PORT')),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Behind the first whole request of the text; 0 while it is not whole. */
function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n') + 4;
  if (head < 4) return 0;
  const fields = text.slice(0, head).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(fields);
  if (length) return text.length >= head + Number(length[1]) ? head + Number(length[1]) : 0;
  if (!fields.includes('transfer-encoding: chunked')) return head;
  // The last chunk, and trailers behind it.
  const last = /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(head - 2));
  return last ? head - 2 + last.index + last[0].length : 0;
}

export function listen(server: Server | ReturnType<typeof createNetServer>): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port));
  });
}

async function unusedPort(): Promise<number> {
  const server = createNetServer();
  const port = await listen(server);
  await new Promise<void>((done) => server.close(() => done()));
  return port;
}
