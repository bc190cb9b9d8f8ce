import * as nodeModule from 'node:module';
import type { LoaderOptions, Rewriting } from './loader.js';
import { kindOf } from './loaded-source.js';

/**
 * What tools compile (ts-node, @babel/register, tsx) they hand to `module._compile`, most of them after the load hooks.
 * So who asks for that method gets one that rewrites. Node itself, where the hooks have seen the text, gets its own: its
 * stacks get no frame more. They have not where asynchronous hooks of the program are registered as well (as by Yarn's
 * Plug'n'Play): Node reads a CommonJS module that is imported only when it compiles it then.
 */
export function watchCompile({ broken, skippedFile }: LoaderOptions, rewritten: Rewriting): CompileWatch {
  const { Module } = nodeModule as unknown as { Module: ModuleClass };
  const { prototype, _cache: cache } = Module;
  const native = Object.getOwnPropertyDescriptor(prototype, '_compile')!;
  const nativeCompile = native.value as Compile;
  const unname = nameOfFrame(nativeCompile);
  /** Files left to the `_compile` of a tool, which has not yet asked for ours. */
  const left = new Set<string>();
  const rewriting = rewritingCompile(nativeCompile, (filename, source, kind) => {
    left.delete(filename());
    return rewritten(filename, source, kind);
  });
  let current = nativeCompile;
  const texts = new GivenTexts();
  const descriptor: PropertyDescriptor = {
    configurable: true,
    enumerable: native.enumerable,
    get(this: { filename?: unknown }) {
      if (current !== nativeCompile) return current;
      try {
        return texts.isGiven(this.filename) ? nativeCompile : rewriting;
      } catch (error) {
        broken(error);
        return nativeCompile;
      }
    },
    set(this: object, value: Compile) {
      if (this === (prototype as object)) current = value === rewriting ? nativeCompile : value;
      else Object.defineProperty(this, '_compile', { ...native, value });
    },
  };
  Object.defineProperty(prototype, '_compile', descriptor);
  return {
    unseen: (filename) => texts.unseen(filename),
    seen: (filename, required) => texts.seen(filename, required),
    byTool(filename) {
      texts.seen(filename, false);
      if (current !== nativeCompile) left.add(filename);
      return current !== nativeCompile || Object.hasOwn(cache[filename] ?? {}, '_compile');
    },
    finish() {
      for (const filename of left) skippedFile(filename, 'compiled by a tool that does not pass its text on to Node');
      left.clear();
    },
    undo() {
      unname();
      if (Object.getOwnPropertyDescriptor(prototype, '_compile')?.get !== descriptor.get) return;
      Object.defineProperty(prototype, '_compile', {
        ...native,
        value: current,
      });
    },
  };
}

/** V8 names the frame of a function without a name by the property that holds it, which is an accessor now. */
function nameOfFrame(compile: Compile): () => void {
  const own = Object.getOwnPropertyDescriptor(compile, 'name')!;
  if (compile.name === '') Object.defineProperty(compile, 'name', { ...own, value: '_compile' });
  return () => Object.defineProperty(compile, 'name', own);
}

/** The texts that the hooks have given to Node, or have not. */
class GivenTexts {
  private readonly missed = new Set<unknown>();
  /** What Node compiles next. */
  private next: string | undefined;

  unseen(filename: string): void {
    this.missed.add(filename);
  }

  seen(filename: string, required: boolean): void {
    // Where a module is imported, others run before Node compiles it.
    this.next = required ? filename : undefined;
  }

  /** Whether Node asks how to compile a file, and the hooks have given it the text. */
  isGiven(filename: unknown): boolean {
    const isNext = this.next !== undefined && this.next === filename;
    this.next = undefined;
    return !this.missed.delete(filename) && (isNext || isAskedByNode());
  }
}

/** Whether the function around the getter is one of Node's. V8 looks for all line ends of the agent for that: 0.4 ms. */
function isAskedByNode(): boolean {
  // This one, the one above, the getter, and who reads it.
  const asking = (
    process.getBuiltinModule('node:util') as unknown as { getCallSites(count: number): { scriptName: string }[] }
  ).getCallSites(4)[3];
  return asking !== undefined && asking.scriptName.startsWith('node:');
}

export interface CompileWatch {
  /** Node has been given no text of a file by the hooks. */
  unseen(filename: string): void;
  /**
   * Node has been given the text of a file.
   *
   * @param required Node is about to compile it: nothing of the program's runs in between
   */
  seen(filename: string, required: boolean): void;
  /** Whether a tool has put itself between Node and the compiling of a file: it is to get the text as it is. */
  byTool(filename: string): boolean;
  /** Reports the files of which tools have not passed on the text. */
  finish(): void;
  undo(): void;
}

export interface ModuleClass {
  prototype: { _compile: Compile };
  _cache: Record<string, object | undefined>;
}

/** The last step before compiling CommonJS, with another text. */
export function rewritingCompile(original: Compile, rewritten: Rewriting): Compile {
  return function _compile(this: object, content: unknown, filename: string, ...rest: unknown[]): unknown {
    let code: string | null = null;
    const kind = kindOf(rest[0] as string | undefined);
    if (typeof content === 'string' && typeof filename === 'string' && kind) {
      code = rewritten(
        () => filename,
        () => content,
        filename.endsWith('.cjs') ? 'commonjs' : kind,
      );
    }
    return original.call(this, code ?? content, filename, ...rest);
  };
}

type Compile = (this: object, content: unknown, filename: string, ...rest: unknown[]) => unknown;
