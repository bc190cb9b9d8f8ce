import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('NO CURL: what "Copy as curl" copies is not run\n');

interface Came {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a shell, curl or a URL might take for something else. */
const REQUESTS = [
  { method: 'GET', path: '/plain' },
  {
    method: 'GET',
    path: '/a/../b/[1-3]/{x,y}?q=$(touch%20x)&r[]=%27',
    headers: { 'x-note': `it's "$HOME" \`id\` \\n` },
  },
  {
    method: 'POST',
    path: '/quotes',
    type: 'text/plain',
    body: `it's "so" $(touch owned) \`touch owned\` \\ %41 !x\n\n\ttab\r\nend\n`,
  },
  { method: 'POST', path: '/at', type: 'text/plain', body: '@package.json' },
  { method: 'POST', path: '/form', type: 'application/x-www-form-urlencoded', body: 'a=1&b=%26%3D&c=' },
  {
    method: 'PUT',
    path: '/json',
    type: 'application/json',
    body: '{"text":"\'; rm -rf \\"x\\" \\u2028 é 日本 😀","n":[1,null,{}]}',
  },
  { method: 'PATCH', path: '/none', headers: { 'x-empty': '', 'user-agent': '', accept: 'text/x-a, text/x-b;q=0.5' } },
  { method: 'DELETE', path: '/delete', headers: { 'x-list': 'a, b' } },
  { method: 'HEAD', path: '/head' },
];

const PROGRAM = `
import { request } from 'node:http';
const [base, list] = [process.argv[2], JSON.parse(process.argv[3])];
for (const { method, path, headers, type, body } of list) {
  await new Promise((done, failed) => {
    const { hostname, port } = new URL(base);
    const all = { ...headers, ...(type && { 'content-type': type }) };
    const sent = request({ hostname, port, path, method, headers: all }, (response) => response.resume().on('end', done));
    sent.on('error', failed).end(body);
  });
}
`;

/** Of the connection, or of how long it was. */
const NOT_COMPARED = ['connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'keep-alive'];

(hasCurl ? describeInBrowser : describe.skip)('"Copy as curl"', () => {
  const came: Came[] = [];
  let server: Server;
  let folder: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const headers = { ...request.headers };
        for (const name of NOT_COMPARED) delete headers[name];
        came.push({ method: request.method!, url: request.url!, headers, body: Buffer.concat(parts).toString() });
        response.end('ok');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    folder = tempProject({ 'package.json': '{"type":"module"}', 'program.mjs': PROGRAM });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const register = join(repository, 'register.mjs');
    const args = ['--import', register, 'program.mjs', base, JSON.stringify(REQUESTS)];
    const { code, stderr } = await runNode(process.execPath, args, { cwd: folder });
    if (code !== 0) throw new Error(stderr);
    await handit(folder, 'report', 'handit_events.jsonl', '--all');
  });
  afterAll(async () => {
    await closeBrowser();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const copied = async (page: Page): Promise<string> => {
    await page.locator('.details [data-key=c]').waitFor();
    await page.keyboard.press('c');
    return page.evaluate<string>('globalThis.copied');
  };

  test('copies a command that sends the same request: method, URL, headers, body', async () => {
    const { page, trouble } = await openFile(join(folder, 'handit_report.html'));
    await page.evaluate(`Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: async (text) => void (globalThis.copied = text) },
    })`);
    await page.keyboard.press('6');
    const recorded = came.splice(0);
    expect(recorded).toHaveLength(REQUESTS.length);
    for (const one of recorded) {
      await page.keyboard.press('ArrowDown');
      await page.locator('.details h2', { hasText: one.url.slice(0, 8) }).waitFor();
      const command = await copied(page);
      const { code, stderr } = await runNode('sh', ['-c', command], { cwd: folder });
      if (code !== 0) throw new Error(`${command}\n${stderr}`);
      const sent = came.splice(0);
      const isJson = one.headers['content-type'] === 'application/json';
      const parsed = ({ body, ...rest }: Came): unknown => ({
        ...rest,
        body: isJson ? (JSON.parse(body) as unknown) : body,
      });
      expect(sent.map(parsed)).toEqual([parsed(one)]);
    }
    expect(existsSync(join(folder, 'owned')) || existsSync(join(folder, 'x'))).toBe(false);
    expect(trouble).toEqual([]);
  });
});
