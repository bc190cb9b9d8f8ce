import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { certificate, key } from './certificate.js';

/** Real servers on the loopback, of which the one that clients talk to keeps every byte that it gets. */
export interface Origin {
  port: number;
  /** Shows a certificate that nobody signed. */
  tlsPort: number;
  /** Nothing listens there. */
  refusedPort: number;
  /** What came in since the last call, one text a connection, in the order of their begin; dates and ports are blanked. */
  takeRaw(): string[];
  close(): Promise<void>;
}

const text = 'lorem ipsum '.repeat(8533).slice(0, 100_000);

/**
 * `/ok`, `/echo`, `/gzip`, `/redirect`, `/status/404`, `/flaky/x` (503 the first time), `/slow` (never answers),
 * `/partial` (never ends), `/dies` (breaks off in its body), `/stream`, `/json/x` (cacheable), `/page/n`.
 */
export async function startOrigin(): Promise<Origin> {
  const seen = new Set<string>();
  const server = createServer((request, response) => answer(request, response, seen));
  const tls = createTlsServer({ key, cert: certificate }, (_, response) => response.end('secret'));
  const [upstream, tlsPort] = [await listen(server), await listen(tls)];
  let raw: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const front = net.createServer((client) => {
    const received: Buffer[] = [];
    raw.push(received);
    const inner = net.connect(upstream, '127.0.0.1');
    for (const socket of [client, inner]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    client.on('data', (bytes) => received.push(bytes));
    client.pipe(inner).pipe(client);
    client.on('close', () => inner.destroy());
    inner.on('close', () => client.end());
  });
  const port = await listen(front);
  const closed = net.createServer();
  const refusedPort = await listen(closed);
  await new Promise((done) => closed.close(done));
  return {
    port,
    tlsPort,
    refusedPort,
    takeRaw() {
      const taken = raw.map((bytes) => Buffer.concat(bytes).toString('latin1').replaceAll(String(port), 'PORT'));
      raw = [];
      seen.clear();
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      tls.closeAllConnections();
      await Promise.all([server, tls, front].map((one) => new Promise((done) => one.close(done))));
    },
  };
}

function listen(server: Server | net.Server): Promise<number> {
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));
}

function answer(request: IncomingMessage, response: ServerResponse, seen: Set<string>): void {
  const { pathname, search } = new URL(request.url!, 'http://x');
  const json = (status: number, value: unknown, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  const [, route, rest] = pathname.split('/');
  switch (route) {
    case 'echo': {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        json(200, { method: request.method, got: Buffer.concat(chunks).toString().slice(0, 200) }),
      );
      return;
    }
    case 'gzip':
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
      response.end(gzipSync(text));
      return;
    case 'redirect':
      response.writeHead(302, { location: `/ok${search}` });
      response.end();
      return;
    case 'status':
      return json(Number(rest), { status: Number(rest) });
    case 'flaky': {
      const first = !seen.has(rest);
      seen.add(rest);
      return json(first ? 503 : 200, { first }, first ? { 'retry-after': '0' } : {});
    }
    case 'slow':
      return;
    case 'partial':
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('the first half');
      return;
    case 'dies':
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
      response.write('the first half', () => setImmediate(() => request.socket.destroy()));
      return;
    case 'stream':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"content":"Hel"}\n\n', () =>
        setImmediate(() => response.end('data: {"content":"lo"}\n\ndata: [DONE]\n\n')),
      );
      return;
    case 'json':
      return json(200, { path: pathname + search }, { 'cache-control': 'max-age=60' });
    case 'page': {
      const next = Number(rest) + 1;
      return json(200, [rest], next <= 3 ? { link: `<http://${request.headers.host}/page/${next}>; rel="next"` } : {});
    }
    case 'v1':
      return answerAsModel(rest, response);
    default:
      // As a service of AWS.
      if (request.method === 'POST') {
        response.writeHead(200, { 'content-type': 'text/xml' });
        response.end(
          '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
            '<Arn>arn:aws:iam::1:user/ann</Arn><UserId>U</UserId><Account>1</Account></GetCallerIdentityResult>' +
            '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
        );
        return;
      }
      return json(200, { path: pathname + search });
  }
}

/** The streams of `POST /v1/chat/completions` (OpenAI) and `POST /v1/messages` (Anthropic): "Hello". */
function answerAsModel(route: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (content: string, end: string | null): object => ({
    id: 'c',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content }, finish_reason: end }],
  });
  const delta = (part: string): object => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: part },
  });
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: 'm', type: 'message', role: 'assistant', content: [], model: 'x', stop_reason: null, usage };
  const events: { type?: string }[] =
    route === 'messages'
      ? [
          { type: 'message_start', message } as object,
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as object,
          delta('Hel'),
          delta('lo'),
          { type: 'content_block_stop', index: 0 } as object,
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage } as object,
          { type: 'message_stop' },
        ]
      : [chunk('Hel', null), chunk('lo', 'stop')];
  for (const event of events) {
    response.write(`${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end(route === 'messages' ? '' : 'data: [DONE]\n\n');
}
