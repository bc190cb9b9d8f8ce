// The program of axios.test.ts: one function a case, each prints what came of it.
const { Readable } = require('node:stream');

module.exports = async function run(axios, { port, tlsPort, refusedPort, only }) {
  const url = (path) => `http://127.0.0.1:${port}${path}`;
  const shown = (value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text.length > 100 ? `${text.length} characters` : text;
  };
  const is1 = !axios.VERSION.startsWith('0.');
  const api = axios.create({ baseURL: url('/json/'), headers: { 'X-Api-Key': 'hidden' } });
  const failing = axios.create();
  failing.interceptors.request.use(function intercept() {
    throw new Error('an interceptor says no');
  });
  const refreshing = axios.create();
  refreshing.interceptors.request.use(async function authorize(config) {
    const { data } = await axios.get(url('/json/token'));
    config.headers.authorization = `Bearer ${data.path}`;
    return config;
  });
  const repeating = axios.create();
  repeating.interceptors.response.use(undefined, function repeat(error) {
    return error.response?.status === 503 ? axios(error.config) : Promise.reject(error);
  });

  const cases = {
    async get() {
      return (await axios.get(url('/ok'), { params: { a: 1, token: 'x' } })).data;
    },
    async callable() {
      return (await axios(url('/ok'))).data;
    },
    async post() {
      return (await axios.post(url('/echo'), { name: 'Ann', password: 'p' })).data;
    },
    async upload() {
      const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
      return (await axios.put(url('/echo'), body, { headers: { 'content-type': 'text/plain' } })).data;
    },
    async gzip() {
      return (await axios.get(url('/gzip'))).data;
    },
    async stream() {
      const { data } = await axios.get(url('/stream'), { responseType: 'stream' });
      let text = '';
      for await (const chunk of data) text += chunk;
      return text;
    },
    async redirect() {
      return (await axios.get(url('/redirect?a=1'))).data;
    },
    async tooManyRedirects() {
      return (await axios.get(url('/redirect'), { maxRedirects: 0 })).data;
    },
    async notFound() {
      return (await axios.get(url('/status/404'))).data;
    },
    async serverError() {
      return (await axios.get(url('/status/500'), { validateStatus: null })).data;
    },
    async refused() {
      return (await axios.get(`http://127.0.0.1:${refusedPort}/`)).data;
    },
    async noSuchHost() {
      const { Agent } = require('node:http');
      const lookup = (name, options, done) =>
        process.nextTick(done, Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
      return (await axios.get('http://nowhere.example/', { httpAgent: new Agent({ lookup }) })).data;
    },
    async badCertificate() {
      return (await axios.get(`https://127.0.0.1:${tlsPort}/`)).data;
    },
    async timeout() {
      return (await axios.get(url('/slow'), { timeout: 60 })).data;
    },
    async abortedBefore() {
      const controller = new AbortController();
      controller.abort();
      return (await axios.get(url('/ok'), { signal: controller.signal })).data;
    },
    async cancelTokenBefore() {
      const source = axios.CancelToken.source();
      source.cancel('no more');
      return (await axios.get(url('/ok'), { cancelToken: source.token })).data;
    },
    async abortedInTheMiddle() {
      const controller = new AbortController();
      const { data } = await axios.get(url('/partial'), { responseType: 'stream', signal: controller.signal });
      // 0.27 forgets its signal when the response is there.
      data.once('data', () => (is1 ? controller.abort() : data.destroy(new Error('enough'))));
      for await (const chunk of data) void chunk;
    },
    async dies() {
      return (await axios.get(url('/dies'))).data;
    },
    async repeated() {
      return (await repeating.get(url('/flaky/1'))).data;
    },
    async instance() {
      return (await api.get('things', { params: { q: 'a b', list: [1, 2] } })).data;
    },
    async transformed() {
      const { data } = await axios.get(url('/ok'), { transformResponse: (text) => text.toUpperCase() });
      return data;
    },
    async intercepted() {
      return (await failing.get(url('/never'))).data;
    },
    async authorized() {
      return (await refreshing.get(url('/ok'))).data;
    },
    async mocked() {
      const adapter = async (config) => ({
        data: '{"mock":true}',
        status: 201,
        statusText: '',
        headers: { a: 'b' },
        config,
      });
      return (await api.post('mock', { token: 't' }, { adapter, params: { q: 1 } })).data;
    },
    async mockFails() {
      const adapter = () => Promise.reject(new Error('the mock fails'));
      return (await axios.get('/relative', { adapter })).data;
    },
    async wrappedAdapter() {
      const inner = is1 ? axios.getAdapter('http') : axios.defaults.adapter;
      return (await axios.get(url('/ok'), { adapter: async (config) => inner(config) })).data;
    },
    async badAddress() {
      return (await axios.get('nonsense://x/', { maxRedirects: 0 })).data;
    },
    async recovered() {
      const instance = axios.create();
      instance.interceptors.response.use(undefined, () => ({ data: 'recovered' }));
      return (await instance.get(url('/status/500'))).data;
    },
    async fetched() {
      return is1 && (await axios.get(url('/ok?fetched'), { adapter: 'fetch' })).data;
    },
    async fetchRefused() {
      return is1 && (await axios.get(`http://127.0.0.1:${refusedPort}/`, { adapter: 'fetch' })).data;
    },
    async ticks() {
      const answer = (config) => Promise.resolve({ data: '', status: 200, headers: {}, config });
      const counts = [];
      for (const promise of [
        () => axios.get('/', { adapter: answer }),
        () => axios.get('/', { adapter: () => Promise.reject(new Error('no')) }),
        () => failing.get('/', { adapter: answer }),
        () => repeating.get('/', { adapter: answer }),
        () =>
          axios.get('/', {
            cancelToken: {
              throwIfRequested: () => {
                throw new Error('no');
              },
            },
          }),
      ].map((begin) => begin())) {
        let settled = false;
        promise.then(
          () => (settled = true),
          () => (settled = true),
        );
        let ticks = 0;
        for (; !settled; ticks++) await null;
        counts.push(`${ticks} ${Object.getPrototypeOf(promise) === Promise.prototype}`);
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
        `${name} fails: ${constructor.name} ${code} ${response?.status} ${port ? message.replaceAll(/\d{4,5}/g, 'PORT') : ''}`,
      );
      const frames = String(error.stack)
        .split('\n')
        .filter((line) => line.includes('axios-program.cjs'));
      console.log(frames.map((line) => /:(\d+):\d+\)?$/.exec(line)[1]).join(' | '));
    }
  }
  await many(axios, url);
};

async function many(axios, url) {
  const one = async (n) => (await axios.get(url(`/json/${n}`))).data.path;
  const paths = await Promise.all(Array.from({ length: 100 }, (_, n) => one(n)));
  console.log(`many: ${new Set(paths).size}`);
}
