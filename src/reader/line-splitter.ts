/** Longer lines are passed over: no value that handit records is a hundredth of this. */
export const MAX_LINE = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

export interface LineTaker {
  /**
   * The bytes are good until the method returns.
   *
   * @param at place of the line in the input
   * @param line counts from 1
   * @param complete false for a last line without an end
   */
  line(buffer: Uint8Array, start: number, end: number, at: number, line: number, complete: boolean): void;
  tooLong(line: number): void;
}

/** Finds the lines in blocks of bytes that come one after the other. */
export class LineSplitter {
  /** The beginning of a line of which the end has not come. */
  #begun = new Uint8Array(1 << 16);
  #begunLength = 0;
  /** The begun line is too long to be kept. */
  #skipping = false;
  #line = 1;
  /** Place of the next byte that is written. */
  #at = 0;

  constructor(private readonly taker: LineTaker) {}

  /** Bytes that came. */
  get size(): number {
    return this.#at;
  }

  /** Lines that came, an unfinished last one too. */
  get lines(): number {
    return this.#line - 1 + (this.#begunLength > 0 ? 1 : 0);
  }

  write(block: Uint8Array): void {
    let start = this.#at === 0 ? afterByteOrderMark(block) : 0;
    if (this.#begunLength > 0 || this.#skipping) {
      const end = block.indexOf(NEWLINE, start);
      this.#keep(block, start, end === -1 ? block.length : end);
      if (end === -1) {
        this.#at += block.length;
        return;
      }
      this.#endBegun(this.#at + end, true);
      this.#line++;
      start = end + 1;
    }
    for (let end; (end = block.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      this.taker.line(block, start, end, this.#at + start, this.#line++, true);
    }
    this.#keep(block, start, block.length);
    this.#at += block.length;
  }

  /** No more bytes come. */
  end(): void {
    if (this.#begunLength > 0 || this.#skipping) this.#endBegun(this.#at, false);
  }

  #keep(block: Uint8Array, start: number, end: number): void {
    if (start >= end || this.#skipping) return;
    const length = this.#begunLength + end - start;
    if (length > MAX_LINE) {
      this.#skipping = true;
      this.#begun = new Uint8Array(1 << 16);
      this.#begunLength = 0;
      return;
    }
    if (length > this.#begun.length) {
      const larger = new Uint8Array(Math.min(MAX_LINE, Math.max(length, this.#begun.length * 2)));
      larger.set(this.#begun.subarray(0, this.#begunLength));
      this.#begun = larger;
    }
    this.#begun.set(block.subarray(start, end), this.#begunLength);
    this.#begunLength = length;
  }

  #endBegun(end: number, complete: boolean): void {
    const length = this.#begunLength;
    if (this.#skipping) this.taker.tooLong(this.#line);
    else this.taker.line(this.#begun, 0, length, end - length, this.#line, complete);
    this.#begunLength = 0;
    this.#skipping = false;
  }
}

function afterByteOrderMark(block: Uint8Array): number {
  return block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? 3 : 0;
}
