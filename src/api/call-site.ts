import {
  arraySlice,
  each,
  Error,
  Number,
  regExpExec,
  regExpTest,
  stringReplace,
  stringSplit,
  stringStartsWith,
} from '../intrinsics.js';
export interface CallSite {
  /** As V8 names it: `Cart.total`; empty where it has no name. */
  name: string;
  filename: string;
  line: number;
  column: number;
}

/** Files of this package, and what compilers put around decorators. */
const OWN = /[\\/]dist[\\/](?:index|agent|register)\.[cm]?js$/;
const HELPER =
  /^(?:Object\.|exports\.)?(?:__decorate\w*|__esDecorate|__runInitializers|__param|__metadata|_?applyDec\w*)$/;
const FRAME = /^ {4}at (?:async )?(?:(.*?) (?:\[as [^\]]*\] )?\()?(.*?):(\d+):(\d+)\)?$/;

/** The place in the program that called into this package; undefined where there is none. */
export function callSite(): CallSite | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  let stack: string | undefined;
  try {
    // The program's own would run.
    (Error as { prepareStackTrace?: unknown }).prepareStackTrace = undefined;
    Error.stackTraceLimit = 20;
    stack = new Error().stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (typeof stack !== 'string') return undefined;
  for (const text of each(arraySlice(stringSplit(stack, '\n'), 1))) {
    const frame = regExpExec(FRAME, text);
    if (!frame) continue;
    const [, name = '', filename, line, column] = each(frame);
    if (regExpTest(OWN, filename) || regExpTest(HELPER, name) || regExpTest(/[\\/]tslib[\\/]/, filename)) continue;
    if (stringStartsWith(filename, 'node:') || filename === '<anonymous>') continue;
    return { name: stringReplace(name, /^(?:new|async) /, ''), filename, line: Number(line), column: Number(column) };
  }
  return undefined;
}
