import { isAbort } from './abort.js';
import { Exchange } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import type { Patches } from './patch.js';
import type { Dispatcher, Mock, UndiciDispatchers } from './undici-dispatchers.js';
import { dispatcherUrl, headersOf, isObject, sentByFetch, urlOf, type WireClient } from './undici-forms.js';
import { each, hasOwn, isView, Number, objectKeys, SafeWeakSet, String, type SafeSet } from '../../src/intrinsics.js';

type Handler = Record<string, unknown>;
type Step = (args: unknown[]) => void;

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

/** `MockAgent` answers without ever making a request: what its handler receives is all there is. */
export class UndiciMocks {
  private readonly observed = new SafeWeakSet<object>();
  private readonly guard;

  constructor(
    private readonly host: HookHost,
    private readonly clients: SafeSet<WireClient>,
    private readonly patches: Patches,
    private readonly dispatchers: () => UndiciDispatchers,
  ) {
    this.guard = createGuard(host.broken);
  }

  /** Watches a class of agents that mock, and the pools that such an agent gives out. */
  adoptAgent(prototype: object): void {
    this.patch(prototype, (self) => self);
    const { observed } = this;
    const adoptPool = this.guard((pool: object, agent: unknown) => this.patch(pool, () => agent));
    this.patches.method(prototype as { get: () => unknown }, 'get', (next) => {
      return function (this: unknown, ...args: unknown[]) {
        const pool = apply(next(), this, args);
        if (isObject(pool) && !observed.has(pool)) {
          observed.add(pool);
          adoptPool(pool, this);
        }
        return pool;
      };
    });
  }

  private patch(object: object, agentOf: (self: unknown) => unknown): void {
    if (!hasOwn(object, 'dispatch')) return;
    const enter = (self: unknown, args: unknown[]): Mock | undefined => {
      try {
        const active = (agentOf(self) as { isMockActive?: unknown } | undefined)?.isMockActive === true;
        return active ? this.begin(self, args) : undefined;
      } catch (error) {
        this.host.broken(error);
        return undefined;
      }
    };
    const failed = this.guard((mock: Mock, error: unknown) => {
      if (!mock.dropped) mock.exchange.fail(error, isAbort(error), false);
    });
    const dispatchers = this.dispatchers();
    this.patches.method(object as Dispatcher, 'dispatch', (next) => {
      return function (this: unknown, ...args: unknown[]) {
        const outer = dispatchers.now;
        const mock = enter(this, args);
        try {
          return apply(next(), this, args);
        } catch (error) {
          if (mock) failed(mock, error);
          throw error;
        } finally {
          dispatchers.now = outer;
        }
      };
    });
  }

  private begin(self: unknown, args: unknown[]): Mock | undefined {
    const [options, handler] = each(args as [Record<string, unknown>, Handler]);
    if (!isObject(options) || !isObject(handler)) return undefined;
    const client: WireClient = sentByFetch(options.headers) ? 'fetch' : 'undici';
    if (!this.clients.has(client)) return undefined;
    const dispatchers = this.dispatchers();
    const now = dispatchers.of(handler, options);
    // From the agent to its pool.
    if (now.mock) {
      dispatchers.now = now;
      return undefined;
    }
    const exchange = new Exchange(this.host, { side: 'client', client, current: now.current });
    const mock: Mock = { exchange, dropped: false };
    const url = urlOf(options.origin ?? dispatcherUrl(self), String(options.path));
    const { body } = options;
    if (body === null || body === undefined) exchange.requestBody.complete = true;
    else if (typeof body === 'string' || isView(body)) {
      exchange.requestBody.add(body);
      exchange.requestBody.complete = true;
    }
    const report = (): void =>
      exchange.request(typeof options.method === 'string' ? options.method : 'GET', url, headersOf(options.headers));
    const delegate = this.delegate(handler, mock, report);
    dispatchers.now = { ...now, mock };
    dispatchers.note(delegate, dispatchers.now);
    args[1] = delegate;
    return mock;
  }

  /** Passes everything on, in both forms that handlers have had. */
  private delegate(handler: Handler, mock: Mock, report: () => void): Handler {
    const delegate: Handler = {};
    const steps = stepsOf(mock.exchange);
    for (const name of each(objectKeys(steps))) {
      const step = steps[name];
      if (typeof handler[name] !== 'function') continue;
      const see = this.guard((args: unknown[]) => {
        if (mock.dropped || step === null) return;
        if (name !== 'onBodySent') report();
        step(args);
      });
      delegate[name] = (...args: unknown[]) => {
        see(args);
        return apply(handler[name], handler, args);
      };
    }
    return delegate;
  }
}

/** What the calls of a handler mean for its exchange. */
function stepsOf(exchange: Exchange): Record<string, Step | null> {
  const responded = (status: unknown, headers: unknown): void => exchange.response(Number(status), headersOf(headers));
  const failed = (error: unknown): void => exchange.fail(error, isAbort(error), false);
  const done = (trailers: unknown): void => {
    const list = headersOf(trailers);
    if (list.length > 0) exchange.trailing(list);
    exchange.end();
  };
  return {
    ...{ onConnect: null, onRequestStart: null, onRequestSent: null, onResponseStarted: null },
    ...{ onUpgrade: null, onRequestUpgrade: null },
    onBodySent: (args) => void (exchange.requestBody.complete || exchange.requestBody.add(args[0])),
    onHeaders: (args) => responded(args[0], args[1]),
    onResponseStart: (args) => responded(args[1], args[2]),
    onData: (args) => exchange.responseBody.add(args[0]),
    onResponseData: (args) => exchange.responseBody.add(args[1]),
    onComplete: (args) => done(args[0]),
    onResponseEnd: (args) => done(args[1]),
    onError: (args) => failed(args[0]),
    onResponseError: (args) => failed(args[1]),
  };
}
