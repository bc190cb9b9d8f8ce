import type { IndexData } from '../reader/index-data.js';
import { Indexer } from '../reader/indexer.js';
import { unpackIndex } from '../reader/pack-index.js';
import { blobSource } from '../reader/source.js';
import { indexDataOf } from '../reader/take-index.js';
import { Trace } from '../reader/trace.js';
import { BlockLines, FileLines, type Lines, type PackedLines } from './line-cache.js';
import { MatchedLines, type Sought } from './match-lines.js';
import { unpacked } from './packed.js';
import { untilFree } from './until-free.js';

export type Input = { readonly index: string } | { readonly file: File; readonly name: string };

export type Progress = (done: number, of: number) => void;

/** Where the lines of some nodes are: three a node (its first, its last, its settlement), -1 for none. */
export interface Places {
  readonly at: Float64Array;
  readonly length: Uint32Array;
  readonly isExchange: Uint8Array;
}

/**
 * The bytes of a trace, with all that takes long: in a thread of its own where the browser allows that, else in the
 * page's. All that goes in and out can be sent from one to the other.
 */
export class Store {
  #give!: (lines: Lines) => void;
  /** Whoever asks sooner waits for them. */
  readonly #lines = new Promise<Lines>((done) => (this.#give = done));

  /** @returns the index; where the input is no more than that, lines come by `take` */
  async open(input: Input, progress: Progress): Promise<IndexData> {
    if ('index' in input) return unpackIndex(await unpacked(input.index));
    const head = new Uint8Array(await input.file.slice(0, 2).arrayBuffer());
    const isPacked = head[0] === 0x1f && head[1] === 0x8b;
    const indexer = new Indexer(isPacked ? 0 : input.file.size);
    indexer.begin(input.name);
    const file = isPacked
      ? await readPacked(input.file, indexer, progress)
      : await readPlain(input.file, indexer, progress);
    indexer.end();
    this.#give(new FileLines(file));
    return indexDataOf(new Trace(indexer, [blobSource(file, input.name)]));
  }

  /** Lines that came with the page. */
  take(blocks: readonly PackedLines[]): Promise<void> {
    this.#give(new BlockLines(blocks));
    return Promise.resolve();
  }

  /** A copy: the bytes are sent away. */
  async read(at: number, length: number): Promise<Uint8Array> {
    const lines = await this.#lines;
    return (await lines.read(at, length)).slice();
  }

  /** By node: which of the sought values its lines have. */
  async match({ at, length, isExchange }: Places, sought: Sought): Promise<Uint8Array> {
    const found = new Uint8Array(isExchange.length);
    const matched = new MatchedLines(sought);
    const source = await this.#lines;
    const lines: (Uint8Array | undefined)[] = [];
    for (let node = 0; node < found.length; node++) {
      for (let part = 0; part < 3; part++) {
        const place = node * 3 + part;
        if (at[place] === -1) {
          lines[part] = undefined;
          continue;
        }
        const bytes = source.read(at[place], length[place]);
        lines[part] = bytes instanceof Uint8Array ? bytes : await bytes;
      }
      found[node] = matched.test(lines, isExchange[node] === 1);
    }
    return found;
  }
}

const PIECE = 4 << 20;

async function readPlain(file: File, indexer: Indexer, progress: Progress): Promise<Blob> {
  // The next piece is read while this one is looked at.
  const pieceAt = (at: number): Promise<ArrayBuffer> => file.slice(at, at + PIECE).arrayBuffer();
  let next = pieceAt(0);
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await next);
    next = pieceAt(at + PIECE);
    indexer.write(piece);
    progress(Math.min(file.size, at + PIECE), file.size);
    await untilFree();
  }
  return file;
}

/** What is unpacked is kept as a Blob, which the browser puts out of the memory of the page. */
async function readPacked(file: File, indexer: Indexer, progress: Progress): Promise<Blob> {
  const parts: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const put = async (): Promise<void> => {
    parts.push(new Blob(pieces));
    [pieces, size] = [[], 0];
    await untilFree();
  };
  let read = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      progress((read += chunk.length), file.size);
      controller.enqueue(chunk);
    },
  });
  const reader = file.stream().pipeThrough(counted).pipeThrough(new DecompressionStream('gzip')).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    indexer.write(value);
    pieces.push(value);
    if ((size += value.length) > PIECE) await put();
  }
  await put();
  return new Blob(parts);
}
