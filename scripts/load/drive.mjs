// A client that keeps a server busy.
import { connect } from 'node:net';

/**
 * Posts JSON on as many connections at once until then. Requests are written to sockets as they are: a client of Node's would be
 * at its limit before a server is that nobody records.
 *
 * @param {{ port: number, path: string, connections: number, until: number, next: () => string }} options `next`: a body
 * @returns how many were answered, and how many of those with another status than 200
 */
export async function drive({ port, path, connections, until, next }) {
  const counts = { requests: 0, failed: 0 };
  const one = () =>
    new Promise((done, failed) => {
      const socket = connect(port, '127.0.0.1');
      const send = () => {
        if (performance.now() >= until) return socket.end(done);
        const body = next();
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      };
      let answer = '';
      socket.setEncoding('latin1').on('connect', send).on('error', failed);
      socket.on('data', (text) => {
        answer += text;
        const head = answer.indexOf('\r\n\r\n') + 4;
        const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1]);
        if (head < 4 || answer.length < head + length) return;
        counts.requests++;
        if (!answer.startsWith('HTTP/1.1 200')) counts.failed++;
        answer = '';
        send();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return counts;
}
