import { closeSync, createReadStream, fstatSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Duplex, pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { Indexer } from '../indexer.js';
import type { SyncSource } from '../source.js';
import { Trace } from '../trace.js';
import { fileSource } from './file-source.js';
import { createSpool } from './spool.js';

/** An input cannot be read: one line says why, and what to do. */
export class InputError extends Error {}

export interface OpenOptions {
  /** Called now and then while bytes come. */
  onProgress?: (bytes: number) => void;
}

/**
 * Reads traces: files, `.gz` and `.zst` ones, `-` for standard input, folders (all `*.jsonl` in them, packed or not).
 * Several are one trace. Throws `InputError` where one cannot be read; damaged lines are counted in `damage`.
 */
export async function openTrace(inputs: string | readonly string[], options: OpenOptions = {}): Promise<Trace> {
  const names = (typeof inputs === 'string' ? [inputs] : inputs).flatMap(filesOf);
  const indexer = new Indexer(names.reduce((sum, name) => sum + sizeOf(name), 0));
  const sources: SyncSource[] = [];
  try {
    for (const name of names) {
      indexer.begin(name === '-' ? 'standard input' : name);
      sources.push(await readInput(name, indexer, options));
      indexer.end();
    }
  } catch (error) {
    for (const source of sources) source.close?.();
    throw error;
  }
  return new Trace(indexer, sources);
}

/** What a process with HANDIT_KEEP=newest wrote beside that file, in the order of the lines. */
export function segmentsOf(file: string): string[] {
  const base = basename(file).replace(/\.jsonl$/, '');
  let names: string[];
  try {
    names = readdirSync(dirname(file));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(`${base}.`) && /^[0-9a-f]{8}-\d{6,}\.jsonl$/.test(name.slice(base.length + 1)))
    .sort()
    .map((name) => join(dirname(file), name));
}

/** The files that an argument means. */
export function filesOf(input: string): string[] {
  if (input === '-') return [input];
  let stats;
  try {
    stats = statSync(input);
  } catch (error) {
    const segments = segmentsOf(input);
    if (segments.length > 0) return segments;
    throw inputError(input, error as NodeJS.ErrnoException);
  }
  if (stats.isFile()) return [input, ...segmentsOf(input)];
  if (!stats.isDirectory()) return [input];
  const names = readdirSync(input, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.jsonl(\.\w+)?$/.test(entry.name))
    .map(({ name }) => join(input, name))
    .sort();
  if (names.length === 0) throw new InputError(`there is no *.jsonl file in the folder ${input}`);
  return names;
}

export function inputError(file: string, error: NodeJS.ErrnoException): InputError {
  if (error.code === 'ENOENT') {
    return new InputError(`there is no file ${file}; record one with: node --import handit/register app.js`);
  }
  return new InputError(`cannot read ${file}: ${error.message}`);
}

const BLOCK = 1 << 20;

async function readInput(name: string, indexer: Indexer, options: OpenOptions): Promise<SyncSource> {
  if (name === '-') return readStream('standard input', process.stdin, indexer, options);
  let source;
  try {
    source = fileSource(name);
  } catch (error) {
    throw inputError(name, error as NodeJS.ErrnoException);
  }
  const isFile = fstatSync(source.descriptor).isFile();
  const head = isFile ? headOf(source.descriptor) : Buffer.alloc(0);
  if (isFile && packingOf(head) === undefined) {
    readFile(name, source.descriptor, indexer, options);
    return source;
  }
  closeSync(source.descriptor);
  return readStream(name, createReadStream(name), indexer, options);
}

function readFile(name: string, descriptor: number, indexer: Indexer, { onProgress }: OpenOptions): void {
  const block = Buffer.allocUnsafe(BLOCK);
  try {
    for (let offset = 0, count; (count = readSync(descriptor, block, 0, BLOCK, offset)) > 0; offset += count) {
      indexer.write(block.subarray(0, count));
      onProgress?.(count);
    }
  } catch (error) {
    throw inputError(name, error as NodeJS.ErrnoException);
  }
}

/** What comes only once is kept, unpacked, so that lines can be read back. */
async function readStream(
  name: string,
  stream: Readable,
  indexer: Indexer,
  { onProgress }: OpenOptions,
): Promise<SyncSource> {
  const spool = createSpool(name);
  const take = (block: Uint8Array): void => {
    spool.write(block);
    indexer.write(block);
    onProgress?.(block.length);
  };
  try {
    const blocks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = await firstBytes(blocks);
    const packing = packingOf(first);
    const rest = Readable.from(again(first, blocks), { objectMode: false });
    for await (const block of packing ? unpacked(name, rest, packing) : rest) take(block as Buffer);
  } catch (error) {
    // A job that was ended leaves a packed file without its end: what came is good.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR' && code !== 'Z_DATA_ERROR' && !code?.startsWith('ZSTD')) {
      throw error instanceof InputError ? error : inputError(name, error as NodeJS.ErrnoException);
    }
    indexer.note(`begins what cannot be unpacked (${(error as Error).message})`);
  }
  return spool.source();
}

type Packing = 'gzip' | 'zstd';

/** By the first bytes, for names may lie. */
function packingOf(head: Uint8Array): Packing | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return undefined;
}

function unpacked(name: string, stream: Readable, packing: Packing): Readable {
  // An error of one end is an error of the other.
  const through = (duplex: Duplex): Duplex => {
    pipeline(stream, duplex, () => undefined);
    return duplex;
  };
  if (packing === 'gzip') return through(zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }));
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Duplex };
  if (!createZstdDecompress) {
    throw new InputError(
      `${name} is packed with zstd, which Node ${process.versions.node} cannot read: use Node 22.15 or later, or unpack it with: zstd -d`,
    );
  }
  return through(createZstdDecompress());
}

async function firstBytes(blocks: AsyncIterator<Buffer>): Promise<Buffer> {
  let first = Buffer.alloc(0);
  while (first.length < 4) {
    const next = await blocks.next();
    if (next.done) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* again(first: Buffer, blocks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let next; !(next = await blocks.next()).done;) yield next.value;
}

function headOf(descriptor: number): Buffer {
  const head = Buffer.alloc(4);
  return head.subarray(0, readSync(descriptor, head, 0, 4, 0));
}

function sizeOf(name: string): number {
  try {
    return name === '-' || /\.(gz|zst)$/.test(name) ? 0 : statSync(name).size;
  } catch {
    return 0;
  }
}
