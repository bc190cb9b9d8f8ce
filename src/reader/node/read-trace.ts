import { closeSync, openSync, readSync } from 'node:fs';
import type { TraceRecord } from '../../trace-format.js';

/** A line that is no record: cut by a killed process, or not a trace at all. */
export interface DamagedLine {
  file: string;
  /** Counts from 1. */
  line: number;
  reason: string;
}

/**
 * Yields the records of one or several files, in the order of the lines, without holding a file in memory. A damaged
 * line is passed to `onDamaged` and left out; a file that cannot be read throws the error of `node:fs`.
 */
export function* readTrace(
  files: string | readonly string[],
  onDamaged: (damaged: DamagedLine) => void = () => undefined,
): Generator<TraceRecord, void, undefined> {
  for (const file of typeof files === 'string' ? [files] : files) {
    let line = 0;
    for (const { text, complete } of linesOf(file)) {
      line++;
      if (text.trim() === '') continue;
      const record = parseRecord(text);
      if (record) yield record;
      else onDamaged({ file, line, reason: complete ? 'is not a trace record' : 'is cut off at the end of the file' });
    }
  }
}

function parseRecord(text: string): TraceRecord | undefined {
  try {
    const value = JSON.parse(text) as TraceRecord | null;
    return typeof value?.type === 'string' && typeof value.proc === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;

/** Splits at the byte level, so that a character that straddles two chunks stays whole. */
function* linesOf(file: string): Generator<{ text: string; complete: boolean }> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let begun: Buffer[] = [];
    for (let size; (size = readSync(descriptor, chunk, 0, CHUNK_BYTES, null)) > 0;) {
      let start = 0;
      for (let end; (end = chunk.subarray(0, size).indexOf(NEWLINE, start)) !== -1; start = end + 1) {
        const rest = chunk.subarray(start, end);
        yield { text: decode(begun, rest), complete: true };
        begun = [];
      }
      if (start < size) begun.push(Buffer.from(chunk.subarray(start, size)));
    }
    if (begun.length > 0) yield { text: decode(begun), complete: false };
  } finally {
    closeSync(descriptor);
  }
}

function decode(begun: Buffer[], rest?: Buffer): string {
  if (begun.length === 0) return rest ? rest.toString('utf8') : '';
  return Buffer.concat(rest ? [...begun, rest] : begun).toString('utf8');
}
