import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici7';

/** A page in Firefox. */
export interface Firefox {
  /** What the console said of errors. */
  readonly errors: string[];
  open(url: string): Promise<void>;
  /** Keys as WebDriver has them: a character each. */
  press(...keys: string[]): Promise<void>;
  /** A string, number or boolean. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until it is true. */
  until(expression: string): Promise<void>;
  stop(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly level?: string; readonly text?: string };
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/** Firefox, spoken to over WebDriver BiDi: a dozen commands need no library. */
export async function startFirefox(path: string): Promise<Firefox> {
  const profile = mkdtempSync(join(tmpdir(), 'handit-firefox-'));
  const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const address = await new Promise<string>((done, failed) => {
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec((said += data.toString()));
      if (found) done(found[1]);
    });
    child.once('error', failed);
    child.once('exit', () => failed(new Error(`Firefox ended: ${said.slice(-500)}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((done, failed) => {
    socket.onopen = done;
    socket.onerror = failed;
  });
  const errors: string[] = [];
  const waiting = new Map<number, { done: (value: never) => void; failed: (error: Error) => void }>();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.method === 'log.entryAdded' && message.params?.level === 'error')
      errors.push(message.params.text ?? '');
    const one = waiting.get(message.id ?? -1);
    if (message.error !== undefined) one?.failed(new Error(`${message.error}: ${message.message}`));
    else one?.done(message.result as never);
  };
  let last = 0;
  const send = <Result>(method: string, params: object): Promise<Result> =>
    new Promise<Result>((done, failed) => {
      waiting.set(++last, { done, failed });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await send('session.new', { capabilities: {} });
  await send('session.subscribe', { events: ['log.entryAdded'] });
  const { contexts } = await send<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
  const [{ context }] = contexts;
  return {
    errors,
    ...pageOf(send, context),
    async stop() {
      await send('browser.close', {}).catch(() => undefined);
      await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(undefined)));
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

type Send = <Result>(method: string, params: object) => Promise<Result>;

function pageOf(send: Send, context: string): Omit<Firefox, 'errors' | 'stop'> {
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await send<{
      result?: { value?: unknown };
      exceptionDetails?: { text: string };
    }>('script.evaluate', { expression, target: { context }, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result?.value;
  };
  return {
    evaluate,
    open: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    press: (...keys) =>
      send('input.performActions', {
        context,
        actions: [
          {
            ...{ type: 'key', id: 'keys' },
            actions: keys.flatMap((value) => [
              { type: 'keyDown', value },
              { type: 'keyUp', value },
            ]),
          },
        ],
      }),
    // Asked at each frame of the page.
    until: async (expression) => {
      const asked = `new Promise((done) => { const ask = () => (${expression}) ? done(true) : requestAnimationFrame(ask); ask(); })`;
      await evaluate(asked);
    },
  };
}
