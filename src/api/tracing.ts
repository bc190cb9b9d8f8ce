import type { FunctionEntry } from '../recorder/function-table.js';
import type { RecorderCalls, SuspendableCall } from '../recorder/recorder.js';
import { callSite } from './call-site.js';
import { passOn, type ApiHost } from './host.js';
import { parametersOf } from './parameters.js';
import { traceIterator, type IteratorProbe } from './traced-iterator.js';
import type { AnyFunction, TracedPlace, TracingOptions } from './types.js';
import {
  apply,
  arrayMap,
  arraySlice,
  construct,
  defineProperty,
  each,
  Error,
  getOwnPropertyDescriptor,
  hasOwn,
  isAsyncFunction,
  isGeneratorFunction,
  ownKeys,
  Proxy,
  regExpTest,
  SafeWeakSet,
  stringEndsWith,
  stringIncludes,
} from '../intrinsics.js';

type Invoke = () => unknown;

/** Runs one call of a traced function: `invoke` is the call itself. */
type Run = (args: unknown[], invoke: Invoke) => unknown;

export function createTracing(host: ApiHost) {
  const { recorder } = host;
  const { en, x, t, fa, fg, s, r } = recorder.probes as unknown as RecorderCalls;
  /** Functions that are wrapped, and by what name: one function is wrapped once for each. */
  const wrapped = new SafeWeakSet<object>();

  function trace(options: TracingOptions, target: AnyFunction, place: TracedPlace): unknown {
    host.seen();
    if (isClass(target)) return traceClass(options, target);
    const run = runOf(options, target, place);
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

  // ------------------------------------------------------------------- classes

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

  // ----------------------------------------------------------------- functions

  function runOf({ agent, name }: TracingOptions, target: AnyFunction, place: TracedPlace): Run {
    const labels = { agent };
    const rewritten = host.rewrittenId(target);
    const generator = isGeneratorFunction(target);
    if (rewritten !== undefined) {
      const known = recorder.functionOf(rewritten)!;
      const as = name === undefined || name === known.name ? null : register({ ...known, name }, known.path);
      const change = as === null ? null : { fn: rewritten, as };
      if (generator) return (_, invoke) => traceIterator(invoke() as object, () => labelled(labels, change));
      return (_, invoke) => {
        const before = recorder.pushScope(recorder.scope({ labels }));
        recorder.reportNextAs(change);
        try {
          return invoke();
        } finally {
          if (change !== null) recorder.reportNextAs(null);
          recorder.popScope(before);
        }
      };
    }

    const { fn, values } = describe(target, place, name);
    if (generator) {
      return (args, invoke) => {
        const kept = values(args);
        return traceIterator(invoke() as object, () => recordedIterator(fn, kept, labels));
      };
    }
    const isAsync = isAsyncFunction(target);
    return (args, invoke) => {
      const outer = recorder.pushScope(recorder.scope({ labels }));
      const call = isAsync ? fa(fn, 0, values(args)) : en(fn, 0, values(args));
      const id = typeof call === 'object' ? call.id : call;
      // What it starts is its own, also when it goes on later.
      const inner = id > 0 ? recorder.pushScope(recorder.scope({ parent: id })) : null;
      let result: unknown;
      try {
        result = invoke();
      } catch (error) {
        if (inner) recorder.popScope(inner);
        if (typeof call === 'object') recorder.settled((s(call), call), host.now(), { error });
        else t(call, error);
        recorder.popScope(outer);
        throw passOn(error, 'node-do-not-add-exception-line');
      }
      if (inner) recorder.popScope(inner);
      if (typeof call === 'object') {
        s(call);
        watch(call, result);
      } else x(call, result);
      recorder.popScope(outer);
      return result;
    };
  }

  /** An async call ends with its promise. */
  function watch(call: SuspendableCall, promise: unknown): void {
    if (call.ended) return;
    host.ends.watch(promise, (end, time) => {
      if (end.state === 'fulfilled') recorder.settled(call, time, 'value' in end ? { value: end.value } : 'unknown');
      else recorder.settled(call, time, { error: 'value' in end ? end.value : new Error(NOT_HANDLED) });
    });
  }

  // ---------------------------------------------------------------- generators

  /** Of a function that records itself: its code runs in the scope. */
  function labelled(labels: { agent: string }, change: { fn: number; as: number } | null): IteratorProbe {
    const scope = recorder.scope({ labels });
    let first = true;
    return {
      enter() {
        if (first) recorder.reportNextAs(change);
        first = false;
        return recorder.pushScope(scope);
      },
      leave: (before) => recorder.popScope(before as ReturnType<typeof recorder.pushScope>),
      done: () => undefined,
      failed: () => undefined,
      pending: () => undefined,
    };
  }

  function recordedIterator(fn: number, values: unknown[], labels: { agent: string }): IteratorProbe {
    const outer = recorder.pushScope(recorder.scope({ labels }));
    const call = fg(fn, 0, values);
    const scope = recorder.scope(call.id > 0 ? { parent: call.id } : {});
    s(call);
    recorder.popScope(outer);
    return {
      enter() {
        r(call);
        return recorder.pushScope(scope);
      },
      leave(before) {
        recorder.popScope(before as ReturnType<typeof recorder.pushScope>);
        s(call);
      },
      done: (value) => recorder.settled(call, host.now(), { value }),
      failed: (error) => recorder.settled(call, host.now(), { error }),
      pending(promise) {
        host.ends.watch(promise, (end, time) => {
          if (!('value' in end)) return;
          if (end.state === 'rejected') recorder.settled(call, time, { error: end.value });
          else {
            const { done, value } = end.value as IteratorResult<unknown, unknown>;
            if (done) recorder.settled(call, time, { value });
          }
        });
      },
    };
  }

  // ------------------------------------------------------- functions not rewritten

  function register(entry: FunctionEntry, path: string): number {
    const fn = host.newFunctionId();
    recorder.register({ path, functions: [entry] }, fn, 1);
    return fn;
  }

  function describe(
    target: AnyFunction,
    { kind, owner = '', name: key }: TracedPlace,
    name: string | undefined,
  ): { fn: number; values: (args: unknown[]) => unknown[] } {
    const text = host.textOf(target);
    const parameters = parametersOf(text);
    const site = callSite();
    const place = site
      ? host.sourcePlace(site.filename, site.line, site.column)
      : { path: '<unknown>', line: 1, column: 1 };
    const own = getOwnPropertyDescriptor(target, 'name')?.value as unknown;
    const ownName = key ?? (typeof own === 'string' && own !== '' ? own : '<anonymous>');
    // Of a built-in function nobody knows the parameters.
    const names = parameters ? parameters.names : ['arguments'];
    const shownName = name ?? owner + ownName;
    const shownKind = kind ?? kindOf(target, text);
    const fn = register(
      {
        name: shownName,
        line: place.line,
        column: place.column,
        kind: shownKind,
        secret: shownKind !== 'setter' && host.returnsSecret(shownName),
        async: isAsyncFunction(target),
        generator: isGeneratorFunction(target),
        params: names,
      },
      place.path,
    );
    const secret = arrayMap(names, (each) => host.isSecret(each) || (kind === 'setter' && host.isSecret(ownName)));
    const last = names.length - 1;
    const rest = !parameters || parameters.rest;
    return {
      fn,
      values: (args) =>
        arrayMap(names, (_, index) =>
          secret[index] ? '<redacted>' : rest && index === last ? arraySlice(args, last) : args[index],
        ),
    };
  }

  function isClass(target: AnyFunction): boolean {
    return regExpTest(/^class\b/, host.textOf(target));
  }

  return { trace };
}

function kindOf(target: AnyFunction, text: string): string {
  if (regExpTest(/^(?:async\s*)?function\b/, text)) return 'function';
  if (hasOwn(target, 'prototype')) return isGeneratorFunction(target) ? 'method' : 'function';
  return regExpTest(/^(?:async\s*)?(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u, text) &&
    stringIncludes(text, '=>')
    ? 'arrow'
    : 'method';
}

const NOT_HANDLED = 'the promise was rejected, and nothing waited for it';
