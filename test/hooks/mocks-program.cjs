// The program of mocks.test.ts: one function a case, each prints what came of it.
const { once } = require('node:events');
const http = require('node:http');

const [kind, settings] = [process.argv[2], JSON.parse(process.argv[3])];
const url = (path) => `http://127.0.0.1:${settings.port}${path}`;

async function answerOf(request, body) {
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return `${response.statusCode} ${text}`;
}

const cases = {
  async plain() {
    return await answerOf(http.get('http://mock.example/things?q=1'));
  },
  async posted() {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
    return await answerOf(http.request('http://mock.example/posted', { method: 'POST', headers }), '{"a":1}');
  },
  async failing() {
    return await answerOf(http.get('http://mock.example/failing'));
  },
  async through() {
    return await answerOf(http.get(url('/ok')));
  },
  async throughAxios() {
    return JSON.stringify((await require('axios').get(url('/ok'))).data);
  },
  async withAxios() {
    return JSON.stringify((await require('axios').post('http://mock.example/posted', { a: 2 })).data);
  },
  async withGot() {
    return (await require('got11')('http://mock.example/things')).body;
  },
  ...(kind !== 'nock13' && {
    fetched: async () => {
      const response = await fetch('http://mock.example/things', { headers: { a: 'b' } });
      return `${response.status} ${await response.text()}`;
    },
    fetchPosted: async () => {
      const response = await fetch('http://mock.example/posted', { method: 'POST', body: '{"a":1}' });
      return `${response.status} ${await response.text()}`;
    },
    fetchFails: async () => String(await fetch('http://mock.example/failing')),
    fetchThrough: async () => {
      const response = await fetch(url('/ok'));
      return `${response.status} ${await response.text()}`;
    },
  }),
};

(async function main() {
  if (kind === 'msw') {
    const { setupServer } = require('msw/node');
    const { http: on, HttpResponse } = require('msw');
    setupServer(
      on.get('http://mock.example/things', () => HttpResponse.json({ things: [1] })),
      on.post('http://mock.example/posted', async ({ request }) =>
        HttpResponse.json(await request.json(), { status: 201 }),
      ),
      on.get('http://mock.example/failing', () => HttpResponse.error()),
    ).listen({ onUnhandledRequest: 'bypass' });
  } else {
    const nock = require(kind);
    nock('http://mock.example')
      .persist()
      .get(/things/)
      .reply(200, { things: [1] })
      .post('/posted')
      .reply(201, (uri, body) => body)
      .get('/failing')
      .replyWithError('the mock fails');
    // Another path of the same server goes out for real.
    nock(url(''), { allowUnmocked: true }).get('/never').reply(200);
  }
  for (const [name, step] of Object.entries(cases)) {
    try {
      console.log(`${name}: ${await step()}`);
    } catch (error) {
      console.log(`${name} fails: ${error.name} ${error.message}`);
    }
  }
})();
