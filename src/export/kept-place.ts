import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import type { Step } from './otlp-plan.js';
import { bySending } from './otlp-plan.js';

const HEAD_BYTES = 512;

/**
 * How far a file was sent to one receiver, kept in a small file next to it, so that it goes on there after a restart.
 * A file that is another one by now, as its first bytes tell, begins again.
 */
export class KeptPlace {
  readonly file: string;
  readonly #trace: string;
  #last: Step | undefined;

  /** @param target where it is sent: each receiver has its own place */
  constructor(trace: string, target: string) {
    this.file = `${trace}.${sha(target).slice(0, 8)}.sent`;
    this.#trace = trace;
    try {
      const { head, key, at } = JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, unknown>;
      if (head === headOf(trace) && typeof key === 'number' && typeof at === 'number') this.#last = { key, at };
    } catch {
      // The first time.
    }
  }

  isBehind(step: Step): boolean {
    return this.#last !== undefined && bySending(step, this.#last) <= 0;
  }

  move(last: Step): void {
    this.#last = last;
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ head: headOf(this.#trace), ...last }), { mode: 0o600 });
    renameSync(draft, this.file);
  }
}

/** The first line, or the first bytes of it: `process_start` names the process and the time. */
function headOf(trace: string): string {
  const descriptor = openSync(trace, 'r');
  const bytes = Buffer.alloc(HEAD_BYTES);
  const count = readSync(descriptor, bytes, 0, HEAD_BYTES, 0);
  closeSync(descriptor);
  const end = bytes.indexOf(0x0a);
  return sha(bytes.subarray(0, end === -1 ? count : end));
}

function sha(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}
