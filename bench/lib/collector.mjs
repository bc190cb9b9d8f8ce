// Stands where the agents and collectors of tracing services listen, and counts what it is sent.
import { createServer } from 'node:http';

/** @returns {Promise<{ port: number, taken(): number, stop(): void }>} `taken()`: spans since it was asked last */
export function startCollector() {
  let count = 0;
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      // Keys of a span in the JSON of OTLP, and in what dd-trace sends.
      const body = Buffer.concat(chunks);
      count += occurrences(body, '"spanId"') + (request.url.endsWith('/traces') ? occurrences(body, 'span_id') : 0);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(request.url.startsWith('/v0.') ? '{"rate_by_service":{}}' : '{}');
    });
  });
  return new Promise((ready) => {
    server.listen(0, '127.0.0.1', () =>
      ready({
        port: server.address().port,
        taken() {
          const taken = count;
          count = 0;
          return taken;
        },
        stop() {
          server.close();
          server.closeAllConnections();
        },
      }),
    );
  });
}

function occurrences(body, text) {
  let found = 0;
  for (let at = body.indexOf(text); at !== -1; at = body.indexOf(text, at + text.length)) found++;
  return found;
}
