import { Indexer } from '../reader/indexer.js';
import { blobSource, bytesSource } from '../reader/source.js';
import { Trace } from '../reader/trace.js';
import { BlockSource, gunzip, type Block } from './page-data.js';

export type Progress = (done: number, of: number) => void;

/** Indexes the blocks of the page. Between two of them the page is free: a key is never kept waiting for long. */
export async function loadBlocks(blocks: readonly Block[], progress: Progress): Promise<Trace> {
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  const source = new BlockSource(blocks);
  const indexer = new Indexer(size);
  indexer.begin('report');
  for (const block of blocks) {
    indexer.write(await source.bytesOf(block));
    progress(block.at + block.size, size);
    await untilFree();
  }
  indexer.end();
  return new Trace(indexer, [source]);
}

/** A trace file that was dropped on the page, or chosen; packed or not. Its text is never held. */
export async function loadFile(file: File, progress: Progress): Promise<Trace> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const indexer = new Indexer(file.size);
  indexer.begin(file.name);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    const bytes = await gunzip(file);
    indexer.write(bytes);
    indexer.end();
    return new Trace(indexer, [bytesSource(bytes, file.name)]);
  }
  const piece = 4 << 20;
  for (let at = 0; at < file.size; at += piece) {
    indexer.write(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
    progress(Math.min(file.size, at + piece), file.size);
    await untilFree();
  }
  indexer.end();
  return new Trace(indexer, [blobSource(file, file.name)]);
}

/** Lets the page draw and take keys. A timer would be put off by 4 ms each time. */
function untilFree(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}
