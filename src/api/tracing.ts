import type { ApiHost } from './host.js';
import { TracedRuns } from './traced-runs.js';
import type { AnyFunction, TracedPlace, TracingOptions } from './types.js';
import {
  apply,
  construct,
  defineProperty,
  each,
  getOwnPropertyDescriptor,
  ownKeys,
  Proxy,
  regExpTest,
  SafeWeakSet,
  stringEndsWith,
} from '../intrinsics.js';

export function createTracing(host: ApiHost) {
  const runs = new TracedRuns(host);
  /** Functions that are wrapped, and by what name: one function is wrapped once for each. */
  const wrapped = new SafeWeakSet<object>();

  function trace(options: TracingOptions, target: AnyFunction, place: TracedPlace): unknown {
    host.seen();
    if (isClass(target)) return traceClass(options, target);
    const run = runs.of(options, target, place);
    // A Proxy shares everything with the function that a program may look at, and keeps what kind of function it is.
    const proxy: object = new Proxy(target, {
      apply: (_, self, args: unknown[]) => run(args, () => apply(target, self, args) as unknown),
      construct: (_, args: unknown[], newTarget) =>
        run(args, () => construct(target, args, newTarget === proxy ? target : newTarget) as unknown) as object,
    });
    host.looksLike(target, proxy);
    wrapped.add(proxy);
    return proxy;
  }

  function traceClass(options: TracingOptions, target: AnyFunction): unknown {
    const { name } = target;
    traceMembers(options, target.prototype as object, name, 'constructor');
    traceMembers(options, target, `${name}.static`, 'prototype');
    return target;
  }

  /** In place: the class stays the object that it is, for its own code and for private names. */
  function traceMembers(options: TracingOptions, holder: object, owner: string, except: string): void {
    for (const key of each(ownKeys(holder))) {
      if (key === except) continue;
      const own = getOwnPropertyDescriptor(holder, key)!;
      // Fields are enumerable, and no methods.
      if (!own.configurable || own.enumerable) continue;
      const name = typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
      const dot = stringEndsWith(owner, 'static') ? ' ' : '.';
      const replace = (fn: unknown, kind: NonNullable<TracedPlace['kind']>): unknown =>
        typeof fn !== 'function' || wrapped.has(fn) || isClass(fn as AnyFunction)
          ? fn
          : trace({ agent: options.agent }, fn as AnyFunction, { kind, owner: owner + dot, name });
      if ('value' in own) own.value = replace(own.value, 'method');
      if (own.get) own.get = replace(own.get, 'getter') as () => unknown;
      if (own.set) own.set = replace(own.set, 'setter') as (value: unknown) => void;
      defineProperty(holder, key, own);
    }
  }

  function isClass(target: AnyFunction): boolean {
    return regExpTest(/^class\b/, host.textOf(target));
  }

  return { trace };
}
