/** Answers 1-based lines and columns of offsets, by ECMAScript's line terminators. */
export class LineTable {
  private readonly starts: number[] = [0];

  constructor(source: string) {
    const terminator = /\r\n|[\n\r\u2028\u2029]/g;
    while (terminator.exec(source)) this.starts.push(terminator.lastIndex);
  }

  get count(): number {
    return this.starts.length;
  }

  lineOf(offset: number): number {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  columnOf(offset: number): number {
    return offset - this.starts[this.lineOf(offset) - 1] + 1;
  }

  /** Offset of a 1-based line and column. */
  offsetOf(line: number, column: number): number {
    return (this.starts[line - 1] ?? 0) + column - 1;
  }
}
