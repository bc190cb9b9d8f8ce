// node drive.js PORT AT_ONCE SECONDS: how many answers a second a server gives that always has that many requests to answer.
// Written to sockets as they are: a client of Node's would be busy before the server is. It never waits: to wake it would be
// work of the server's process.
'use strict';
const { connect } = require('node:net');
const finish = require('./finish.js');

const [port, atOnce, seconds] = process.argv.slice(2).map(Number);
const items = [
  { article: 'tea', count: 2 },
  { article: 'cup', count: 1 },
];
const body = JSON.stringify({ customer: 'ada', items });
const request = Buffer.from(
  `POST /orders HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`,
);

/** Bytes of an answer: all of them have as many. */
function lengthOf(text) {
  const head = text.indexOf('\r\n\r\n') + 4;
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1]);
  if (!text.startsWith('HTTP/1.1 200') || !(length > 0)) throw new Error(`not the answer: ${text}`);
  return head + length;
}

let answers = 0;
let until = performance.now() + seconds * 300;

function connection(done) {
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  let expected = 0;
  let got = 0;
  socket.on('data', (chunk) => {
    expected ||= lengthOf(chunk.toString('latin1'));
    got += chunk.length;
    if (got < expected) return;
    got = 0;
    answers++;
    if (performance.now() < until) socket.write(request);
    else socket.end(done);
  });
}

const all = () => Promise.all(Array.from({ length: atOnce }, () => new Promise(connection)));

let over = false;
(function poll() {
  if (!over) setImmediate(poll);
})();

(async () => {
  await all();
  const warmed = answers;
  const start = performance.now();
  until = start + seconds * 1000;
  await all();
  const rate = (answers - warmed) / ((performance.now() - start) / 1000);
  over = true;
  finish({ rate: Math.round(rate), calls: answers });
})();
