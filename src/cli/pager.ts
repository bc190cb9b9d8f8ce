import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Trace } from '../reader/trace.js';
import { createOutput, type Output } from './output.js';
import { overviewLines } from './overview.js';

/** Lines from which on a terminal shows an overview first, and one page at a time. */
const LONG = 2000;

export interface PagedOutput extends Output {
  /** All is written: returns when the reader has closed the pager. */
  end(): Promise<void>;
}

/**
 * On a terminal, keeps the lines until there are too many for one to read; from there on they go to a pager, as git does
 * it: `$PAGER`, else `less -R`.
 */
export function pagedOutput(out: Output, trace: Trace, chosen: ReadonlySet<number>): PagedOutput {
  if (!out.isTerminal) return { ...out, end: () => Promise.resolve() };
  let kept: string[] = [];
  let pager: Pager | undefined;
  const line = (text: string): void => {
    if (pager) return pager.out.line(text);
    kept.push(text);
    if (kept.length <= LONG) return;
    pager = startPager(out);
    for (const before of [...overviewLines(trace, chosen), '', ...kept]) pager.out.line(before);
    kept = [];
  };
  return {
    ...out,
    line,
    drained: () => pager?.out.drained() ?? Promise.resolve(),
    async end() {
      for (const text of kept) out.line(text);
      if (pager) await pager.end();
    },
  };
}

interface Pager {
  readonly out: Output;
  end(): Promise<void>;
}

function startPager(out: Output): Pager {
  const command = process.env.PAGER ?? 'less -R';
  if (command === '' || command === 'cat') return { out, end: () => Promise.resolve() };
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    // Quit where all is on one page, keep colors and the screen: what git sets.
    env: { LESS: 'FRX', ...process.env },
  });
  const closed = once(child, 'close');
  // The reader has seen enough.
  child.stdin.on('error', () => process.exit(process.exitCode));
  const paged = createOutput(Object.assign(child.stdin, { isTTY: true, columns: out.width }), process.env);
  return {
    out: paged,
    async end() {
      paged.flush();
      child.stdin.end();
      await closed;
    },
  };
}
