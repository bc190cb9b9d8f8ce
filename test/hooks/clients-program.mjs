// The program of clients.test.ts: one function a client, each prints what came of it.
const { port } = JSON.parse(process.argv[2]);
const url = (path) => `http://127.0.0.1:${port}${path}`;

const cases = {
  async nodeFetch2() {
    const { default: fetch } = await import('node-fetch2');
    return (await fetch(url('/echo'), { method: 'POST', body: '{"a":1}', headers: { a: 'b' } })).text();
  },
  async nodeFetch3() {
    const { default: fetch } = await import('node-fetch');
    return (await fetch(url('/redirect'))).text();
  },
  async superagent() {
    const { default: superagent } = await import('superagent');
    return (await superagent.post(url('/echo')).send({ a: 1 })).text;
  },
  async needle() {
    const { default: needle } = await import('needle');
    return JSON.stringify((await needle('get', url('/json/1'))).body);
  },
  async sts() {
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    const client = new STSClient({ region: 'eu-west-1', endpoint: url('/'), credentials });
    return (await client.send(new GetCallerIdentityCommand({}))).Arn;
  },
  async ky() {
    const { default: ky } = await import('ky');
    return ky.post(url('/echo'), { json: { a: 1 } }).text();
  },
  async openai() {
    const { default: OpenAI } = await import('openai');
    const client = new OpenAI({ apiKey: 'sk-1', baseURL: url('/v1') });
    const messages = [{ role: 'user', content: 'Hi' }];
    const stream = await client.chat.completions.create({ model: 'x', messages, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0].delta.content;
    return text;
  },
  async anthropic() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const client = new Anthropic({ apiKey: 'sk-1', baseURL: url('') });
    const messages = [{ role: 'user', content: 'Hi' }];
    const stream = await client.messages.create({ model: 'x', max_tokens: 5, messages, stream: true });
    let text = '';
    for await (const event of stream) text += event.delta?.text ?? '';
    return text;
  },
};

for (const [name, step] of Object.entries(cases)) {
  try {
    console.log(`${name}: ${await step()}`);
  } catch (error) {
    console.log(`${name} fails: ${error.stack}`);
  }
}
