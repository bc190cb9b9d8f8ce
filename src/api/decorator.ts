import type { AnyFunction, Api, TracedPlace, TracingOptions } from './types.js';
import { each, TypeError } from '../intrinsics.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- parameters of any method and class */

/** What `tracing({ agent })` gives without a function: a decorator in both forms that TypeScript knows. */
export interface TracingDecorator {
  /** A method. */
  <This, F extends (this: This, ...args: any[]) => any>(method: F, context: ClassMethodDecoratorContext<This, F>): F;
  /** A getter. */
  <This, V>(getter: (this: This) => V, context: ClassGetterDecoratorContext<This, V>): (this: This) => V;
  /** A setter. */
  <This, V>(
    setter: (this: This, value: V) => void,
    context: ClassSetterDecoratorContext<This, V>,
  ): (this: This, value: V) => void;
  /** A class: all its methods and accessors. */
  <C extends abstract new (...args: any[]) => any>(target: C, context: ClassDecoratorContext<C>): void;
  /** A class, with `experimentalDecorators`. */
  <C extends abstract new (...args: any[]) => any>(target: C): void;
  /** A method or an accessor, with `experimentalDecorators`. */
  <T>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): void;
}

interface Context {
  kind: string;
  name: string | symbol;
}

const ALLOWED = 'methods, getters, setters and classes';

/** @param api undefined: nothing is recorded, and what is decorated stays as it is */
export function createDecorator(options: TracingOptions, api: Api | undefined): TracingDecorator {
  const wrap = (fn: AnyFunction, place: TracedPlace): unknown => (api ? api.trace(options, fn, place) : fn);

  function modern(value: unknown, { kind, name }: Context): unknown {
    if (kind === 'class') return void wrap(value as AnyFunction, {});
    if (kind !== 'method' && kind !== 'getter' && kind !== 'setter') throw refused(`a ${kind}`);
    return wrap(value as AnyFunction, { kind, name: nameOf(name) });
  }

  function older(target: object, key: string | symbol | undefined, descriptor: PropertyDescriptor | undefined): void {
    if (key === undefined && typeof target === 'function') return void wrap(target as AnyFunction, {});
    if (typeof descriptor !== 'object' || key === undefined) throw refused('a field or a parameter');
    const owner = typeof target === 'function' ? `${target.name}.static ` : `${target.constructor.name}.`;
    const name = nameOf(key);
    if (typeof descriptor.value === 'function')
      descriptor.value = wrap(descriptor.value as AnyFunction, { kind: 'method', owner, name });
    if (descriptor.get) descriptor.get = wrap(descriptor.get, { kind: 'getter', owner, name }) as () => unknown;
    if (descriptor.set) descriptor.set = wrap(descriptor.set, { kind: 'setter', owner, name }) as () => void;
  }

  return function tracing(...args: [unknown, unknown?, unknown?]): unknown {
    const [value, context] = each(args);
    if (typeof context === 'object' && context !== null && 'kind' in context) return modern(value, context as Context);
    return older(value as object, context as string | undefined, args[2] as PropertyDescriptor | undefined);
  } as TracingDecorator;
}

function refused(what: string): TypeError {
  return new TypeError(`@tracing() decorates ${what}; it is for ${ALLOWED}: wrap a function by tracing({ agent }, fn)`);
}

function nameOf(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
}
