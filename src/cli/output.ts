import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { escapeControls } from '../escape-controls.js';
import { boundGarbage } from './bound-garbage.js';
import { terminalLine } from './escape.js';

/** Where a command says what it found. */
export interface Output {
  /** Columns that a line may take. */
  readonly width: number;
  /** Whether a person sits before it. */
  readonly isTerminal: boolean;
  /** A line of text, which may have colors by `paint`. Everything else in it that a terminal would obey is escaped. */
  line(text: string): void;
  /** One value of JSON on a line of its own. */
  json(value: unknown): void;
  /** A line on stderr: `handit: ...`. */
  warn(text: string): void;
  /** To be awaited now and then by whoever writes much: a reader that is slow is waited for. */
  drained(): Promise<void>;
  flush(): void;
}

/** Where the lines are not for a terminal: long enough for most, short enough to be read. */
const PIPE_WIDTH = 200;
const BATCH = 1 << 16;

/** @param stream stdout, or the input of a pager */
export function createOutput(stream: Writable & { isTTY?: boolean; columns?: number }, env: NodeJS.ProcessEnv): Output {
  const isTerminal = stream.isTTY === true;
  const color = isTerminal && !env.NO_COLOR;
  let unwritten = '';
  let waiting = false;
  let flushed = false;
  const flush = (): void => {
    if (unwritten === '') return;
    waiting = !stream.write(unwritten);
    flushed = true;
    unwritten = '';
  };
  const put = (text: string): void => {
    unwritten += `${text}\n`;
    if (unwritten.length > BATCH) flush();
  };
  return {
    width: stream.columns ?? (Number(env.COLUMNS) > 20 ? Number(env.COLUMNS) : PIPE_WIDTH),
    isTerminal,
    line: (text) => put(terminalLine(text, color)),
    json: (value) => put(escapeControls(jsonText(value))),
    warn,
    async drained() {
      if (!flushed) return;
      boundGarbage();
      if (waiting) await once(stream, 'drain');
      // Also that the reader has gone is only seen in between.
      else await new Promise(setImmediate);
      flushed = waiting = false;
    },
    flush,
  };
}

export function warn(text: string): void {
  process.stderr.write(`handit: ${terminalLine(text, false)}\n`);
}

/** A made-up line may nest a value deeper than JSON can be written. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '{"type":"unreadable"}';
  }
}
