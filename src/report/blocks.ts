import { gzipSync } from 'node:zlib';

/** Raw bytes of one block: what is unpacked to show one call. */
const BLOCK = 1 << 20;

/** Puts lines together to blocks, each packed by itself, as elements of the page. */
export class BlockWriter {
  #parts: Uint8Array[] = [];
  #length = 0;
  #lines = 0;
  /** Raw bytes so far. */
  size = 0;

  constructor(private readonly write: (text: string) => void) {}

  /** The line may be used again afterwards. */
  line(line: Uint8Array): void {
    if (this.#length > 0 && this.#length + line.length + 1 > BLOCK) this.flush();
    const copy = new Uint8Array(line.length + 1);
    copy.set(line);
    copy[line.length] = 0x0a;
    this.#parts.push(copy);
    this.#length += copy.length;
    this.#lines++;
  }

  flush(): void {
    if (this.#length === 0) return;
    const raw = Buffer.concat(this.#parts, this.#length);
    this.write(`${element('lines', packed(raw), raw.length, this.#lines)}\n`);
    this.size += raw.length;
    this.#parts = [];
    this.#length = 0;
    this.#lines = 0;
  }
}

export function jsonElement(kind: string, value: unknown): string {
  return bytesElement(kind, Buffer.from(JSON.stringify(value)));
}

/** Data of the page that is no text: base64 holds nothing that could end the element. */
export function bytesElement(kind: string, raw: Uint8Array): string {
  return `${element(kind, packed(raw), raw.length)}\n`;
}

function packed(raw: Uint8Array): string {
  return gzipSync(raw, { level: 6 }).toString('base64');
}

function element(kind: string, base64: string, size: number, lines?: number): string {
  const many = lines === undefined ? '' : ` data-lines="${lines}"`;
  return `<script type="application/gzip" data-kind="${kind}" data-size="${size}"${many}>${base64}</script>`;
}
