import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { ProcessEnd } from '../trace-format.js';
import type { RunResult } from './run.js';

/** What to say when a recorded command has ended: where the trace is, and what is not in it. */
export function summarize({ file, from }: Pick<RunResult, 'file' | 'from'>): string[] {
  if (/%[pt]/.test(file)) return [`recorded into ${file}, one file a process`];
  if (!existsSync(file)) return ['nothing was recorded; "handit doctor" says why'];
  let { size } = statSync(file);
  const start = size >= from ? from : 0;
  size -= start;
  if (size === 0) return ['nothing was recorded; "handit doctor" says why'];
  const name = relative('', file) || file;
  const dropped = new Map<string, number>();
  let processes = 0;
  for (const line of linesWith('"type":"process_end"', file, start)) {
    const end = parsed(line);
    if (!end) continue;
    processes++;
    for (const [reason, count] of Object.entries(end.dropped)) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  }
  const of = processes === 1 ? '1 process' : `${processes} processes`;
  const lines = [`${sizeText(size)} from ${of} in ${name}; see it with: handit print, or in the browser: handit open`];
  for (const [reason, count] of dropped) lines.push(`${count} calls are counted only (${reason}); ${lift(reason)}`);
  return lines;
}

function lift(reason: string): string {
  switch (reason) {
    case 'max_calls':
      return 'HANDIT_MAX_CALLS=0 lifts that limit';
    case 'max_file':
      return 'HANDIT_MAX_FILE_MB=0 lifts that limit';
    case 'not_sampled':
      return 'HANDIT_SAMPLE_RATE=1 records all';
  }
  return 'they could not be written';
}

function parsed(line: string): ProcessEnd | undefined {
  try {
    return JSON.parse(line) as ProcessEnd;
  } catch {
    return undefined;
  }
}

const PIECE = 1 << 22;

/** The lines of that kind, found without parsing the others. */
function* linesWith(text: string, file: string, start: number): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const piece = Buffer.alloc(PIECE);
    let rest = '';
    let position = start;
    for (;;) {
      const count = readSync(descriptor, piece, 0, PIECE, position);
      if (count === 0) break;
      position += count;
      const lines = (rest + piece.toString('latin1', 0, count)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith(`{${text}`)) yield line;
    }
  } finally {
    closeSync(descriptor);
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
