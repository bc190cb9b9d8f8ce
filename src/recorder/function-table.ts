import { constant, type Constant } from './constant.js';
import { softness } from './is-secret.js';
import { quote } from './quote.js';
import { NAME, roleOf, VALUE } from './secret-pairs.js';
import { arrayMap, arrayPush, Uint8Array } from '../intrinsics.js';

/** One rewritten function, as the loader registers it. */
export interface FunctionEntry {
  name: string;
  line: number;
  column: number;
  kind: string;
  async: boolean;
  generator: boolean;
  params: string[];
  /** Where it was written, if not in the module that holds it. */
  path?: string;
  /** Then: its place in that module. */
  generated?: { line: number; column: number };
  /** What it returns is secret. */
  secret?: boolean;
}

/** A module whose functions have been given ids. */
export interface RegisteredFile {
  /** Relative to cwd where it lies below it, with `/`. */
  path: string;
  functions: FunctionEntry[];
}

/** What is known of a function, by its id. */
export interface KnownFunction {
  entry: FunctionEntry;
  path: string;
  /** Made when its first line is: most functions of most programs are never called. */
  text: FunctionText | null;
}

/** The constant parts of a function's lines. */
export interface FunctionText {
  /** From after the parent's id to the number of `t0_ns`. */
  call: Constant;
  /** From after the id to the number of `t1_ns`. */
  end: Constant;
  /** What comes before each argument, its name included; the last closes the list. */
  args: Constant[];
  /** Per argument, what its name says of its value or of the next; null: nothing of any. */
  named: Uint8Array | null;
  /** Two arguments, of which the first may be the name of a header. */
  pair: boolean;
}

/** @param modulePath where it stands unless its entry says something else */
export function knownFunction(modulePath: string, entry: FunctionEntry): KnownFunction {
  return { entry, path: entry.path ?? modulePath, text: null };
}

/** @returns the constant text of a function's lines */
export function functionText({ entry, path }: KnownFunction): FunctionText {
  const func = `"func":${quote(entry.name)}`;
  const flags = (entry.async ? ',"async":true' : '') + (entry.generator ? ',"generator":true' : '');
  const args = arrayMap(entry.params, (name, index) => `${index ? ',' : ',"args_preview":{'}${quote(name)}:`);
  arrayPush(args, args.length ? '}}\n' : ',"args_preview":{}}\n');
  return {
    call: constant(
      `,${func},"file":${quote(path)},"line":${entry.line},"column":${entry.column},"kind":"${entry.kind}"${flags},"t0_ns":`,
    ),
    end: constant(`,${func},"t1_ns":`),
    args: arrayMap(args, (text) => constant(text)),
    named: namedOf(entry.params),
    pair: entry.params.length === 2 || (entry.params.length === 3 && entry.params[2] === 'arguments'),
  };
}

/** Beside a `Softness`: it names the value of a `VALUE_ARGUMENT`. */
export const NAME_ARGUMENT = 4;
export const VALUE_ARGUMENT = 5;
/** As `FunctionText.named` has it; a third argument is all of them again. */
export const HEADER_AND_VALUE = new Uint8Array([NAME_ARGUMENT, VALUE_ARGUMENT, 0]);

function namedOf(params: string[]): Uint8Array | null {
  const named = new Uint8Array(params.length);
  let any = false;
  for (let i = 0; i < params.length; i++) {
    const role = roleOf(params[i]);
    named[i] = role === NAME ? NAME_ARGUMENT : role === VALUE ? VALUE_ARGUMENT : softness(params[i]);
    any ||= named[i] === NAME_ARGUMENT || (named[i] !== VALUE_ARGUMENT && named[i] !== 0);
  }
  return any ? named : null;
}
