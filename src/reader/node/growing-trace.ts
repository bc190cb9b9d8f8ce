import { fstatSync, readSync } from 'node:fs';
import { Indexer } from '../indexer.js';
import { Trace } from '../trace.js';
import { fileSource } from './file-source.js';
import { inputError } from './open-trace.js';

const BLOCK = 1 << 20;

/** A plain file that is read in steps: as far as it goes now, or a part of it. */
export class GrowingTrace {
  readonly trace: Trace;
  readonly #indexer: Indexer;
  readonly #descriptor: number;
  readonly #block = Buffer.allocUnsafe(BLOCK);
  #offset = 0;

  constructor(name: string) {
    let source;
    try {
      source = fileSource(name);
    } catch (error) {
      throw inputError(name, error as NodeJS.ErrnoException);
    }
    this.#descriptor = source.descriptor;
    this.#indexer = new Indexer(fstatSync(source.descriptor).size);
    this.#indexer.begin(name);
    this.trace = new Trace(this.#indexer, [source]);
  }

  /** Reads what has come, at most so many bytes, and brings the trace up to date; returns how many there were. */
  read(most = Infinity): number {
    const begun = this.#offset;
    while (this.#offset - begun < most) {
      const count = readSync(this.#descriptor, this.#block, 0, BLOCK, this.#offset);
      if (count === 0) break;
      this.#indexer.write(this.#block.subarray(0, count));
      this.#offset += count;
    }
    if (this.#offset > begun) this.trace.update();
    return this.#offset - begun;
  }

  /** No more comes: a last line without an end is taken as it is. */
  end(): void {
    this.#indexer.end();
    this.trace.update();
  }

  close(): void {
    this.trace.close();
  }
}
