import { indexFrom } from '../reader/index-data.js';
import { Trace } from '../reader/trace.js';
import type { PackedLines } from './line-cache.js';
import type { Input, Progress } from './store.js';
import { linkStore, type StoreLink } from './store-link.js';

/** A trace with the store that its lines are in. */
export interface Loaded {
  readonly trace: Trace;
  readonly store: StoreLink;
}

/** Reads in a thread of its own, if there is much. */
export class Loader {
  readonly #store: Promise<StoreLink>;

  /**
   * @param size bytes to read
   * @param script of this page, which runs in the other thread too
   */
  constructor(
    size: number,
    script: string,
    private readonly progress: Progress,
  ) {
    this.#store = linkStore(size, script);
  }

  /** What came with the page: its index is read; lines are unpacked when something of them is shown. */
  index(index: string): Promise<Loaded> {
    return this.#load({ index });
  }

  /** To be called when the page is there: nothing of the lines is needed before. */
  async lines(blocks: readonly PackedLines[]): Promise<void> {
    await (await this.#store).take(blocks);
  }

  /** A trace file that was dropped on the page, or chosen; packed or not. Its text is never held. */
  file(file: File): Promise<Loaded> {
    return this.#load({ file, name: file.name });
  }

  async #load(input: Input): Promise<Loaded> {
    const store = await this.#store;
    const index = indexFrom(await store.open(input, this.progress));
    const source = { name: 'report', read: (at: number, length: number) => store.read(at, length) };
    return { trace: new Trace(index, [source]), store };
  }
}
