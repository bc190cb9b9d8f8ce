import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GrowingTrace } from '../reader/node/growing-trace.js';
import { filesOf, InputError, openTrace } from '../reader/node/open-trace.js';
import type { Trace } from '../reader/trace.js';
import { ToolError } from './arguments.js';

const TO_RECORD =
  'Record one: run the program or its tests as "npx handit -- npm test" (or "npx handit app.js"), then ask again.';

interface Opened {
  readonly file: string;
  readonly ino: number;
  size: number;
  readonly trace: Trace;
  /** Reads what has come. */
  readonly more: () => void;
}

/** The trace that is asked about: a file, or the newest one of a folder. Opened when it is first asked for. */
export class TraceFile {
  #opened: Opened | undefined;
  #file = '';

  constructor(private readonly input: string) {}

  /** As far as it goes now. */
  async current(): Promise<Trace> {
    const file = (this.#file = this.#find());
    const { ino, size } = statSync(file);
    const known = this.#opened;
    if (known?.file === file && known.ino === ino && size >= known.size) {
      if (size > known.size) known.more();
      known.size = size;
    } else {
      known?.trace.close();
      this.#opened = undefined;
      this.#opened = await open(file, ino, size);
    }
    const { trace } = this.#opened!;
    if (trace.processes.length === 0) throw new ToolError(`${basename(file)} holds no trace yet. ${TO_RECORD}`);
    return trace;
  }

  get path(): string {
    return this.#file;
  }

  get name(): string {
    return basename(this.#file);
  }

  /** Another trace, to compare with: beside this one, or by its path. */
  async other(name: string): Promise<Trace> {
    const beside = join(this.#file, '..', name);
    try {
      return await openTrace(existsSync(name) ? name : beside);
    } catch (error) {
      if (error instanceof InputError)
        throw new ToolError(`${error.message}. base is a trace file, or leave it out for the last green run`);
      throw error;
    }
  }

  #find(): string {
    if (!existsSync(this.input)) throw new ToolError(`There is no trace ${this.input}. ${TO_RECORD}`);
    if (!statSync(this.input).isDirectory()) return this.input;
    const newest = tracesIn(this.input)[0];
    if (newest === undefined) throw new ToolError(`There is no trace in ${this.input}. ${TO_RECORD}`);
    return newest;
  }
}

/** Files of a folder that are traces, the newest first. */
function tracesIn(folder: string): string[] {
  let files: string[];
  try {
    files = filesOf(folder);
  } catch {
    return [];
  }
  const byTime = files.map((file) => ({ file, time: statSync(file).mtimeMs })).sort((a, b) => b.time - a.time);
  return byTime.map(({ file }) => file).filter(isTrace);
}

/** By the first bytes: other programs write *.jsonl too. */
function isTrace(file: string): boolean {
  if (!file.endsWith('.jsonl')) return true;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(64);
    return /^\s*\{"type":"[a-z_]+","proc":/.test(head.toString('latin1', 0, readSync(descriptor, head, 0, 64, 0)));
  } finally {
    closeSync(descriptor);
  }
}

async function open(file: string, ino: number, size: number): Promise<Opened> {
  try {
    if (!file.endsWith('.jsonl')) return { file, ino, size, trace: await openTrace(file), more: () => undefined };
    const growing = new GrowingTrace(file);
    growing.read();
    return { file, ino, size, trace: growing.trace, more: () => growing.read() };
  } catch (error) {
    if (error instanceof InputError) throw new ToolError(`${error.message}. ${TO_RECORD}`);
    throw error;
  }
}
