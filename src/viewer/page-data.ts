import type { EmbeddedSource, ReportData } from '../report/report-data.js';
import type { ByteSource } from '../reader/source.js';

/** What the page holds besides its markup. */
export interface PageData {
  readonly report: ReportData | undefined;
  readonly sources: readonly EmbeddedSource[];
  readonly blocks: readonly Block[];
}

/** Raw lines, packed; unpacked when they are needed. */
export interface Block {
  readonly at: number;
  readonly size: number;
  unpack(): Promise<Uint8Array>;
}

export async function readPage(document: Document): Promise<PageData> {
  const elements = [...document.querySelectorAll<HTMLScriptElement>('script[data-kind]')];
  const of = (kind: string): HTMLScriptElement[] => elements.filter(({ dataset }) => dataset.kind === kind);
  const json = async (kind: string): Promise<unknown> => {
    const [element] = of(kind);
    return element && (JSON.parse(new TextDecoder().decode(await unpacked(element))) as unknown);
  };
  let at = 0;
  const blocks = of('lines').map((element) => {
    const block = { at, size: Number(element.dataset.size), unpack: () => unpacked(element) };
    at += block.size;
    return block;
  });
  return {
    report: (await json('report')) as ReportData | undefined,
    sources: ((await json('sources')) ?? []) as EmbeddedSource[],
    blocks,
  };
}

async function unpacked({ textContent }: Element): Promise<Uint8Array> {
  return gunzip(new Blob([fromBase64(textContent ?? '')]));
}

export async function gunzip(blob: Blob): Promise<Uint8Array> {
  const stream = blob.stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64: native } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (native) return native.call(Uint8Array, text);
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Unpacked bytes that are kept: all of a small report, the last used of a large one. */
const KEPT_BYTES = 48 << 20;

/** Lines out of the blocks; a line is never in two of them. */
export class BlockSource implements ByteSource {
  readonly name = 'report';
  readonly #kept = new Map<Block, Promise<Uint8Array>>();
  #keptBytes = 0;

  constructor(private readonly blocks: readonly Block[]) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    const block = this.#blockAt(offset);
    const bytes = await this.bytesOf(block);
    return bytes.subarray(offset - block.at, offset - block.at + length);
  }

  bytesOf(block: Block): Promise<Uint8Array> {
    const known = this.#kept.get(block);
    if (known) {
      this.#kept.delete(block);
      this.#kept.set(block, known);
      return known;
    }
    const bytes = block.unpack();
    this.#kept.set(block, bytes);
    this.#keptBytes += block.size;
    for (const [old] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || old === block) break;
      this.#kept.delete(old);
      this.#keptBytes -= old.size;
    }
    return bytes;
  }

  #blockAt(offset: number): Block {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.blocks[middle].at <= offset) low = middle;
      else high = middle - 1;
    }
    return this.blocks[low];
  }
}
