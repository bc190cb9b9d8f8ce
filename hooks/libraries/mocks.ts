import type { Current } from '../../src/recorder/recorder.js';
import { Exchange, entries, headerOf, headerPairs, pairs, type HeaderList } from '../lib/exchange.js';
import type { Hook, HookHost } from '../lib/hook.js';
import { own } from '../lib/library-call.js';
import { adoptMessages } from '../lib/messages.js';
import { createProbes } from '../lib/probes.js';
import {
  apply,
  arrayFlat,
  arrayMap,
  fromEntries,
  isArray,
  Number,
  objectKeys,
  promiseThen,
  SafeWeakMap,
  String,
  stringToUpperCase,
  uncurry,
  URL,
  URLSearchParams,
} from '../../src/intrinsics.js';

const queryText = uncurry(URLSearchParams.prototype.toString);

/** Later ones answer the requests of @mswjs/interceptors. */
const UP_TO_13 = '^(\\d|1[0-3])\\.';

/**
 * Requests that never leave the process because a test answers them. Most of what mocks do is seen where real requests are
 * seen: @mswjs/interceptors (msw, nock since 14) runs Node's own `ClientRequest` over a socket of its own. What is left is
 * nock up to 13, which has a request class of its own, and the `fetch` of @mswjs/interceptors.
 */
export const mocksHook: Hook = {
  name: 'mocks',
  libraryFiles: [
    {
      package: 'nock',
      version: UP_TO_13,
      path: 'lib/intercept.js',
      rules: [{ function: ['OverriddenClientRequest'], first: '__handit__.nockRequest(this)' }],
    },
    {
      package: 'nock',
      version: UP_TO_13,
      path: 'lib/intercepted_request_router.js',
      rules: [{ function: ['InterceptedRequestRouter.startPlayback'], enter: '__handit__.nockPlays(this)' }],
    },
    {
      package: 'nock',
      version: UP_TO_13,
      path: 'lib/playback_interceptor.js',
      rules: [{ function: ['playbackInterceptor'], first: '__handit__.nockAnswers(arguments[0])' }],
    },
    {
      package: '@mswjs/interceptors',
      path: 'lib/node/fetch-*',
      rules: [
        {
          function: ['fetchProxy'],
          first: 'const h$l=__handit__.mockedFetch($1,$2)',
          pass: [
            { call: 'pureFetch', to: 'passed', count: 1 },
            { call: 'responsePromise.resolve', to: 'answered' },
            { call: 'responsePromise.reject', to: 'failed' },
          ],
        },
      ],
    },
  ],
  install(host) {
    const begun = new SafeWeakMap<object, Begun>();
    const probes = createProbes(host);
    const now = (): Begun => ({ t0: host.now(), current: host.recorder.current() });
    probes.add('nockRequest', (request: object) => void begun.set(request, now()), undefined);
    probes.add('nockPlays', (router: object) => play(host, begun.get(own(router, 'req') as object)), NO_PLAY);
    probes.add('nockAnswers', (given: Playback) => answer(host, begun.get(given.req), given), undefined);
    probes.add('mockedFetch', (input: unknown, init: unknown) => mockedFetch(host, now(), input, init), NO_FETCH);
    return probes.stop;
  },
};

interface Begun {
  t0: number;
  current: Current;
}

// ----------------------------------------------------------------------- nock

interface Playback {
  req: object & { getHeaders(): object; method?: string };
  options: { proto?: string; hostname?: string; port?: number | string; path?: string };
  requestBodyString: string;
  requestBodyIsUtf8Representable: boolean;
  response: object;
}

const NO_PLAY = { leave: (): void => undefined };

/** A request that no mock wants is made again, for real: it belongs where the first one was made. */
function play(host: HookHost, begun: Begun | undefined): { leave(): void } {
  if (!begun) return NO_PLAY;
  return { leave: host.recorder.switchScope(scopeOf(host, begun)) };
}

function scopeOf({ recorder }: HookHost, { current: { parent, scope } }: Begun): ReturnType<typeof recorder.scope> {
  return recorder.scope({ parent, libraryCall: scope?.libraryCall ?? undefined });
}

function answer(host: HookHost, begun: Begun | undefined, playback: Playback): void {
  if (!begun) return;
  const { req, options, requestBodyString, requestBodyIsUtf8Representable, response } = playback;
  const protocol = options.proto === 'https' ? 'https' : 'http';
  const exchange = new Exchange(host, { side: 'client', client: protocol, ...begun });
  exchange.requestBody.add(requestBodyString, requestBodyIsUtf8Representable ? 'utf8' : 'hex');
  exchange.requestBody.complete = true;
  const standard = protocol === 'https' ? 443 : 80;
  const port = Number(options.port ?? standard) === standard ? '' : `:${options.port}`;
  exchange.request(
    req.method ?? 'GET',
    `${protocol}://${options.hostname}${port}${options.path}`,
    entries(req.getHeaders()),
  );
  adoptMessages(host, req, response, exchange);
}

// ---------------------------------------------------------------------- fetch

interface FetchHandle {
  passed(request: unknown): unknown;
  answered(response: unknown): unknown;
  failed(error: unknown): unknown;
}

const same = (value: unknown): unknown => value;
const NO_FETCH: FetchHandle = { passed: same, answered: same, failed: same };

function mockedFetch(host: HookHost, begun: Begun, input: unknown, init: unknown): FetchHandle {
  let over = false;
  // eslint-disable-next-line handit/intrinsics -- taken at the start it would load all of fetch
  const request = input instanceof Request ? input : null;
  const sent = (): Exchange => {
    over = true;
    const exchange = new Exchange(host, { side: 'client', client: 'fetch', ...begun });
    const body = own(init, 'body');
    exchange.requestBody.add(body instanceof URLSearchParams ? queryText(body) : body);
    exchange.requestBody.complete = true;
    const given = own(init, 'method') ?? request?.method;
    const method = typeof given === 'string' ? stringToUpperCase(given) : 'GET';
    const url = request?.url ?? (input instanceof URL ? input.href : String(input));
    exchange.request(method, url, headersOf(own(init, 'headers') ?? request?.headers));
    return exchange;
  };
  const guarded = (step: (value: unknown) => void) => (value: unknown) => {
    try {
      if (!over) step(value);
    } catch (error) {
      host.broken(error);
    }
    return value;
  };
  return {
    // For real, with the `fetch` that was there before; up to the next `await` of the mock.
    passed: guarded(() => {
      over = true;
      if (host.recorder.current().parent === 0) host.recorder.enterScope(scopeOf(host, begun));
    }),
    answered: guarded((value) => {
      // eslint-disable-next-line handit/intrinsics -- as above
      if (!(value instanceof Response)) return;
      const exchange = sent();
      const length = Number(headerOf(headerPairs(value.headers), 'content-length') ?? NaN);
      exchange.response(value.status, headerPairs(value.headers));
      // A copy of a body makes its source give more than the program asks for: only where that is known and little.
      if (value.body === null || value.bodyUsed || !(length <= host.maxBody)) return exchange.end();
      // eslint-disable-next-line handit/intrinsics -- taken at the start it would load all of fetch
      const copy = apply(Response.prototype.clone, value, []);
      void promiseThen(
        // eslint-disable-next-line handit/intrinsics -- as above
        copy.arrayBuffer(),
        (bytes) => {
          exchange.responseBody.add(bytes);
          exchange.end();
        },
        (error) => exchange.fail(error, false),
      );
    }),
    failed: guarded((error) => sent().fail(error, own(error, 'name') === 'AbortError')),
  };
}

function headersOf(headers: unknown): HeaderList {
  // eslint-disable-next-line handit/intrinsics -- as above
  if (headers instanceof Headers) return headerPairs(headers);
  if (isArray(headers)) return pairs(arrayFlat(headers as unknown[]));
  if (typeof headers !== 'object' || headers === null) return [];
  return entries(fromEntries(arrayMap(objectKeys(headers), (name) => [name, own(headers, name)])));
}
