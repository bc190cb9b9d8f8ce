import type { FunctionEntry } from '../recorder/function-table.js';
import { callSite } from './call-site.js';
import type { ApiHost } from './host.js';
import { parametersOf } from './parameters.js';
import type { AnyFunction, TracedPlace } from './types.js';
import {
  arrayMap,
  arraySlice,
  getOwnPropertyDescriptor,
  hasOwn,
  isAsyncFunction,
  isGeneratorFunction,
  regExpTest,
  stringIncludes,
} from '../intrinsics.js';

/** Registers a function that was not rewritten; returns its id, and what is shown of its arguments. */
export function describeFunction(
  host: ApiHost,
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
  const fn = registerFunction(
    host,
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

/** Gives a function an id. */
export function registerFunction(host: ApiHost, entry: FunctionEntry, path: string): number {
  const fn = host.newFunctionId();
  host.recorder.register({ path, functions: [entry] }, fn, 1);
  return fn;
}

function kindOf(target: AnyFunction, text: string): string {
  if (regExpTest(/^(?:async\s*)?function\b/, text)) return 'function';
  if (hasOwn(target, 'prototype')) return isGeneratorFunction(target) ? 'method' : 'function';
  return regExpTest(/^(?:async\s*)?(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u, text) &&
    stringIncludes(text, '=>')
    ? 'arrow'
    : 'method';
}
