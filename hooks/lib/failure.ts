import type { TestPhase } from '../../src/trace-format.js';
import {
  apply,
  defineProperty,
  each,
  Error,
  getOwnPropertyDescriptor,
  hasOwn,
  isNativeError,
  isProxy,
  regExpExec,
  stringEndsWith,
  stringStartsWith,
  stringToLowerCase,
} from '../../src/intrinsics.js';

// What is read of an error that a test runner has caught. The runner is about to read its stack itself, so what that
// runs (a formatter of stacks that a tool has set) runs once, as it does without us.

type Side = 'expected' | 'actual';

/** By what runners call their hooks: `beforeAll`, `before all`, `before`. */
export function hookPhase(name: string): TestPhase | undefined {
  const found = regExpExec(/^(before|after) ?(each|all)?/i, name);
  if (found === null) return undefined;
  const isEach = stringToLowerCase(found[2] ?? '') === 'each';
  return stringToLowerCase(found[1]) === 'before'
    ? isEach
      ? 'before_each'
      : 'before_all'
    : isEach
      ? 'after_each'
      : 'after_all';
}

/** What an assertion compared: of node:assert and chai (own properties), and of jest's expect. No accessor is run. */
export function comparedBy(error: unknown): Partial<Record<Side, { value: unknown }>> {
  const jest = ownValue(error, 'matcherResult')?.value;
  const sides: Partial<Record<Side, { value: unknown }>> = {};
  for (const side of each(['expected', 'actual'] as const)) {
    const found = ownValue(jest, side) ?? ownValue(error, side);
    if (found) sides[side] = found;
  }
  return sides;
}

/** Some runners keep the fields of an error alone: an error with them. */
export function errorOf(thrown: unknown): unknown {
  if (isNativeError(thrown)) return thrown;
  const message = ownText(thrown, 'message');
  const stack = ownText(thrown, 'stack');
  if (message === undefined || stack === undefined) return thrown;
  const error = new Error(message);
  const name = ownText(thrown, 'name');
  const set = (key: string, value: unknown): void =>
    void defineProperty(error, key, { value, configurable: true, writable: true });
  set('stack', stack);
  if (name !== undefined) set('name', name);
  return error;
}

/** Also of an error of another realm, where `stack` may be an accessor of V8's. */
export function stackOf(error: unknown): string | undefined {
  if (!isNativeError(error)) return undefined;
  const property = getOwnPropertyDescriptor(error, 'stack');
  if (!property) return undefined;
  const { get } = property;
  const stack: unknown = get && isNative(get) ? apply(get, error, []) : property.value;
  return typeof stack === 'string' ? stack : undefined;
}

// Taken when the agent starts: later it returns other texts.
const { toString } = Function.prototype;

function isNative(getter: () => unknown): boolean {
  return stringEndsWith(apply(toString, getter, []), '{ [native code] }') && !stringStartsWith(getter.name, 'bound ');
}

function ownText(holder: unknown, key: string): string | undefined {
  const value = ownValue(holder, key)?.value;
  return typeof value === 'string' ? value : undefined;
}

function ownValue(holder: unknown, key: string): { value: unknown } | undefined {
  if (typeof holder !== 'object' || holder === null || isProxy(holder)) return undefined;
  const property = getOwnPropertyDescriptor(holder, key);
  return property && hasOwn(property, 'value') ? { value: property.value } : undefined;
}
