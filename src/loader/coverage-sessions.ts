import type { ScriptCoverage } from './coverage.js';

const METHODS = new Set(['Profiler.takePreciseCoverage', 'Profiler.getBestEffortCoverage']);

type Callback = (error: unknown, answer?: { result: ScriptCoverage[] }) => void;

/**
 * Has the program's own inspector sessions tell the coverage of the original texts. Test runners and coverage tools take
 * it from there.
 *
 * @param original answers `Profiler.takePreciseCoverage` as it would be without handit
 * @param looksLike lets a function have the text of another one
 */
export function watchCoverageSessions(
  original: (result: ScriptCoverage[]) => ScriptCoverage[],
  looksLike: (original: object, replacement: object) => void,
): void {
  const inspector = process.getBuiltinModule('node:inspector') as { Session?: { prototype: object } } | undefined;
  const descriptor = inspector?.Session && Object.getOwnPropertyDescriptor(inspector.Session.prototype, 'post');
  if (!descriptor) return;
  const nodes = descriptor.value as (...args: unknown[]) => unknown;
  const { post } = {
    post(this: unknown, method: unknown, params: unknown, callback: unknown): unknown {
      // What has no callback stays without.
      const args = [method, params, callback].slice(0, arguments.length);
      const place = args.findIndex((each) => typeof each === 'function');
      if (place > 0 && METHODS.has(method as string)) args[place] = translating(args[place] as Callback);
      return Reflect.apply(nodes, this, args);
    },
  };
  const translating =
    (callback: Callback): Callback =>
    (error, answer) => {
      if (answer && Array.isArray(answer.result)) answer.result = original(answer.result);
      return callback(error, answer);
    };
  looksLike(nodes, post);
  Object.defineProperty(inspector.Session!.prototype, 'post', { ...descriptor, value: post });
}
