import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { segmentsOf } from '../reader/node/open-trace.js';
import { counted, droppedText, limitText, remedy } from '../reader/missing.js';
import type { Limit, ProcessEnd, ProcessStart, Skipped } from '../trace-format.js';
import type { RunResult } from './run.js';

/** What to say when a recorded command has ended: where the trace is, and what is not in it. */
export function summarize({ file, from }: Pick<RunResult, 'file' | 'from'>): string[] {
  if (/%[pt]/.test(file)) return [`recorded into ${file}, one file a process`];
  const segments = segmentsOf(file).length;
  if (segments > 0)
    return [
      `recorded into ${segments} segments beside ${file}; see them with: handit print ${relative('', file) || file}`,
    ];
  if (!existsSync(file)) return ['nothing was recorded; "handit doctor" says why'];
  let { size } = statSync(file);
  const start = size >= from ? from : 0;
  size -= start;
  if (size === 0) return ['nothing was recorded; "handit doctor" says why'];
  const name = relative('', file) || file;
  const dropped = new Map<string, number>();
  const procs = new Set<string>();
  const reached = new Set<string>();
  /** Node processes that were not recorded, by what they ran. */
  const without: string[] = [];
  for (const line of linesWith(HEADS, file, start)) {
    const end = parsed(line);
    if (end?.type === 'process_start') procs.add(end.proc);
    if (end?.type === 'limit') reached.add(end.reason);
    if (end?.type === 'skipped' && end.reason.startsWith(STARTED_WITHOUT)) without.push(end.file);
    if (end?.type !== 'process_end') continue;
    for (const [reason, count] of Object.entries(end.dropped)) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  }
  const of = counted(procs.size, 'process', 'processes');
  const lines = [`${sizeText(size)} from ${of} in ${name}; see it with: handit print, or in the browser: handit open`];
  for (const [reason, count] of dropped) lines.push(droppedText(reason, count) + remedy(reason));
  // Of processes that were killed.
  for (const reason of reached) if (!dropped.has(reason)) lines.push(limitText(reason));
  if (without.length > 0) lines.push(withoutText(without));
  return lines;
}

function withoutText(files: readonly string[]): string {
  const names = [...new Set(files)];
  const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  const many = counted(files.length, 'Node process', 'Node processes');
  return `${many} ${files.length === 1 ? 'was' : 'were'} not recorded (${some}): started without NODE_OPTIONS in the environment`;
}

/** How the reason begins of what another process ran, in the words of the agent. */
const STARTED_WITHOUT = 'started without handit';

type Found = ProcessStart | ProcessEnd | Limit | Skipped;
const HEADS = ['process_start', 'process_end', 'limit', 'skipped'].map((type) => `{"type":"${type}"`);

function parsed(line: string): Found | undefined {
  try {
    return JSON.parse(line) as Found;
  } catch {
    return undefined;
  }
}

const PIECE = 1 << 22;

/** The lines of these kinds, found without parsing the others. */
function* linesWith(heads: readonly string[], file: string, start: number): Generator<string> {
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
      for (const line of lines) if (heads.some((head) => line.startsWith(head))) yield line;
    }
  } finally {
    closeSync(descriptor);
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
