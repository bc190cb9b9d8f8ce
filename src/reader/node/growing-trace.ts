import { existsSync, fstatSync, readSync, statSync } from 'node:fs';
import { Indexer } from '../indexer.js';
import { Trace } from '../trace.js';
import { fileSource } from './file-source.js';
import { inputError, segmentsOf } from './open-trace.js';

const BLOCK = 1 << 20;
type FileSource = ReturnType<typeof fileSource>;

function open(name: string): FileSource {
  try {
    return fileSource(name);
  } catch (error) {
    throw inputError(name, error as NodeJS.ErrnoException);
  }
}

/**
 * The segments of one process, the oldest first.
 *
 * @param of one of them; absent: those of the process that has begun one last
 */
function newestSegments(file: string, of?: string): string[] {
  const all = segmentsOf(file);
  const begun = (name: string): number => statSync(name, { throwIfNoEntry: false })?.birthtimeMs ?? 0;
  const newest =
    of ?? all.reduce<string | undefined>((best, name) => (best && begun(best) >= begun(name) ? best : name), undefined);
  return all.filter((name) => processOf(name) === processOf(newest!));
}

function processOf(segment: string): string | undefined {
  return /\.([0-9a-f]{8})-\d+\.jsonl$/.exec(segment)?.[1];
}

/**
 * A plain file that is read in steps: as far as it goes now, or a part of it. Of a process with HANDIT_KEEP=newest, all
 * segments beside that file, one after the other.
 */
export class GrowingTrace {
  readonly trace: Trace;
  readonly #file: string;
  readonly #indexer: Indexer;
  readonly #sources: FileSource[] = [];
  readonly #block = Buffer.allocUnsafe(BLOCK);
  /** The segment that is being read; undefined: the file itself. */
  #segment: string | undefined;
  /** The one after it, where that has begun: then the last line of this one is written, but it may not have been read. */
  #next: string | undefined;
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
    this.#segment = existsSync(file) ? undefined : newestSegments(file)[0];
    const source = open(this.#segment ?? file);
    this.#indexer = new Indexer(fstatSync(source.descriptor).size);
    this.#begin(source);
    this.trace = new Trace(this.#indexer, this.#sources);
  }

  /** Reads what has come, at most that many bytes, and brings the trace up to date; returns how many there were. */
  read(most = Infinity): number {
    let total = 0;
    while (total < most) {
      const { descriptor } = this.#sources[this.#sources.length - 1];
      const count = readSync(descriptor, this.#block, 0, Math.min(BLOCK, most - total), this.#offset);
      if (count === 0) {
        if (this.#next !== undefined) this.#goOn(this.#next);
        else if ((this.#next = this.#nextSegment()) === undefined) break;
        continue;
      }
      this.#indexer.write(this.#block.subarray(0, count));
      this.#offset += count;
      total += count;
    }
    if (total > 0) this.trace.update();
    return total;
  }

  #nextSegment(): string | undefined {
    const current = this.#segment;
    return current === undefined ? undefined : newestSegments(this.#file, current).find((name) => name > current);
  }

  #goOn(segment: string): void {
    this.#indexer.end();
    this.#next = undefined;
    this.#segment = segment;
    this.#begin(open(segment));
  }

  #begin(source: FileSource): void {
    this.#indexer.begin(this.#segment ?? this.#file);
    this.#sources.push(source);
    this.#offset = 0;
  }

  /** No more comes: a last line without an end is taken as it is. */
  end(): void {
    this.#indexer.end();
    this.trace.update();
  }

  /** After the end: the nodes are not found by `proc:id` any more, which takes 16 MB for a trace of 1 GB. */
  forgetIds(): void {
    this.#indexer.forgetIds();
  }

  close(): void {
    this.trace.close();
  }
}
