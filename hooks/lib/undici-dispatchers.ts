import { createNotes } from '../../src/recorder/notes.js';
import type { Current } from '../../src/recorder/recorder.js';
import type { Exchange } from './exchange.js';
import type { HookHost } from './hook.js';
import { own } from './library-call.js';
import type { LibraryCalls } from './library-watch.js';
import type { Patches } from './patch.js';
import { isObject, sentByFetch } from './undici-forms.js';
import { getPrototypeOf, hasOwn, isProxy, SafeWeakSet } from '../../src/intrinsics.js';

/** A request that a mock is asked for. */
export interface Mock {
  exchange: Exchange;
  /** It is recorded as what it is on the wire instead. */
  dropped: boolean;
}

/** A request on its way through dispatchers. */
export interface Dispatching {
  current: Current;
  /** What ran when it began. */
  caller: number;
  mock?: Mock;
}

export interface Dispatcher {
  dispatch: (options: unknown, handler: unknown) => unknown;
}

/** Where copies of undici find the dispatcher that they share. */
const DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

/** Whose a request is, which a pool may hold back until long after it was dispatched. */
export class UndiciDispatchers {
  /** The request that is being dispatched now. */
  now: Dispatching | null = null;
  private readonly noted = createNotes<Dispatching>();
  private readonly seen = new SafeWeakSet<object>();

  /**
   * @param adopted prototypes that are watched already
   * @param adoptMockAgent called with the prototype of an agent that mocks
   */
  constructor(
    private readonly host: HookHost,
    private readonly calls: LibraryCalls,
    private readonly patches: Patches,
    private readonly adopted: SafeWeakSet<object>,
    private readonly adoptMockAgent: (prototype: object) => void,
  ) {}

  /** A request is known by its handler. */
  note(handler: object, dispatching: Dispatching): void {
    this.noted.set(handler, dispatching);
  }

  of(handler: unknown, options: unknown): Dispatching {
    const caller = this.host.recorder.current().parent;
    const known = isObject(handler) ? this.noted.get(handler) : undefined;
    if (known) return known.caller === caller ? known : { current: known.current, caller, mock: known.mock };
    // On its way through several dispatchers the handler may have been wrapped, unless the program came in between.
    const outer = this.now?.caller === caller ? this.now : null;
    const { headers } = (isObject(options) ? options : {}) as { headers?: unknown };
    const current = outer?.current ?? this.calls.current(sentByFetch(headers) ? 'fetch' : 'undici');
    const dispatching: Dispatching = { current, caller, mock: outer?.mock };
    if (isObject(handler)) this.note(handler, dispatching);
    return dispatching;
  }

  /** Watches the `dispatch` of a class. */
  patch(prototype: object): void {
    const { host } = this;
    const enter = (args: unknown[]): Dispatching | null => {
      const outer = this.now;
      try {
        this.now = this.of(args[1], args[0]);
      } catch (error) {
        host.broken(error);
      }
      return outer;
    };
    const leave = (outer: Dispatching | null): void => void (this.now = outer);
    this.patches.method(prototype as Dispatcher, 'dispatch', (next) => {
      return function (this: unknown, ...args: unknown[]) {
        const outer = enter(args);
        try {
          return apply(next(), this, args);
        } finally {
          leave(outer);
        }
      };
    });
  }

  /** Watches the dispatchers that a call of `fetch` may use: their copy of undici may be one that was never announced. */
  adoptOfFetch(args: unknown[]): void {
    const init = args[1];
    if (isObject(init)) this.adopt(own(init, 'dispatcher'));
    const shared = globalThis as unknown as Record<symbol, unknown>;
    for (let i = 0; i < DISPATCHERS.length; i++) this.adopt(shared[DISPATCHERS[i]]);
  }

  private adopt(dispatcher: unknown): void {
    if (!isObject(dispatcher) || isProxy(dispatcher) || this.seen.has(dispatcher)) return;
    this.seen.add(dispatcher);
    for (let at = getPrototypeOf(dispatcher) as object | null; at; at = getPrototypeOf(at) as object | null) {
      if (this.adopted.has(at)) return;
      this.adopted.add(at);
      if (!hasOwn(at, 'dispatch')) continue;
      if (hasOwn(at, 'enableNetConnect') && hasOwn(at, 'get')) this.adoptMockAgent(at);
      // The base class only throws.
      else if (hasOwn(at, 'destroyed') || hasOwn(at, 'closed')) this.patch(at);
    }
  }
}
