/** What the transform is asked for and what it answers. It knows no policy: filters come in as functions. */

/** How a source is to be read: `commonjs` allows a top-level `return`, `unambiguous` lets the text decide. */
export type SourceKind = 'module' | 'commonjs' | 'unambiguous';

/** `body`: the JavaScript body of a strict async function, into which tools like Vite turn a module. */
export type CodeKind = SourceKind | 'body';

/** One function of a source file, in the order of its local id. */
export interface FunctionInfo {
  /** Qualified as a developer would write it: `Cart.total`, `Cart.#price`, `Cart.static from`, `<anonymous>`. */
  name: string;
  /** 1-based. */
  line: number;
  /** 1-based, in UTF-16 units. */
  column: number;
  kind: 'function' | 'arrow' | 'method' | 'getter' | 'setter' | 'constructor';
  async: boolean;
  generator: boolean;
  /** Eight hex digits: a hash of its text without the functions inside it. */
  text?: string;
  /** Names of the values handed to `enter`, in their order: one per name that the parameters bind. */
  params: string[];
  /** The file it was written in, where a source map says that this is another one than the text it is in. */
  path?: string;
  /** Then: where it begins in that text. 1-based. */
  generated?: { line: number; column: number };
  /** Its name says that what it returns is secret: `get password() {...}`, `getToken() {...}`. */
  secret?: true;
}

/** The source map that a text came with. */
export interface IncomingMap {
  json: string;
  /**
   * An original file.
   *
   * @param name as the map has it
   * @param content its text, if the map brings it
   * @returns null when it is not the user's own; without `text` when it cannot be found
   */
  original(name: string, content?: string): { path: string; filename: string; text?: string } | null;
  /** Told why functions are recorded at their generated places. */
  unusable(reason: string): void;
}

/** At `at` of the original text `remove` characters go and `insert` comes; edits are ordered by place. */
export interface Edit {
  at: number;
  remove: number;
  insert: string;
  /** Of what closes a function after whose last statement V8 counts no block (src/loader/coverage.ts): where that ends. */
  lastEnd?: number;
  /** What that statement is: `leaves` for `return` and `throw`, `block` for a block, else undefined. */
  lastIs?: 'leaves' | 'block';
}

export interface InstrumentOptions {
  kind: CodeKind;
  /** Specifier of the module that a rewritten ES module imports its probe functions from; null: they are globals. */
  runtimeUrl: string | null;
  /** Functions for which this returns false stay as they are. */
  includeFunction?: (name: string, path?: string) => boolean;
  /** A parameter for which this returns true is never passed on; its place is taken by a constant. */
  redactParameter?: (name: string) => boolean;
  /** Ranges of coverage count more than the messages of V8. */
  coverage?: boolean;
  /** Where the text was generated from others: its functions are reported as they are there. */
  map?: IncomingMap;
}

export interface Instrumented {
  /** The rewritten text. Function ids in it count from 0: `linkIds` makes them unique in a process. */
  code: string;
  /** How the text was read in the end. */
  kind: 'module' | 'commonjs';
  /** Every name that the rewritten text adds starts with this, and nothing in the original does. */
  prefix: string;
  functions: FunctionInfo[];
  edits: Edit[];
  /** Functions left as they are, with the reason: `with`, `direct eval`, `await using`. */
  leftAlone: { name: string; line: number; reason: string; path?: string }[];
  /** Levels of the syntax tree. */
  deepest: number;
  /** The text as V8 can be asked whether it takes it. */
  compilable(): Compilable;
}

/** A text from which the verdict on a rewritten one can be had without running anything. */
export type Compilable =
  /** `wrapper`: the body of a CommonJS module; `script`: as it is. */
  | { as: 'wrapper' | 'script'; text: string }
  /** Not JavaScript: what the parser says against it. */
  | { as: 'parsed'; error: string | undefined };

/** A module that a test runner compiles by itself, past Node's loaders. */
export interface RunnerSource {
  filename: string;
  /** As the runner is about to compile it. */
  code: string;
  kind: SourceKind;
  /** JSON of the map from `code` to what it was made of. */
  map?: string;
  /** Characters that the runner puts in front of it. */
  wrapper?: number;
}

export interface RunnerCode {
  code: string;
  /** A file with the map from this code to what the source was made of; null: it has no other one than before. */
  mapFile(): string | null;
}

/** A module that a tool has compiled to the body of a function, and is about to run by itself. */
export interface CompiledBody {
  /** The file that it was made from. */
  filename: string;
  code: string;
  /** JSON of the map that goes with it; without, it is looked for at the end of the code. */
  map?: string;
  /** Lines that the map has above those of the code, for what the tool puts there. */
  linesAbove?: number;
}

/** What is run instead of a body. */
export interface LinkedBody {
  code: string;
  /** Where the body's map stood beside it. */
  map?: string;
  /** What follows `withoutMap` in the script, now and without us. */
  behind: { ran: number; original: number };
}

/** The source cannot be rewritten; `message` says why in the parser's words. */
export class UnparsableSource extends Error {
  override name = 'UnparsableSource';
}

/** An ESTree node, as far as this folder needs one. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: any;
}
