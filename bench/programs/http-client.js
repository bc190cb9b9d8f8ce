// node http-client.js CLIENT PORT BYTES AT_ONCE SECONDS: how many answers a second the client got, and the processor time
// for each in microseconds.
'use strict';
const { Agent, request } = require('node:http');
const finish = require('./finish.js');

const [client, port, bytes, atOnce, seconds] = process.argv.slice(2).map((text) => (isNaN(text) ? text : Number(text)));
const url = `http://127.0.0.1:${port}/${bytes}`;

const clients = {
  http() {
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
    return () =>
      new Promise((done, failed) => {
        request(url, { agent }, (response) => {
          let size = 0;
          response.on('data', (chunk) => (size += chunk.length));
          response.on('end', () => done(size));
        })
          .on('error', failed)
          .end();
      });
  },
  fetch: () => async () => (await (await fetch(url)).text()).length,
  undici() {
    const { request: undiciRequest } = require('undici');
    return async () => (await (await undiciRequest(url)).body.text()).length;
  },
  axios() {
    const axios = require('axios');
    const httpAgent = new Agent({ keepAlive: true, maxSockets: atOnce });
    return async () =>
      (await axios.get(url, { httpAgent, responseType: 'text', transformResponse: (text) => text })).data.length;
  },
  async got() {
    const { default: got } = await import('got');
    const agent = { http: new Agent({ keepAlive: true, maxSockets: atOnce }) };
    return async () => (await got(url, { agent })).body.length;
  },
};

(async () => {
  const once = await clients[client]();
  const run = async (until) => {
    let answers = 0;
    const one = async () => {
      while (performance.now() < until) {
        if ((await once()) < bytes) throw new Error('a short answer');
        answers++;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    return answers;
  };
  const warmed = await run(performance.now() + seconds * 300);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const answers = await run(start + seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const rate = answers / ((performance.now() - start) / 1000);
  finish({ rate: Math.round(rate), cpu: (user + system) / answers, calls: warmed + answers });
})();
