import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

const BATCH = 1 << 20;

/** Text for a file, which appears when it is complete, readable by its owner alone; `-` is standard output. */
export class TextSink {
  readonly #target: string;
  readonly #draft: string;
  readonly #descriptor: number = -1;
  #waiting: string[] = [];
  #length = 0;
  bytes = 0;

  constructor(target: string) {
    this.#target = target;
    this.#draft = `${target}.${process.pid}.part`;
    if (target !== '-') this.#descriptor = openSync(this.#draft, 'w', 0o600);
  }

  readonly put = (text: string): void => {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length > BATCH) this.#flush();
  };

  end(): void {
    this.#flush();
    if (this.#descriptor === -1) return;
    closeSync(this.#descriptor);
    renameSync(this.#draft, this.#target);
  }

  /** Nothing is left of it. */
  abandon(): void {
    if (this.#descriptor !== -1) rmSync(this.#draft, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#length = 0;
    this.bytes += bytes.length;
    if (this.#descriptor === -1) process.stdout.write(bytes);
    else for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
  }
}
