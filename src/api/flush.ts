import * as fs from 'node:fs';
import * as paths from 'node:path';
import { makeFolder } from '../files/make-folder.js';
import type { ApiHost } from './host.js';
import {
  allocUnsafeSlow,
  arrayIncludes,
  arrayPush,
  bytesView,
  indexOfByte,
  joinBytes,
  latin1Slice,
  min,
  Promise,
  setImmediate,
  stringIncludes,
  Uint8Array,
} from '../intrinsics.js';

// Taken when the agent starts: programs put mocks in their place.
const { openSync, readSync, writeSync, closeSync, renameSync, rmSync, fstatSync } = fs;
const { dirname, resolve } = paths;
const CHUNK = 1024 * 1024;
const NEW_LINE = 10;

export function createFlush(host: ApiHost) {
  const { recorder, proc, outputFiles } = host;
  let copies = 0;

  function drain(): void {
    host.ends.sweep(false);
    recorder.drain();
  }

  /** Everything that this process has recorded so far, in a file of its own: in steps, for it may be much. */
  function copy(path: string): Step {
    const target = resolve(path);
    host.seen();
    // The opening comes with the first event, also when there was none.
    recorder.raw('');
    drain();
    const files = outputFiles();
    if (arrayIncludes(files, target)) return () => false;
    const draft = `${target}.${proc}-${++copies}`;
    let lines: LineCopy | null = null;
    return () => {
      try {
        lines ??= openCopy(target, draft, files, proc);
        if (lines.step()) return true;
        lines.close();
        // At once: a reader finds the whole of the old one or the whole of the new one.
        renameSync(draft, target);
      } catch (error) {
        discard(lines, draft);
        host.warn(`cannot flush to ${target} (${(error as Error).message}); give flush() a path that can be written`);
      }
      return false;
    };
  }

  return {
    flushSync(path?: string): void {
      if (path === undefined) return drain();
      const step = copy(path);
      while (step());
    },
    async flush(path?: string): Promise<void> {
      if (path === undefined) return drain();
      const step = copy(path);
      while (step()) await new Promise<void>((done) => setImmediate(done));
    },
  };
}

/** @returns whether there is more to do */
type Step = () => boolean;

interface LineCopy {
  step: Step;
  close(): void;
}

/** Copies the lines of one process; the last one, if another process is still at it, is left for later. */
function openCopy(target: string, draft: string, files: readonly string[], proc: string): LineCopy {
  makeFolder(dirname(target));
  const to = openSync(draft, 'wx', 0o600);
  let file = 0;
  let from = -1;
  let open = true;
  const mark = `","proc":"${proc}"`;
  let rest = new Uint8Array(0);
  let at = 0;
  let end = -1;

  function nextFile(): boolean {
    if (file + 1 >= files.length) return false;
    file++;
    closeSync(from);
    from = -1;
    at = 0;
    end = -1;
    rest = new Uint8Array(0);
    return true;
  }

  function step(): boolean {
    if (end < 0) {
      from = openSync(files[file], 'r');
      end = fstatSync(from).size;
    }
    if (at >= end) return nextFile();
    const chunk = allocUnsafeSlow(min(CHUNK, end - at));
    const count = readSync(from, chunk, 0, chunk.length, at);
    if (count === 0) return nextFile();
    at += count;
    const text = joinBytes([rest, bytesView(chunk, 0, count)]);
    const own: Uint8Array[] = [];
    let begin = 0;
    for (let newLine; (newLine = indexOfByte(text, NEW_LINE, begin)) >= 0; begin = newLine + 1) {
      // `{"type":"...","proc":"..."` begins every line.
      const head = latin1Slice(text, begin, min(newLine, begin + 80));
      if (stringIncludes(head, mark)) arrayPush(own, bytesView(text, begin, newLine + 1));
    }
    rest = bytesView(text, begin, text.length);
    const lines = joinBytes(own);
    for (let done = 0; done < lines.length;) done += writeSync(to, lines, done);
    return true;
  }
  return {
    step,
    close() {
      if (!open) return;
      open = false;
      if (from >= 0) closeSync(from);
      closeSync(to);
    },
  };
}

function discard(lines: LineCopy | null, draft: string): void {
  try {
    lines?.close();
    rmSync(draft, { force: true });
  } catch {
    // It is the first error that counts.
  }
}
