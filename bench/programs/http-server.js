// Answers every request with as many bytes of JSON as its path says: /1000. Prints its port; ends by itself after SIGTERM
// and then says what processor time each answer took in microseconds.
'use strict';
const { createServer } = require('node:http');
const finish = require('./finish.js');

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

let answers = 0;
const server = createServer((request, response) => {
  answers++;
  request.resume();
  const body = bodyOf(Number(request.url.slice(1)));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.on('SIGTERM', () => {
  const { user, system } = process.cpuUsage();
  finish({ cpu: (user + system) / answers, calls: answers });
  server.close();
  server.closeAllConnections();
});
