import * as util from 'node:util';
import type { Current } from '../../src/recorder/recorder.js';
import type { LibraryCall, Scope } from '../../src/recorder/scope.js';
import { entries, Exchange, headerPairs, type Client, type HeaderList } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import type { NextMethod } from './patch.js';
import { sendingPackage } from './sender.js';
import {
  defineProperty,
  each,
  Error,
  isPromise,
  Number,
  promiseThen,
  regExpExec,
  setImmediate,
  setTimeout,
  stringIndexOf,
  stringReplace,
  stringSlice,
  stringSplit,
  stringTrim,
  stringTrimEnd,
} from '../../src/intrinsics.js';

const { inspect } = util;

/** What the program asked for, as far as it can be told without running code of its own. */
export interface Asked {
  method: string;
  url: string;
  headers: HeaderList;
  signal: unknown;
}

/** Calls of functions that make exchanges: these are grouped, and a call that makes none is recorded as one by itself. */
export interface LibraryCalls {
  /** What runs now, as a call of that client. */
  current(client: Client): Current;
  /** Returns what `Patches.method` wants. */
  wrap(
    client: Client,
    describe: (args: unknown[], self: unknown) => Asked,
    before?: (args: unknown[]) => void,
  ): (next: NextMethod) => AnyFunction;
}

type AnyFunction = (this: never, ...args: never[]) => unknown;

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;
const nothing = (): void => undefined;
const POLL_MS = 50;

export function createLibraryCalls(host: HookHost): LibraryCalls {
  const guard = createGuard(host.broken);
  const threw = guard((call: WatchedCall, error: unknown) => call.threw(error));
  const returned = guard((call: WatchedCall, result: unknown) => call.returned(result));
  return {
    current: (client) => currentOf(host, client),
    wrap: (client, describe, before) => (next) => {
      return function (this: unknown, ...args: unknown[]) {
        let call: WatchedCall | null = null;
        let leave: () => void = nothing;
        try {
          before?.(args);
          call = watchedCall(host, client, () => describe(args, this));
          if (call !== null) leave = host.recorder.switchScope(call.scope);
        } catch (error) {
          host.broken(error);
        }
        if (call === null) return apply(next(), this, args);
        try {
          const result = apply(next(), this, args);
          returned(call, result);
          return result;
        } catch (error) {
          threw(call, error);
          throw error;
        } finally {
          leave();
        }
      };
    },
  };
}

function currentOf(host: HookHost, client: Client): Current {
  const { recorder } = host;
  const here = recorder.current();
  const { parent, scope } = here;
  const call = scope?.libraryCall;
  if (call?.parent === parent) return here;
  // From one of the program's own functions that takes part in the call: an interceptor.
  if (call && isOwn(call)) return { parent, scope: recorder.scope({ libraryCall: seenFrom(call, parent) }) };
  return { parent, scope: newCall(host, client, parent) };
}

/** Null: a library that is built on this one has said whose the exchanges are. */
function watchedCall(host: HookHost, client: Client, ask: () => Asked): WatchedCall | null {
  const { parent, scope } = host.recorder.current();
  const outer = scope?.libraryCall;
  if (outer?.parent === parent && !isOwn(outer)) return null;
  return new WatchedCall(host, client, { parent, scope: newCall(host, client, parent) }, ask);
}

function newCall({ recorder }: HookHost, client: Client, parent: number): Scope {
  const from = parent === 0 ? sendingPackage() : null;
  return recorder.scope({ libraryCall: { id: 0, parent, client, from, attempts: 0, exchanges: 0 } });
}

/** A call of one of those functions, which is recorded as an exchange when it has made none. */
class WatchedCall {
  private readonly t0: number;
  private asked: Asked | null = null;

  constructor(
    private readonly host: HookHost,
    private readonly client: Client,
    private readonly current: { parent: number; scope: Scope },
    private readonly ask: () => Asked,
  ) {
    this.t0 = host.now();
  }

  get scope(): Scope {
    return this.current.scope;
  }

  threw(error: unknown): void {
    if (!this.made) this.exchange().fail(error, false, false);
  }

  returned(result: unknown): void {
    if (this.made || !isPromise(result)) return;
    // Now, for the program may change what it gave.
    this.asked = this.ask();
    this.watch(result);
  }

  private get made(): boolean {
    return this.scope.libraryCall!.exchanges > 0;
  }

  private exchange(): Exchange {
    const { host, client, current, t0 } = this;
    const asked = (this.asked ??= this.ask());
    const exchange = new Exchange(host, { side: 'client', client, current, t0 });
    exchange.requestBody.complete = true;
    exchange.request(asked.method, asked.url, asked.headers);
    return exchange;
  }

  private watch(promise: Promise<unknown>): void {
    const look = createGuard(this.host.broken)(() => {
      if (!this.made && !this.settled(promise)) {
        // eslint-disable-next-line handit/intrinsics -- the timer is our own
        setTimeout(look, POLL_MS).unref();
      }
    });
    // By then what fails early has failed, and Node has said so if nobody handled it.
    setImmediate(look);
  }

  /** Whether it has an end, which is recorded then. A handler at a rejected promise would mark it as handled. */
  private settled(promise: Promise<unknown>): boolean {
    const text = inspect(promise, PLAIN);
    const state = regExpExec(/^[^{]*\{\s*<(pending|rejected)>/, text)?.[1];
    if (state === 'pending') return false;
    if (state === 'rejected') this.rejected(text);
    else this.fulfilled(promise);
    return true;
  }

  private fulfilled(promise: Promise<unknown>): void {
    const exchange = this.exchange();
    const record = createGuard(this.host.broken)((response) => answered(exchange, response));
    void promiseThen(promise, record, () => undefined);
  }

  private rejected(text: string): void {
    const signal = this.asked?.signal;
    // eslint-disable-next-line handit/intrinsics -- taken at the start it would load all of fetch
    const aborted = signal instanceof AbortSignal && signal.aborted;
    const error: unknown = aborted
      ? signal.reason
      : errorOf(stringSlice(text, stringIndexOf(text, '<rejected>') + '<rejected>'.length));
    this.exchange().fail(error, aborted);
  }
}

const isOwn = ({ client }: LibraryCall): boolean => client === 'fetch' || client === 'undici';

/** The same call, as what belongs to it begins further below. */
function seenFrom(call: LibraryCall, parent: number): LibraryCall {
  const view = { parent, client: call.client } as LibraryCall;
  for (const name of each(['id', 'attempts', 'exchanges'] as const)) {
    defineProperty(view, name, { get: () => call[name], set: (value: number) => void (call[name] = value) });
  }
  return view;
}

/** Of data: and blob: addresses, of mocks and caches. */
function answered(exchange: Exchange, response: unknown): void {
  const { status, statusCode, headers } = (response ?? {}) as Record<string, unknown>;
  // eslint-disable-next-line handit/intrinsics -- taken at the start it would load all of fetch
  const list = headers instanceof Headers ? headerPairs(headers) : entries(headers ?? {});
  exchange.response(Number(status ?? statusCode ?? 0), list);
  exchange.end();
}

const PLAIN = { customInspect: false, getters: false, colors: false, depth: 3, breakLength: Infinity } as const;

/** From its text: what a promise was rejected with cannot be had without handling it. */
function errorOf(text: string): Error {
  const shown = stringTrim(text);
  const end = regExpExec(/\n\s+at | \{\n| \{ |\n|\}$/, shown)?.index ?? -1;
  const head = stringTrim(stringReplace(end < 0 ? shown : stringSlice(shown, 0, end), /^\[|\]$/g, ''));
  const parts = regExpExec(/^([\w$.]*(?:Error|Exception)[^:]*)(?:: (.*))?$/s, head);
  const name = parts === null ? 'Error' : parts[1];
  const message = parts === null ? head : parts[2];
  const error = new Error(message ?? '');
  const field = (key: string, value: unknown): void =>
    void defineProperty(error, key, { value, configurable: true, writable: true });
  field('name', stringReplace(name, / \[.*\]$/, ''));
  const frames = regExpExec(/^(?:[ \t]+at .*\n?)+/m, shown);
  field('stack', `${head}${frames ? `\n${stringTrimEnd(frames[0])}` : ''}`);
  const code = regExpExec(/^[ \t]+code: '([^']+)'/m, stringSplit(shown, '[cause]')[0])?.[1];
  if (code !== undefined) field('code', code);
  const cause = stringIndexOf(shown, '[cause]: ');
  if (cause >= 0) field('cause', errorOf(stringSlice(shown, cause + '[cause]: '.length)));
  return error;
}
