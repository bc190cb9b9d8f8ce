import * as vm from 'node:vm';
import { isMainThread, workerThreads } from '../thread.js';
import type { Compilable } from '../transform/types.js';

// Taken before the program can replace them.
const { Script, compileFunction } = vm;
const stackSizeMb = isMainThread ? undefined : workerThreads().resourceLimits.stackSizeMb;

const WRAPPER = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Levels of a syntax tree from which on it counts how much of the stack is left. */
export const DEEP = 250;

/**
 * Why V8 does not take a text; undefined: it does. Nothing of it runs. What V8 takes here it takes again when the module is
 * loaded, if the stack is as large then: a deeply nested text is asked for with less stack than the main thread has.
 */
export function refusal(text: Compilable, deep: boolean): string | undefined {
  if (text.as === 'parsed') return text.error;
  try {
    if (deep) withLessStack(() => compile(text));
    else compile(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function compile({ as, text }: { as: 'wrapper' | 'script'; text: string }): void {
  if (as === 'wrapper') compileFunction(text, WRAPPER);
  else new Script(text, { filename: '' });
}

/** In kB: what V8 uses of the main thread's stack, and what that leaves for the code that loads the module. */
const MAIN_STACK = 984;
const USABLE = 900;

function withLessStack(run: () => void): void {
  // A thread has 4 MB, and 192 kB of them are not V8's.
  const own = stackSizeMb === undefined ? MAIN_STACK : stackSizeMb * 1024 - 192;
  const left = levelsLeft();
  deeper(Math.floor(left * Math.max(1 - USABLE / own, 0.05)), run);
}

function levelsLeft(): number {
  let levels = 0;
  const count = (): void => {
    levels++;
    count();
  };
  try {
    count();
  } catch {
    // The stack has ended.
  }
  return levels;
}

function deeper(levels: number, run: () => void): void {
  if (levels > 0) deeper(levels - 1, run);
  else run();
}
