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

/** @param script of this page, which runs in the other thread too */
export class Loader {
  constructor(
    private readonly script: string,
    private readonly progress: Progress,
  ) {}

  /** What came with the page: only its index is read; lines are unpacked when something of them is shown. */
  blocks(index: string, blocks: readonly PackedLines[]): Promise<Loaded> {
    const size = blocks.reduce((sum, block) => sum + block.size, 0);
    return this.#load({ index, blocks }, size);
  }

  /** A trace file that was dropped on the page, or chosen; packed or not. Its text is never held. */
  file(file: File): Promise<Loaded> {
    return this.#load({ file, name: file.name }, file.size);
  }

  async #load(input: Input, size: number): Promise<Loaded> {
    const store = await linkStore(size, this.script);
    const index = indexFrom(await store.open(input, this.progress));
    const source = { name: 'report', read: (at: number, length: number) => store.read(at, length) };
    return { trace: new Trace(index, [source]), store };
  }
}
