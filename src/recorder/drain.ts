import { arrayPush, ceil, max, min, RangeError } from '../intrinsics.js';
import type { Admission } from './admission.js';
import { now } from './clock.js';
import { CAPACITY, DRAIN_EVERY_NS, RAW, SLOTS, SPARE, YOUNG_NS, type EventBuffer } from './event-buffer.js';
import type { EventLines } from './event-lines.js';
import type { LastError } from './last-error.js';
import type { Line } from './sink.js';
import type { Totals } from './totals.js';
import type { LineKind, RecorderOptions } from './types.js';

/** Bytes that lines to be made at the drain may hold until it is due. */
const HELD = 16 * 1024 * 1024;
const NOTE: LineKind = { is: 'note' };

export interface DrainParts {
  options: RecorderOptions;
  buffer: EventBuffer;
  admission: Admission;
  lastError: LastError;
  totals: Totals;
  lines: EventLines;
}

/** Empties the buffer: its events become lines. */
export class Drain {
  private draining = false;
  private held = 0;

  constructor(private readonly parts: DrainParts) {}

  /**
   * @param until  exceptions after it stay
   * @param atRest the last one stays, too, while it may be on its way
   */
  run(until = Infinity, atRest = false): void {
    const { options, buffer, admission, totals, lines } = this.parts;
    const time = now();
    buffer.drainAt = time + DRAIN_EVERY_NS;
    buffer.drainedLow = time >>> 0;
    if (this.draining) return;
    lines.waiting.putBack(until, atRest);
    if (buffer.at === 0) return;
    this.draining = true;
    const nested = admission.inside;
    admission.inside = true;
    admission.setLimit();
    try {
      if (options.sink.failed) {
        totals.lost += (buffer.at - lines.done) / SLOTS;
        lines.done = buffer.at;
      } else lines.encode(until, atRest);
      if (lines.done === buffer.at) this.forget();
    } catch (error) {
      // Where the stack has ended in here, the events are still there, and the next drain starts from a higher frame.
      if (!(error instanceof RangeError)) {
        totals.lost += (buffer.at - lines.done) / SLOTS;
        this.forget();
        options.broken(error);
      }
    } finally {
      this.draining = false;
      admission.inside = nested;
      admission.setLimit();
    }
    // There may have been no room for all of them.
    if (until === Infinity && buffer.at === 0 && !lines.waiting.isEmpty()) this.run();
  }

  private forget(): void {
    this.parts.lines.forget();
    this.parts.options.preview.forget();
    this.held = 0;
  }

  /** Room for one event with `count` values; false when there is none left even after a drain. */
  room(count: number): boolean {
    const { buffer, totals } = this.parts;
    if (!buffer.isTight(count)) return true;
    buffer.growFor(count);
    if (!buffer.isTight(count)) return true;
    this.run();
    const { values } = buffer;
    while (buffer.valueAt + count * SPARE > values.length) arrayPush(values, 0);
    // A change of labels may come before it.
    if (buffer.at < CAPACITY - SLOTS) return true;
    totals.lost++;
    return false;
  }

  /** The same for a call that has been counted. */
  roomToEnter(count: number): boolean {
    const { totals } = this.parts;
    totals.entering = 1;
    try {
      return this.room(count);
    } finally {
      totals.entering = 0;
    }
  }

  raw(line: string | Line, bytes = 0, kind = NOTE): void {
    const { options, buffer } = this.parts;
    this.held += bytes;
    if (this.held > HELD) this.run();
    if (!this.room(1)) return;
    if (buffer.at === 0) options.waiting();
    buffer.numbers[buffer.at] = RAW;
    buffer.values[buffer.valueAt++] = line;
    buffer.values[buffer.valueAt++] = kind;
    buffer.at += SLOTS;
  }

  rest(): void {
    this.parts.lastError.forget();
    this.run();
  }

  finish(): void {
    this.rest();
    if (this.parts.options.keep === null) return;
    this.raw('', 0, { is: 'closed', scope: null });
    this.run();
  }

  waitingEvents(): number {
    return this.parts.buffer.at / SLOTS;
  }

  idle(rejected: boolean): number {
    const { buffer, lastError, lines } = this.parts;
    const until = now() - YOUNG_NS;
    if (rejected && lastError.at < until) lastError.forget();
    this.run(rejected ? until : -Infinity, true);
    // A drain that was cut off is tried again.
    if (buffer.at > 0) return 1;
    return lines.waiting.isEmpty() ? 0 : min(YOUNG_NS / 1e6, max(1, ceil((lines.waiting.firstTime() - until) / 1e6)));
  }
}
