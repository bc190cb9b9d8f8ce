import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

const program = `
const http = require('http');
function level(id) { return id; }
async function work(id) { await null; return new Promise((done) => setTimeout(() => done(level(id)), 1)); }
function logger(request, response, next) { next(); }
async function handler(request, response) { response.json({ out: await work(request.body?.id ?? request.query.id) }); }
function failing() { throw new Error('boom'); }
function send(port, path, body) {
  return new Promise((done, failed) => {
    const options = { port, path, method: body ? 'POST' : 'GET', headers: body ? { 'content-type': 'application/json' } : {} };
    http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done(response.statusCode + ' ' + text));
    }).on('error', failed).end(body);
  });
}
const listen = (app) => new Promise((done) => { const server = app.listen(0, () => done(server)); });
const close = (server) => { server.close(); server.closeAllConnections(); };

(async () => {
  for (const name of ['express', 'express4']) {
    const express = require(name);
    const app = express();
    app.use(logger, express.json());
    app.post('/orders/:id', handler);
    app.get('/orders', handler);
    app.get('/failing', failing);
    app.use((error, request, response, next) => { response.status(500).send(error.message); });
    const server = await listen(app);
    const { port } = server.address();
    console.log(name, await Promise.all([send(port, '/orders/1', '{"id":1}'), send(port, '/orders?id=2'), send(port, '/orders/3', '{"id":3}'), send(port, '/failing')]));
    close(server);
  }
  const fastify = require('fastify')();
  fastify.addHook('onRequest', async (request) => { level(request.url); });
  fastify.post('/orders', async (request) => ({ out: await work(request.body.id) }));
  await fastify.listen({ port: 0 });
  console.log('fastify', await Promise.all([send(fastify.server.address().port, '/orders', '{"id":4}'), send(fastify.server.address().port, '/orders', '{"id":5}')]));
  await fastify.close();

  const Koa = require('koa');
  const koa = new Koa();
  koa.use(async (context, next) => { await next(); level(context.path); });
  koa.use(async (context) => { context.body = String(await work(context.query.id)); });
  const koaServer = await listen(koa);
  console.log('koa', await Promise.all([send(koaServer.address().port, '/a?id=6'), send(koaServer.address().port, '/b?id=7')]));
  close(koaServer);

  const { Hono } = await import('hono');
  const { serve } = await import('@hono/node-server');
  const hono = new Hono();
  hono.post('/orders', async (context) => context.json({ out: await work((await context.req.json()).id) }));
  const honoServer = await new Promise((done) => { const server = serve({ fetch: hono.fetch, port: 0 }, () => done(server)); });
  console.log('hono', await Promise.all([send(honoServer.address().port, '/orders', '{"id":8}'), send(honoServer.address().port, '/orders', '{"id":9}')]));
  close(honoServer);
})();
`;

/** Each request a server got, with its body, and the `level` calls below it. */
function levels(records: readonly TraceRecord[]): string[] {
  const roots = new Map<number, { name: string; ids: string[] }>();
  const found: { name: string; ids: string[] }[] = [];
  for (const record of records) {
    if (record.type === 'http_request' && record.side === 'server') {
      const end = records.find((other) => other.type === 'http_response' && other.id === record.id);
      const { pathname, search } = new URL(record.url);
      const body = end?.type === 'http_response' ? JSON.stringify(end.request_body?.json ?? '') : '...';
      const answer =
        end?.type === 'http_response'
          ? `${end.status} ${JSON.stringify(end.response_body?.json ?? end.response_body?.text)}`
          : '';
      const name = `${record.method} ${pathname}${search} ${body} ${answer}`;
      const root = { name, ids: [] };
      roots.set(record.id, root);
      found.push(root);
    }
    if (record.type !== 'call' || record.parent === null) continue;
    const root = roots.get(record.parent);
    if (root === undefined) continue;
    roots.set(record.id, root);
    if (record.func !== 'level') continue;
    const { id } = record.args_preview;
    root.ids.push(typeof id === 'string' ? id : JSON.stringify(id));
  }
  return found.map(({ name, ids }) => `${name} <- ${ids.join(', ')}`).sort();
}

describe.each(nodes())('web frameworks on Node $version', ({ path }) => {
  test('have what they do for a request below it', async () => {
    const { folder, bare, traced } = programs({ 'app.cjs': program });
    for (const name of ['express', 'express4', 'fastify', 'koa', 'hono', '@hono']) {
      symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name));
    }
    const plain = await bare(path, ['app.cjs']);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const { records, ...result } = await traced(path, ['app.cjs']);
    expect(result).toEqual(plain);
    expect(levels(records)).toEqual(
      [
        'GET /failing "" 500 "boom" <- ',
        'GET /orders?id=2 "" 200 {"out":"2"} <- 2',
        'POST /orders/1 {"id":1} 200 {"out":1} <- 1',
        'POST /orders/3 {"id":3} 200 {"out":3} <- 3',
        'GET /a?id=6 "" 200 "6" <- 6, /a',
        'GET /b?id=7 "" 200 "7" <- 7, /b',
        'GET /failing "" 500 "boom" <- ',
        'GET /orders?id=2 "" 200 {"out":"2"} <- 2',
        'POST /orders {"id":4} 200 {"out":4} <- /orders, 4',
        'POST /orders {"id":5} 200 {"out":5} <- /orders, 5',
        'POST /orders {"id":8} 200 {"out":8} <- 8',
        'POST /orders {"id":9} 200 {"out":9} <- 9',
        'POST /orders/1 {"id":1} 200 {"out":1} <- 1',
        'POST /orders/3 {"id":3} 200 {"out":3} <- 3',
      ].sort(),
    );
  });
});
