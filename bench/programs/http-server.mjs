// Answers every request with as many bytes of JSON as its path says: /1000. Prints its port.
import { createServer } from 'node:http';

const bodies = new Map();

function bodyOf(size) {
  let body = bodies.get(size);
  if (body === undefined) {
    const items = [];
    let length = 2;
    for (let id = 0; length < size; id++) {
      const item = JSON.stringify({ id, name: `item ${id}`, price: id * 1.5, tags: ['a', 'b'], note: 'x'.repeat(40) });
      items.push(item);
      length += item.length + 1;
    }
    body = Buffer.from(`[${items.join(',')}]`);
    bodies.set(size, body);
  }
  return body;
}

const server = createServer((request, response) => {
  request.resume();
  const body = bodyOf(Number(request.url.slice(1)));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => process.exit(0));
