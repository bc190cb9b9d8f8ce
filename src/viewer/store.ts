import type { IndexData } from '../reader/index-data.js';
import { Indexer } from '../reader/indexer.js';
import { unpackIndex } from '../reader/pack-index.js';
import { blobSource } from '../reader/source.js';
import { indexDataOf } from '../reader/take-index.js';
import { Trace } from '../reader/trace.js';
import { BlockLines, FileLines, type Lines, type PackedLines } from './line-cache.js';
import { MatchedLines, type Sought } from './match-lines.js';
import { unpacked } from './packed.js';

export type Input =
  { readonly index: string; readonly blocks: readonly PackedLines[] } | { readonly file: File; readonly name: string };

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
  #lines: Lines = { read: () => new Uint8Array(0) };

  async open(input: Input, progress: Progress): Promise<IndexData> {
    if ('index' in input) {
      this.#lines = new BlockLines(input.blocks);
      return unpackIndex(await unpacked(input.index));
    }
    const head = new Uint8Array(await input.file.slice(0, 2).arrayBuffer());
    const isPacked = head[0] === 0x1f && head[1] === 0x8b;
    const indexer = new Indexer(isPacked ? 0 : input.file.size);
    indexer.begin(input.name);
    const file = isPacked
      ? await readPacked(input.file, indexer, progress)
      : await readPlain(input.file, indexer, progress);
    indexer.end();
    this.#lines = new FileLines(file);
    return indexDataOf(new Trace(indexer, [blobSource(file, input.name)]));
  }

  /** A copy: the bytes are sent away. */
  async read(at: number, length: number): Promise<Uint8Array> {
    return (await this.#lines.read(at, length)).slice();
  }

  /** By node: which of the sought values its lines have. */
  async match({ at, length, isExchange }: Places, sought: Sought): Promise<Uint8Array> {
    const found = new Uint8Array(isExchange.length);
    const matched = new MatchedLines(sought);
    const lines: (Uint8Array | undefined)[] = [];
    for (let node = 0; node < found.length; node++) {
      for (let part = 0; part < 3; part++) {
        const place = node * 3 + part;
        if (at[place] === -1) {
          lines[part] = undefined;
          continue;
        }
        const bytes = this.#lines.read(at[place], length[place]);
        lines[part] = bytes instanceof Uint8Array ? bytes : await bytes;
      }
      found[node] = matched.test(lines, isExchange[node] === 1);
    }
    return found;
  }
}

const PIECE = 4 << 20;

async function readPlain(file: File, indexer: Indexer, progress: Progress): Promise<Blob> {
  for (let at = 0; at < file.size; at += PIECE) {
    indexer.write(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
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

/** Lets the page draw and take keys. A timer would be put off by 4 ms each time. */
function untilFree(): Promise<void> {
  if (typeof document === 'undefined') return Promise.resolve();
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}
