// Wrong arguments throw at once, with and without the agent: TypeErrors that say what was given, what is allowed and
// what to do.
import { isArray, jsonStringify, String, stringSlice, TypeError } from '../intrinsics.js';

export function checkSession(options: unknown): void {
  const example = "session({ tag: 'checkout' }, () => ...)";
  checkText(options, 'session()', 'tag', example);
  const { attrs } = options as { attrs?: unknown };
  if (attrs === undefined || (typeof attrs === 'object' && attrs !== null && !isArray(attrs))) return;
  throw new TypeError(`session() was given attrs ${show(attrs)}; it must be an object, as in { customer: 'ada' }`);
}

export function checkTracing(options: unknown): void {
  const example = "tracing({ agent: 'planner' }, fn)";
  checkText(options, 'tracing()', 'agent', example);
  const { name } = options as { name?: unknown };
  if (name === undefined || (typeof name === 'string' && name !== '')) return;
  throw new TypeError(`tracing() was given name ${show(name)}; it must be a non-empty string, or left out`);
}

export function checkFunction(caller: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new TypeError(`${caller} was given ${show(fn)} as its second argument; it must be a function`);
}

export function checkData(data: unknown): void {
  if (data !== undefined) return;
  throw new TypeError("annotate() was given undefined; give it the data to attach, as in annotate({ model: 'small' })");
}

export function checkPath(caller: string, path: unknown): void {
  if (path === undefined || (typeof path === 'string' && path !== '')) return;
  throw new TypeError(`${caller} was given ${show(path)}; it takes the path of a file, or nothing for the trace's own`);
}

function checkText(options: unknown, caller: string, field: string, example: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${caller} was given ${show(options)}; its first argument must be an object: ${example}`);
  }
  const value = (options as Record<string, unknown>)[field];
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${caller} was given ${field} ${show(value)}; it must be a non-empty string: ${example}`);
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return jsonStringify(value.length > 40 ? `${stringSlice(value, 0, 40)}...` : value);
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : isArray(value) ? 'an array' : 'an object';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}
