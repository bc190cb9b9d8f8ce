import { join } from 'node:path';
import type { HttpRequest } from '../../src/trace-format.js';
import { repository } from '../helpers/run.js';
import { matrix, type MatrixRun, type MatrixTrace } from './matrix.js';

const serve = join(repository, 'fixtures/apps/serve.mjs');
const group = 'Frameworks';

/** Each request that the server got, with the functions of the program that were called for it, in their order. */
function below({ records, calls }: MatrixTrace): Record<string, string[]> {
  const requests = records.filter(
    (record): record is HttpRequest => record.type === 'http_request' && record.side === 'server',
  );
  const parents = new Map(calls().map((call) => [`${call.proc}:${call.id}`, call.parent]));
  const isBelow = (proc: string, id: number | null | undefined, top: number): boolean =>
    id === top || (id != null && isBelow(proc, parents.get(`${proc}:${id}`), top));
  const found = requests.map(({ proc, id, method, url }) => {
    const own = calls().filter((call) => call.proc === proc && isBelow(proc, call.parent, id));
    return [`${method} ${url.replace(/^https?:\/\/[^/]*/, '')}`, own.map(({ func, file }) => `${func} ${file}`)];
  });
  return Object.fromEntries(found) as Record<string, string[]>;
}

const skipped = ({ records }: MatrixTrace) => records.filter(({ type }) => type === 'skipped');

// ------------------------------------------------------------------ Express, Fastify, Nest

for (const version of ['express4', 'express']) {
  matrix({
    app: 'express',
    title: version === 'express' ? 'Express 5' : 'Express 4',
    group,
    command: ['node', serve, '/carts/1', '/carts/0', 'POST:/carts:{"name":"tea"}', '--', 'node', 'server.js', version],
    expect(trace) {
      expect(below(trace)).toMatchObject({
        'GET /carts/1': [
          'timing app.js',
          'show app.js',
          'findCart carts.js',
          'new Promise executor carts.js',
          'total carts.js',
        ],
        'GET /carts/0': [
          'timing app.js',
          'show app.js',
          'findCart carts.js',
          'new Promise executor carts.js',
          'failed app.js',
        ],
        'POST /carts': ['timing app.js', 'app.post("/carts") handler app.js'],
      });
    },
  });
}

for (const format of ['cjs', 'esm']) {
  matrix({
    app: 'fastify-autoload',
    title: `Fastify 5 with @fastify/autoload, ${format === 'cjs' ? 'CommonJS' : 'ES modules'}`,
    group,
    command: ['node', serve, '/carts/tea', '/carts/nothing', '--', 'node', `${format}/server.js`],
    expect(trace) {
      const route = `${format}/routes/carts/_id/index.js`;
      const called = [
        `show ${route}`,
        `price ${route}`,
        `app.decorate("priceOf") callback ${format}/plugins/prices.js`,
      ];
      expect(below(trace)).toMatchObject({ 'GET /carts/tea': called, 'GET /carts/nothing': called });
      expect([trace.call('prices').parent, trace.call('carts').parent]).toEqual([null, null]);
    },
  });
}

for (const command of [
  ['node', 'dist/main.js'],
  ['nest', 'start'],
]) {
  matrix({
    app: 'nest',
    title: command[0] === 'node' ? 'NestJS 11, built by tsc' : 'NestJS 11, `nest start`',
    group,
    build: command[0] === 'node' ? [['tsc', '-p', '.']] : [],
    command: ['node', serve, '/cats/tom', 'POST:/cats:{"name":"tom","lives":9}', '/cats/tom', '--', ...command],
    expect(trace) {
      expect(trace.call('bootstrap')).toMatchObject({ file: 'src/main.ts', line: 7 });
      expect(trace.call('CatsService.find')).toMatchObject({
        ...{ file: 'src/cats.service.ts', line: 17, args_preview: { name: 'tom' } },
      });
      const find = ['CatsController.find src/cats.controller.ts', 'CatsService.find src/cats.service.ts'];
      expect(below(trace)).toMatchObject({
        'GET /cats/tom': find,
        'POST /cats': ['CatsController.add src/cats.controller.ts', 'CatsService.add src/cats.service.ts'],
      });
    },
  });
}

// ------------------------------------------------------------------ built by their own tools

/** Ports, addresses and durations; of a page what the program says on it. */
function normalise(text: string): string {
  return text
    .replace(/<!DOCTYPE html>.*?<main>(.*?)<\/main>.*?<\/html>(.*?(?=\n(?:GET|ended)))?/gs, '<main>$1</main>')
    .replace(/^.*(https?:\/\/|Ready in|Compil|Running next\.config|^ (GET|POST) |^(GET|POST) .* ms$).*\n/gm, '')
    .replace(/\(next\.js: .*\)/g, '');
}

const pages = ['/', '/api/cart/tea', '/api/cart/nothing', '/api/hello?name=cup'];

function expectPages(trace: MatrixTrace): void {
  const requests = below(trace);
  expect(requests['GET /']).toEqual(expect.arrayContaining(['Page app/page.js', 'load app/page.js']));
  const cart = ['GET app/api/cart/[name]/route.js', 'priceOf lib/prices.js'];
  expect(requests).toMatchObject({ 'GET /api/cart/tea': cart, 'GET /api/cart/nothing': cart });
  expect(requests['GET /api/hello?name=cup']).toEqual(['hello pages/api/hello.js', 'priceOf lib/prices.js']);
  expect(trace.call('load')).toMatchObject({ line: 10, args_preview: { name: 'tea' } });
  const files = ['app/api/cart/[name]/route.js', 'app/layout.js', 'app/page.js', 'lib/prices.js', 'pages/api/hello.js'];
  expect([...new Set(trace.calls().map(({ file }) => file))].sort()).toEqual(files);
  expect(skipped(trace)).toEqual([]);
}

const next: Partial<MatrixRun> & Pick<MatrixRun, 'group'> = {
  group,
  because: 'not tried on the others, since a build takes a minute',
  env: { NEXT_TELEMETRY_DISABLED: '1' },
  normalise,
  expect: expectPages,
};
const start = ['node', serve, ...pages, '--', 'next', 'start', '-p', '{port}'];

matrix({
  ...next,
  ...{ app: 'next-16', title: 'Next.js 16, `next build` and `next start`', nodes: [24] },
  build: [['next', 'build']],
  command: start,
  expect: expectPages,
});

matrix({
  ...next,
  ...{ app: 'next-16', title: 'Next.js 16, `next dev`', nodes: [24] },
  command: ['node', serve, ...pages, '--', 'next', 'dev', '-p', '{port}'],
  expect: expectPages,
});

matrix({
  ...next,
  ...{ app: 'next-15', title: 'Next.js 15, `next build` and `next start`', nodes: [22] },
  build: [['next', 'build']],
  command: start,
  expect: expectPages,
});

matrix({
  ...next,
  ...{ app: 'next-15', title: 'Next.js 15, `next dev --turbopack`', nodes: [22] },
  command: ['node', serve, ...pages, '--', 'next', 'dev', '--turbopack', '-p', '{port}'],
  expect: expectPages,
});

matrix({
  app: 'react-router',
  title: 'React Router 7, `react-router build` and `react-router-serve`',
  group,
  build: [['react-router', 'build']],
  command: [
    ...['node', serve, '/', '/api/cart/tea', '/api/cart/nothing'],
    ...['--', 'react-router-serve', 'build/server/index.js'],
  ],
  normalise,
  expect(trace) {
    const cart = ['loader app/routes/cart.js', 'priceOf app/prices.server.js'];
    expect(below(trace)).toMatchObject({
      'GET /': [
        ...['loader app/routes/home.jsx', 'priceOf app/prices.server.js'],
        ...['App app/root.jsx', 'Home app/routes/home.jsx'],
      ],
      'GET /api/cart/tea': cart,
      'GET /api/cart/nothing': cart,
    });
  },
});

// ------------------------------------------------------------------ serverless

matrix({
  app: 'lambda',
  title: 'Serverless handlers, loaded by a runner',
  group,
  command: ['node', 'runner.cjs'],
  expect({ calls, call }) {
    expect(calls('handler.mjs').map(({ func, args_preview }) => [func, args_preview])).toEqual([
      ['handler', { event: { name: 'Ada' }, context: { awsRequestId: 'request-1' } }],
      ['handler', { event: {}, context: { awsRequestId: 'request-1' } }],
    ]);
    expect(call('greet').parent).toBe(calls('handler.mjs')[0].id);
    expect(calls('index.js').map(({ func }) => func)).toEqual(['handler', 'setImmediate callback']);
  },
});
