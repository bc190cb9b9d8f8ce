// The program of got.test.ts: one function a case, each prints what came of it.
const { Readable } = require('node:stream');

module.exports = async function run(got, { port, tlsPort, refusedPort, only, major }) {
  const url = (path) => `http://127.0.0.1:${port}${path}`;
  const shown = (value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text.length > 100 ? `${text.length} characters` : text;
  };
  const timeout = (ms) => (major === 11 ? ms : { request: ms });
  const once = { limit: 1, calculateDelay: ({ computedValue }) => (computedValue ? 1 : 0) };
  const plain = got.extend({ retry: major === 11 ? 0 : { limit: 0 } });
  const text = async (stream) => {
    let all = '';
    for await (const chunk of stream) all += chunk;
    return all;
  };

  const cases = {
    async get() {
      return (await got(url('/ok'), { searchParams: { a: 1, token: 'x' } })).body;
    },
    async json() {
      return got(url('/ok')).json();
    },
    async post() {
      return got.post(url('/echo'), { json: { name: 'Ann', password: 'p' } }).json();
    },
    async upload() {
      const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
      return plain.put(url('/echo'), { body, headers: { 'content-type': 'text/plain' } }).text();
    },
    async uploadByPipe() {
      const stream = got.stream.post(url('/echo'), { headers: { 'content-type': 'text/plain' } });
      const answer = text(stream);
      stream.end('three');
      return answer;
    },
    async gzip() {
      return (await got(url('/gzip'))).body;
    },
    async stream() {
      return text(got.stream(url('/stream')));
    },
    async redirect() {
      return got(url('/redirect?a=1')).text();
    },
    async notFound() {
      return (await got(url('/status/404'))).body;
    },
    async serverError() {
      return (await plain(url('/status/500'), { throwHttpErrors: false })).body;
    },
    async retried() {
      return got(url('/flaky/1'), { retry: once }).text();
    },
    async refused() {
      return (await plain(`http://127.0.0.1:${refusedPort}/`)).body;
    },
    async refusedTwice() {
      // Since Node 24 a retry of this kind ends the program with got before 16.
      if (major < 16 && Number(process.versions.node.split('.')[0]) >= 24) return null;
      return (await got(`http://127.0.0.1:${refusedPort}/`, { retry: once })).body;
    },
    async noSuchHost() {
      const { Agent } = require('node:http');
      const lookup = (name, options, done) =>
        process.nextTick(done, Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
      return (await plain('http://nowhere.example/', { agent: { http: new Agent({ lookup }) } })).body;
    },
    async badCertificate() {
      return (await plain(`https://127.0.0.1:${tlsPort}/`)).body;
    },
    async timeout() {
      return (await plain(url('/slow'), { timeout: timeout(60) })).body;
    },
    async abortedBefore() {
      if (major === 11) {
        const promise = plain(url('/ok'));
        promise.cancel();
        return promise;
      }
      const controller = new AbortController();
      controller.abort();
      return (await plain(url('/ok'), { signal: controller.signal })).body;
    },
    async abortedInTheMiddle() {
      const stream = plain.stream(url('/partial'));
      stream.once('data', () => stream.destroy(new Error('enough')));
      return await text(stream);
    },
    async dies() {
      return (await plain(url('/dies'))).body;
    },
    async pages() {
      const { all } = plain.paginate;
      return await all(url('/page/1'), { responseType: 'json' });
    },
    async extended() {
      const handlers = [
        function handle(options, next) {
          return next(options);
        },
      ];
      const api = plain.extend({ prefixUrl: url('/json'), headers: { 'x-api-key': 'hidden' }, handlers });
      return api('things').json();
    },
    async handledLate() {
      const handlers = [
        async function handleLate(options, next) {
          await null;
          return next(options);
        },
      ];
      return (await plain.extend({ handlers })(url('/ok'))).body;
    },
    async hooked() {
      const beforeRequest = [
        async function authorize(options) {
          options.headers.authorization = `Bearer ${await got(url('/json/token')).text()}`;
        },
      ];
      return (await plain(url('/ok'), { hooks: { beforeRequest } })).body;
    },
    async hookThrows() {
      const beforeRequest = [
        () => {
          throw new Error('a hook says no');
        },
      ];
      return (await plain(url('/never'), { hooks: { beforeRequest } })).body;
    },
    async again() {
      const afterResponse = [
        (response, retry) => (response.statusCode === 503 ? retry({ headers: { again: 'yes' } }) : response),
      ];
      return (await plain(url('/flaky/2'), { hooks: { afterResponse }, throwHttpErrors: false })).body;
    },
    async cached() {
      // 11 never comes back from its cache, on today's versions of Node.
      if (major === 11) return null;
      const cache = new Map();
      await plain(url('/json/cached'), { cache });
      return (await plain(url('/json/cached'), { cache })).body;
    },
    async badAddress() {
      return (await got('nonsense://x/')).body;
    },
    async noAddress() {
      return (await got('/relative?a=1')).body;
    },
    async ticks() {
      const counts = [];
      for (const begin of [() => got('nonsense://x/'), () => got('/relative')]) {
        const promise = begin();
        let settled = false;
        promise.then(
          () => (settled = true),
          () => (settled = true),
        );
        let ticks = 0;
        for (; !settled && ticks < 50; ticks++) await null;
        await promise.catch(() => undefined);
        counts.push(
          `${ticks} ${promise.constructor.name} ${typeof promise.cancel} ${typeof promise.json} ${promise instanceof Promise}`,
        );
      }
      return counts;
    },
  };
  for (const [name, step] of Object.entries(cases)) {
    if (only && only !== name) continue;
    try {
      console.log(`${name}: ${shown((await step()) ?? null)}`);
    } catch (error) {
      const { constructor, code, response, message } = error;
      console.log(
        `${name} fails: ${constructor.name} ${code} ${response?.statusCode} ${message.replaceAll(/\d{4,5}/g, 'PORT')}`,
      );
      const frames = String(error.stack)
        .split('\n')
        .filter((line) => line.includes('got-program.cjs'));
      console.log(frames.map((line) => /:(\d+):\d+\)?$/.exec(line)[1]).join(' | '));
    }
  }
  const one = async (n) => (await got(url(`/json/${n}`)).json()).path;
  const paths = await Promise.all(Array.from({ length: 100 }, (_, n) => one(n)));
  console.log(`many: ${new Set(paths).size}`);
};
