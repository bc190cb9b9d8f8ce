import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../files/make-folder.js';
import type { ApiHost } from './host.js';

// Taken when the agent starts: programs put mocks in their place.
const { openSync, readSync, writeSync, closeSync, renameSync, rmSync, fstatSync } = fs;
const { setImmediate: later } = globalThis;
const CHUNK = 1024 * 1024;
const NEW_LINE = 10;

export function createFlush(host: ApiHost) {
  const { recorder, proc, outputFile } = host;
  let copies = 0;

  function drain(): void {
    host.ends.sweep(false);
    recorder.drain();
  }

  /** Everything that this process has recorded so far, in a file of its own: in steps, for it may be much. */
  function* copy(path: string): Generator<void> {
    const target = resolve(path);
    host.seen();
    // The opening comes with the first event, also when there was none.
    recorder.raw('');
    drain();
    if (target === outputFile) return;
    const draft = `${target}.${proc}-${++copies}`;
    try {
      makeFolder(dirname(target));
      const to = openSync(draft, 'wx', 0o600);
      try {
        yield* copyLines(outputFile, to, proc);
      } finally {
        closeSync(to);
      }
      // At once: a reader finds the whole of the old one or the whole of the new one.
      renameSync(draft, target);
    } catch (error) {
      try {
        rmSync(draft, { force: true });
      } catch {
        // It is the first error that counts.
      }
      host.warn(`cannot flush to ${target} (${(error as Error).message}); give flush() a path that can be written`);
    }
  }

  return {
    flushSync(path?: string): void {
      if (path === undefined) return drain();
      const steps = copy(path);
      while (!steps.next().done);
    },
    async flush(path?: string): Promise<void> {
      if (path === undefined) return drain();
      const steps = copy(path);
      while (!steps.next().done) await new Promise<void>((done) => later(done));
    },
  };
}

/** Copies the lines of one process; the last one, if another process is still at it, is left for later. */
function* copyLines(file: string, to: number, proc: string): Generator<void> {
  const from = openSync(file, 'r');
  try {
    const end = fstatSync(from).size;
    const mark = Buffer.from(`","proc":"${proc}"`);
    let rest = Buffer.alloc(0);
    for (let at = 0; at < end;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
      const count = readSync(from, chunk, 0, chunk.length, at);
      if (count === 0) break;
      at += count;
      const text = Buffer.concat([rest, chunk.subarray(0, count)]);
      const own: Buffer[] = [];
      let begin = 0;
      for (let newLine; (newLine = text.indexOf(NEW_LINE, begin)) >= 0; begin = newLine + 1) {
        // `{"type":"...","proc":"..."` begins every line.
        const head = text.subarray(begin, Math.min(newLine, begin + 80));
        if (head.includes(mark)) own.push(text.subarray(begin, newLine + 1));
      }
      rest = text.subarray(begin);
      const lines = Buffer.concat(own);
      for (let done = 0; done < lines.length;) done += writeSync(to, lines, done);
      yield;
    }
  } finally {
    closeSync(from);
  }
}
