import * as fs from 'node:fs';
import * as urls from 'node:url';
import * as util from 'node:util';
import type { LastThrow } from '../recorder/recorder.js';
import { HIDE_LINE, originalOffset } from '../transform/edits.js';
import { isMapped, wantsSourceMaps } from './linked-code.js';
import type { SourceFile, SourcePair, SourceTable } from './source-table.js';

const { readFileSync, writeSync } = fs;
const { fileURLToPath, pathToFileURL } = urls;
const { types } = util;

/**
 * Prints what Node prints above an uncaught error: file, line, source line and a caret. Node itself leaves it out for
 * a rewritten line (see `HIDE_LINE`), because that line is not what the user wrote.
 */
export function printUncaughtLine(
  error: unknown,
  fromPromise: boolean,
  sources: SourceTable,
  last: LastThrow,
  originalNamed: (file: SourceFile, name: string) => { text?: string } | undefined,
): void {
  const { statement } = last;
  // Rewritten code throws on what it caught, on a line Node does not show; a rejected promise is known by its error alone.
  const passedOn = !fromPromise && last.passedOn(error);
  const place =
    (passedOn && statement && statement.value === error
      ? placeOfThrow(statement.fn, statement.at, sources)
      : undefined) ??
    placeOfStack(error, passedOn, sources, originalNamed) ??
    (statement && statement.value === error ? placeInBuilt(statement, fromPromise, sources) : undefined);
  if (!place) return;
  const { name, line, column, text } = place;
  // A tab stays one, so that the caret stands below its place.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const lines = `${name}:${line}\n${text}\n${indent}^\n`;
  // Node puts the empty line elsewhere when what was thrown is not an error.
  writeSync(2, types.isNativeError(error) ? `${lines}\n` : `\n${lines}`);
}

/** A place as Node names it. */
interface Place {
  name: string;
  line: number;
  column: number;
  text: string;
}

function placeOfThrow(fn: number, at: number, sources: SourceTable): Place | undefined {
  const pair = sources.byFunction(fn);
  // Where the module came with a map, the stack knows the place in what it was made of.
  if (!pair || (isMapped(pair.original) && pair.original.includes('sourceMappingURL='))) return undefined;
  return placeIn(pair, at);
}

/** Where the original is not there, Node shows the built text: of a rejection at what its frame meant, the `new`. */
function placeInBuilt(
  { fn, at }: { fn: number; at: number },
  fromPromise: boolean,
  sources: SourceTable,
): Place | undefined {
  const pair = sources.byFunction(fn);
  if (!pair || !isMapped(pair.original)) return undefined;
  const before = fromPromise ? /^throw\s+/.exec(pair.original.slice(at, at + 100))?.[0].length : undefined;
  return placeIn(pair, at + (before ?? 0));
}

/** Where the top frame of the error's stack is, unless Node shows it. */
function placeOfStack(
  error: unknown,
  passedOn: boolean,
  sources: SourceTable,
  originalNamed: (file: SourceFile, name: string) => { text?: string } | undefined,
): Place | undefined {
  const stack = types.isNativeError(error) ? error.stack : undefined;
  // Of these Node shows the JSON text.
  if (error instanceof SyntaxError && stack?.includes('\n    at JSON.parse (<anonymous>)')) return undefined;
  if (passedOn && isUnhandledEvent(error)) return placeInEvents();
  const frame = typeof stack === 'string' ? /\n {4}at (?:.*\()?(.*?):(\d+):(\d+)\)?(?:\n|$)/.exec(stack) : null;
  if (!frame) return undefined;
  const [name, line, column] = [frame[1], Number(frame[2]), Number(frame[3])];
  if (name.startsWith('node:')) return passedOn ? placeInNode(name, line, column) : undefined;
  const filename = name.startsWith('file:') ? fileURLToPath(name) : name;
  const pair = sources.byFilename(filename);
  // Rewritten lines have the numbers of the original ones.
  const hidden = pair && lineAt(pair.rewritten, pair.rewrittenLines.offsetOf(line, 1)).includes(HIDE_LINE);
  const inMap =
    pair || !wantsSourceMaps() ? undefined : firstOf(sources.mapped(), (file) => originalNamed(file, filename));
  if (!passedOn && !hidden && inMap === undefined) return undefined;
  // With source maps the frame names the original place already.
  if (pair && !isMapped(pair.original)) {
    return placeIn(pair, originalOffset(pair.rewrittenLines.offsetOf(line, column), pair.edits));
  }
  if (pair) return placeIn(pair, pair.originalLines.offsetOf(line, column));
  const whole = textOfFile(filename) ?? inMap?.text;
  const text = whole?.split(/\r\n|[\n\r]/)[line - 1];
  if (text === undefined) return undefined;
  return { name: filename, line, column: passedOn ? throwColumn(text, column) : column, text };
}

/** undefined: it is not shipped, or no file. */
function textOfFile(name: string): string | undefined {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return undefined;
  }
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function placeIn({ file, original, originalLines }: SourcePair, offset: number): Place {
  const line = originalLines.lineOf(offset);
  return {
    name: file.kind === 'module' ? pathToFileURL(file.filename).href : file.filename,
    line,
    column: originalLines.columnOf(offset),
    text: lineAt(original, originalLines.offsetOf(line, 1)),
  };
}

/** An emitter without a listener has thrown it, and left what Node needs to say where it was emitted. */
function isUnhandledEvent(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  return Object.getOwnPropertySymbols(error).some(({ description }) => description === 'kEnhanceStackBeforeInspector');
}

function placeInEvents(): Place | undefined {
  const lines = sourceInNode('node:events')?.split('\n') ?? [];
  const index = lines.findIndex((text) => text.trim() === "throw er; // Unhandled 'error' event");
  return index < 0 ? undefined : placeInNode('node:events', index + 1, lines[index].indexOf('throw') + 1);
}

function placeInNode(name: string, line: number, column: number): Place | undefined {
  const text = sourceInNode(name)?.split('\n')[line - 1];
  if (text === undefined) return undefined;
  return { name, line, column: throwColumn(text, column), text };
}

/** Node carries its own sources. */
function sourceInNode(name: string): string | undefined {
  const host = process as unknown as { binding(name: string): Record<string, unknown> };
  // It would print a warning then.
  if (process.execArgv.includes('--pending-deprecation') || process.env.NODE_PENDING_DEPRECATION === '1')
    return undefined;
  const source = host.binding('natives')[name.slice('node:'.length)];
  return typeof source === 'string' ? source : undefined;
}

/** A frame names the `new` of `throw new Error()`, the line above the message its `throw`. */
function throwColumn(text: string, column: number): number {
  const statement = /throw\s+$/.exec(text.slice(0, column - 1));
  return statement ? statement.index + 1 : column;
}

function lineAt(source: string, start: number): string {
  return /^[^\n\r\u2028\u2029]*/.exec(source.slice(start))![0];
}
