// node framework-server.js FRAMEWORK: answers a small order in JSON, with five calls of its own for each. Prints its port; ends
// by itself after SIGTERM and then says what processor time each answer took in microseconds.
'use strict';
const finish = require('./finish.js');

const prices = { tea: 4, cup: 9 };
/** Answers that do not count: until then code is loaded and compiled. */
const WARM = 3000;
let answers = 0;
let began;

function priceOf(article, count) {
  return prices[article] * count;
}

function totalOf(items) {
  return priceOf(items[0].article, items[0].count) + priceOf(items[1].article, items[1].count);
}

function receipt(customer, items) {
  if (++answers === WARM) began = process.cpuUsage();
  return { customer, total: totalOf(items), currency: 'EUR' };
}

const frameworks = {
  express() {
    const express = require('express');
    const app = express();
    app.use(express.json());
    app.post('/orders', (request, response) => void response.json(receipt(request.body.customer, request.body.items)));
    const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
    return server;
  },
  fastify() {
    const app = require('fastify')();
    app.post('/orders', (request, reply) => void reply.send(receipt(request.body.customer, request.body.items)));
    app.listen({ port: 0, host: '127.0.0.1' }, (error, address) => console.log(`port ${new URL(address).port}`));
    return app.server;
  },
};

const server = frameworks[process.argv[2]]();
process.on('SIGTERM', () => {
  const { user, system } = process.cpuUsage(began);
  finish({ cpu: (user + system) / (began ? answers - WARM : answers), calls: answers });
  server.close();
  server.closeAllConnections();
});
