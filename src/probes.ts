// The contract between rewritten code and the recorder. What the transform writes, what the loader looks for and what the
// recorder guards all come from this table.

export interface Probe {
  /** As rewritten code calls it, after a prefix: short, for every function has some of them. */
  name: string;
  /** What it is called everywhere else. */
  means: string;
  /** Its first argument is the id of a function, a literal that is set when the code is loaded. */
  takesId: boolean;
  /**
   * What the program gets where the probe itself fails: the handle of a call that is counted only, that of a suspendable call
   * that is not recorded, the value that it handed over, or an empty list. `constant`: it is no function.
   */
  fallback: 'counted' | 'unrecorded' | 'value' | 'empty' | 'constant';
}

const row = <N extends string, M extends string>(
  name: N,
  means: M,
  fallback: Probe['fallback'],
  takesId = false,
): Probe & { name: N; means: M } => ({ name, means, takesId, fallback });

export const PROBES = [
  // (id, lexical owner, arguments...): a call begins; its handle.
  row('e0', 'enter0', 'counted', true),
  row('e1', 'enter1', 'counted', true),
  row('e2', 'enter2', 'counted', true),
  row('e3', 'enter3', 'counted', true),
  // The same with a list of any length.
  row('en', 'enterMany', 'counted', true),
  // (handle, value): a call ends by a value, which is passed on.
  row('x', 'leave', 'value'),
  // (handle, error): by an exception, which is passed on.
  row('t', 'leaveByError', 'value'),
  // (handle, value): by a value or, if that is `done`, it has ended already: in a `finally`.
  row('n', 'leaveUnlessDone', 'value'),
  row('d', 'done', 'constant'),
  // In the place of an argument that has the name of a secret.
  row('q', 'redacted', 'constant'),
  // (id, place, value): what comes after `throw`, passed on.
  row('w', 'thrown', 'value', true),
  // (id, lexical owner, arguments): a call of an async function or of a generator begins; its handle.
  row('fa', 'enterAsync', 'unrecorded', true),
  row('fg', 'enterGenerator', 'unrecorded', true),
  // (handle, value): it stops at a `yield`.
  row('s', 'suspend', 'value'),
  // (handle, value): at an `await`; what is awaited is passed on.
  row('sa', 'suspendForAwait', 'value'),
  // (handle, iterable): at `yield*` or `for await`.
  row('k', 'delegate', 'value'),
  // (handle, value): it goes on.
  row('r', 'resume', 'value'),
  // (handle, error): it goes on in a `catch`.
  row('rc', 'resumeInCatch', 'value'),
  // As `leave`, `leaveByError` and `leaveUnlessDone`, for calls that can be suspended.
  row('ax', 'leaveAsync', 'value'),
  row('at', 'leaveAsyncByError', 'value'),
  row('an', 'leaveAsyncUnlessDone', 'value'),
  // (handle, value): what an async function returns where `leaveAsyncUnlessDone` follows.
  row('ar', 'returnAsync', 'value'),
  // (what is called, its source): the message of an `assert` on a rewritten line, as a list of arguments.
  row('m', 'assertMessage', 'empty'),
  // (what is called and its source, message): the message that the call has, or that of its source.
  row('mu', 'assertMessageUnless', 'value'),
] as const;

export type ProbeName = (typeof PROBES)[number]['name'];
export type ProbeMeaning = (typeof PROBES)[number]['means'];

/** The names in rewritten code, by what they mean. */
export const LETTERS = Object.fromEntries(PROBES.map(({ name, means }) => [means, name])) as Record<
  ProbeMeaning,
  ProbeName
>;

/** What the recorder offers to rewritten code; library hooks add probes of their own. */
export type Probes = Record<ProbeName, unknown> & Record<string, unknown>;

export const PROBE_NAMES: readonly ProbeName[] = PROBES.map(({ name }) => name);

/** Where a realm keeps its probes. */
export const GLOBAL = '__handit__';

/** Source of a pattern for the probes that take a function's id. */
export const ID_PROBES = anyOf(({ takesId }) => takesId);
/** Source of a pattern for those of them that begin a call. */
export const ENTER_PROBES = anyOf(({ fallback }) => fallback === 'counted' || fallback === 'unrecorded');

function anyOf(isMeant: (probe: Probe) => boolean): string {
  const meant = PROBES.filter(isMeant).map(({ name }) => name);
  return `(?:${meant.join('|')})`;
}

/** Text of a statement that exports all probes. */
export const EXPORTS = `export const{${PROBE_NAMES.join(',')}}=globalThis.${GLOBAL}`;

/** File -> text of the modules that rewritten ES modules have their probes from; they import `runtime.mjs`. */
export const RUNTIME_FILES = {
  'probes.mjs': `// Evaluated at start: bindings are there before any function can be called, even in a cycle of imports.
${EXPORTS};
`,
  'runtime.mjs': `// Evaluated with the first rewritten module: what the thread that rewrites them has told by now is known before that.
export*from'./probes.mjs';
globalThis.${GLOBAL}.pending?.();
`,
};
