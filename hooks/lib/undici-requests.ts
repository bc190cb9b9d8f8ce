import type { Scope } from '../../src/recorder/scope.js';
import type { Exchange } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import { claimHttp2Stream } from './http2-claims.js';
import type { Patches } from './patch.js';
import { headersOf, type WireRequest } from './undici-forms.js';
import { each, getPrototypeOf, SafeWeakSet } from '../../src/intrinsics.js';

type Step = (request: WireRequest, args: unknown[]) => void;

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;
const nothing = (): void => undefined;

/** The methods of undici's own request class, through which bodies pass: the oldest versions have no channel for these. */
export class UndiciRequests {
  /** Requests that the program itself has ended. */
  private readonly stopped = new SafeWeakSet<object>();

  /**
   * @param adopted prototypes that are watched already
   * @param of the exchange of a request
   */
  constructor(
    private readonly host: HookHost,
    private readonly patches: Patches,
    private readonly adopted: SafeWeakSet<object>,
    private readonly of: (request: object) => Exchange | undefined,
  ) {}

  isStopped(request: object): boolean {
    return this.stopped.has(request);
  }

  /** Watches the class of a request. */
  adopt(request: object): void {
    const prototype = getPrototypeOf(request) as object;
    if (this.adopted.has(prototype)) return;
    this.adopted.add(prototype);
    const inScope = (names: string[], step: Step): void => {
      for (const name of each(names)) this.patchInScope(prototype, name, step);
    };
    inScope(['onConnect', 'onRequestStart'], (one, args) => this.connected(one, args));
    inScope(['onHeaders', 'onResponseStart', 'onComplete', 'onResponseEnd', 'onError', 'onResponseError'], nothing);
    inScope(['onData', 'onResponseData'], (one, args) => this.received(one, args[0]));
    inScope(['onUpgrade', 'onRequestUpgrade'], (one, args) => this.upgraded(one, args[0], args[1]));
    this.patchSent(prototype);
  }

  private patchInScope(prototype: object, name: string, before: Step): void {
    const step = createGuard(this.host.broken)(before);
    const { recorder } = this.host;
    const scopeOf = (request: object): Exchange | undefined => this.of(request);
    this.patches.method(prototype as Record<string, () => unknown>, name, (next) => {
      return function (this: WireRequest, ...args: unknown[]) {
        const exchange = scopeOf(this);
        if (exchange === undefined) return apply(next(), this, args);
        step(this, args);
        // What comes from a socket comes in the context of the request that opened it.
        const outer: Scope | null = recorder.enterScope(exchange.scope);
        try {
          return apply(next(), this, args);
        } finally {
          recorder.enterScope(outer);
        }
      };
    });
  }

  private patchSent(prototype: object): void {
    const step = createGuard(this.host.broken)((request: WireRequest, chunk: unknown) => this.sent(request, chunk));
    this.patches.method(prototype as Record<string, () => unknown>, 'onBodySent', (next) => {
      return function (this: WireRequest, ...args: unknown[]) {
        step(this, args[0]);
        return apply(next(), this, args);
      };
    });
  }

  /** It is about to be written. Ends by the program pass through the function that its handler is given here. */
  private connected(request: WireRequest, args: unknown[]): void {
    // With HTTP/2 what comes next is the stream.
    claimHttp2Stream(this.host);
    const [abort] = each(args);
    if (typeof abort !== 'function') return;
    args[0] = (...reasons: unknown[]): unknown => {
      // The program's own stream that fails is no choice.
      const { errored } = (request.body ?? {}) as { errored?: unknown };
      if (!errored || errored !== reasons[0]) this.stopped.add(request);
      return apply(abort, undefined, reasons);
    };
  }

  private sent(request: WireRequest, chunk: unknown): void {
    const exchange = this.of(request);
    if (!exchange || exchange.ended || exchange.requestBody.complete) return;
    exchange.requestBody.add(chunk);
    // The answer to a body of known length may come before undici says that it has sent it all.
    const { size } = (request.body ?? {}) as { size?: unknown };
    if (exchange.requestBody.size === (request.contentLength ?? size)) exchange.requestBody.complete = true;
  }

  private received(request: WireRequest, chunk: unknown): void {
    const exchange = this.of(request);
    if (exchange && !exchange.ended) exchange.responseBody.add(chunk);
  }

  private upgraded(request: WireRequest, status: unknown, headers: unknown): void {
    const exchange = this.of(request);
    // With HTTP/2 the response comes later, with calls of its own.
    if (!exchange || typeof status !== 'number') return;
    exchange.response(status, headersOf(headers));
    exchange.end();
  }
}
