import type { LibraryCall, Scope } from '../../src/recorder/scope.js';
import { Exchange, pairs, type Client, type HeaderList } from './exchange.js';
import type { HookHost } from './hook.js';
import { sendingPackage } from './sender.js';
import {
  ArrayBuffer,
  arrayEvery,
  arrayFilter,
  arrayJoin,
  arrayMap,
  arrayPush,
  each,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  isProxy,
  isView,
  jsonStringify,
  numberIsFinite,
  objectKeys,
  String,
  stringToUpperCase,
  uncurry,
  URLSearchParams,
} from '../../src/intrinsics.js';

/** A call of a library that makes requests: what begins on the wire inside of `scope` is one of its attempts. */
export interface OpenCall {
  call: LibraryCall;
  scope: Scope;
  /** Leaves the scope; what the library has started stays in it. */
  leave: () => void;
}

/** Enters a scope that says: the requests made from here on are this library's. */
export function openCall(host: HookHost, client: Client): OpenCall {
  const { parent } = host.recorder.current();
  const from = parent === 0 ? sendingPackage() : null;
  return enter(host, { id: 0, parent, client, from, attempts: 0, exchanges: 0 });
}

/** Goes on with a call below one of the program's own functions, which the library had called meanwhile. */
export function resumeCall(host: HookHost, open: Pick<OpenCall, 'call'>): OpenCall {
  const { parent } = host.recorder.current();
  if (parent === open.call.parent) return enter(host, open.call);
  const { call } = open;
  // The same call seen from further below.
  return enter(host, {
    parent,
    client: call.client,
    get id() {
      return call.id;
    },
    set id(id) {
      call.id = id;
    },
    get attempts() {
      return call.attempts;
    },
    set attempts(attempts) {
      call.attempts = attempts;
    },
    get exchanges() {
      return call.exchanges;
    },
    set exchanges(exchanges) {
      call.exchanges = exchanges;
    },
  });
}

function enter(host: HookHost, call: LibraryCall): OpenCall {
  const scope = host.recorder.scope({ libraryCall: call });
  return { call, scope, leave: host.recorder.switchScope(scope) };
}

/** The library's call that runs here. */
export function runningCall(host: HookHost, client: Client): Pick<OpenCall, 'call' | 'scope'> | null {
  const { scope } = host.recorder.current();
  const call = scope?.libraryCall;
  return scope && call?.client === client ? { call, scope } : null;
}

/** What a library was going to send, as far as it is known; values may be anything. */
export interface Unsent {
  t0: number;
  method: unknown;
  url: string;
  headers: unknown;
  body?: unknown;
}

/** How a call ended without the wire: a mock or a cache answered, or it failed on the way there. */
export type UnsentEnd = { status: number; headers: unknown; body?: unknown } | { error: unknown; aborted?: boolean };

/** A request that never reached the wire, and its end. */
export function recordUnsent(
  host: HookHost,
  open: Pick<OpenCall, 'call' | 'scope'>,
  sent: Unsent,
  end: UnsentEnd,
): void {
  const { call, scope } = open;
  const current = { parent: call.parent, scope };
  const exchange = new Exchange(host, { side: 'client', client: call.client as Client, current, t0: sent.t0 });
  addBody(exchange.requestBody, sent.body, host.maxBody);
  exchange.requestBody.complete = true;
  const method = typeof sent.method === 'string' ? stringToUpperCase(sent.method) : 'GET';
  exchange.request(method, sent.url, headerList(sent.headers));
  if ('error' in end) return exchange.fail(end.error, end.aborted ?? false);
  exchange.response(end.status, headerList(end.headers));
  addBody(exchange.responseBody, end.body, host.maxBody);
  exchange.end();
}

function addBody(to: { add(chunk: unknown): void }, body: unknown, max: number): void {
  if (typeof body === 'string' || isView(body) || body instanceof ArrayBuffer) to.add(body);
  else if (body instanceof URLSearchParams) to.add(queryText(body));
  else if (typeof body === 'object' && body !== null) to.add(plainJson(body, max) ?? '');
}

const queryText = uncurry(URLSearchParams.prototype.toString);

/** Values of own data properties only: no code of the program runs. */
export function own(object: unknown, key: string): unknown {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return undefined;
  if (isProxy(object)) return undefined;
  return getOwnPropertyDescriptor(object, key)?.value as unknown;
}

/** Headers of an object with names as keys; entries that are objects are no headers. */
function headerList(headers: unknown): HeaderList {
  if (typeof headers !== 'object' || headers === null || isProxy(headers)) return [];
  const list: unknown[] = [];
  for (const name of each(objectKeys(headers))) {
    const value = own(headers, name);
    const values = isArray(value) ? (value as unknown[]) : [value];
    if (arrayEvery(values, (one) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')) {
      arrayPush(list, name);
      arrayPush(list, arrayMap(values, String));
    }
  }
  return pairs(list);
}

/** JSON text of plain data; undefined for what cannot be read without running the program's own code. */
function plainJson(value: unknown, max: number): string | undefined {
  let left = max;
  const json = (one: unknown, depth: number): string | undefined => {
    if (one === null || typeof one === 'boolean' || (typeof one === 'number' && numberIsFinite(one))) {
      left -= 5;
      return String(one);
    }
    if (typeof one === 'string') {
      left -= one.length;
      return jsonStringify(one);
    }
    if (typeof one !== 'object' || isProxy(one) || depth > 50 || left < 0) return undefined;
    if (isArray(one)) {
      const items: string[] = [];
      for (let i = 0; i < one.length && left >= 0; i++)
        arrayPush(items, json(own(one, String(i)), depth + 1) ?? 'null');
      return `[${arrayJoin(items, ',')}]`;
    }
    const prototype = getPrototypeOf(one) as unknown;
    if (prototype !== null && getPrototypeOf(prototype) !== null) return undefined;
    const fields = arrayMap(objectKeys(one), (key) => {
      const text = json(own(one, key), depth + 1);
      left -= key.length;
      return text === undefined ? '' : `${jsonStringify(key)}:${text}`;
    });
    return `{${arrayJoin(
      arrayFilter(fields, (field) => field !== ''),
      ',',
    )}}`;
  };
  return json(value, 0);
}
