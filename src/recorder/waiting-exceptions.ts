import { arrayPush, arraySlice, SafeSet } from '../intrinsics.js';
import { SLOTS, type EventBuffer } from './event-buffer.js';
import type { LastError } from './last-error.js';
import type { ThrownValue } from './thrown-value.js';
import type { LineScope } from './types.js';

/** An event with one value. */
interface WaitingEvent {
  /** Times among them are bits, as in the buffer. */
  readonly numbers: readonly number[];
  readonly time: number;
  readonly value: ThrownValue;
  readonly scope: LineScope;
}

/** The list is copied when that many events at its start are gone. */
const GONE = 1024;

/** Exceptions of which the stack may not be read yet, the oldest first. They are out of the buffer meanwhile. */
export class WaitingExceptions {
  /** The calls of those whose stack is counted among the first. */
  readonly counted = new SafeSet<number>();
  private events: WaitingEvent[] = [];
  /** The first one that has not been put back. */
  private first = 0;
  /** How many there were at the last commit. */
  private committed = 0;

  constructor(
    private readonly buffer: EventBuffer,
    private readonly lastError: LastError,
  ) {}

  /**
   * @param until  what was thrown after it waits
   * @param atRest what was thrown last waits, too
   */
  mustWait(thrown: ThrownValue, time: number, until: number, atRest: boolean): boolean {
    return thrown.hasStack && (time > until || (atRest && thrown === this.lastError.value));
  }

  add(place: number, valueAt: number, scope: LineScope): void {
    const { numbers, values } = this.buffer;
    const four = [numbers[place], numbers[place + 1], numbers[place + 2], numbers[place + 3]];
    const time = this.buffer.timeAt(place + 3);
    arrayPush(this.events, { numbers: four, time, value: values[valueAt] as ThrownValue, scope });
  }

  /** Moves those that need not wait any more to the end of the buffer, as far as it has room. */
  putBack(until: number, atRest: boolean): void {
    const { events } = this;
    // A drain that was cut off sees them again in the buffer.
    events.length = this.committed;
    while (this.first < events.length) {
      const { time, value } = events[this.first];
      if (this.mustWait(value, time, until, atRest) || !this.hasRoom()) break;
      this.toBuffer(events[this.first++]);
    }
    if (this.first === events.length || this.first >= GONE) this.events = arraySlice(events, this.first);
    if (this.events !== events) this.first = 0;
    this.committed = this.events.length;
  }

  private hasRoom(): boolean {
    this.buffer.growFor(1);
    return !this.buffer.isTight(1);
  }

  private toBuffer({ numbers, value, scope }: WaitingEvent): void {
    const { buffer } = this;
    buffer.noteScope(scope);
    for (let i = 0; i < SLOTS; i++) buffer.numbers[buffer.at + i] = numbers[i];
    buffer.values[buffer.valueAt++] = value;
    buffer.at += SLOTS;
  }

  commit(): void {
    this.committed = this.events.length;
  }

  isEmpty(): boolean {
    return this.first === this.events.length;
  }

  /** Of the oldest one. */
  firstTime(): number {
    return this.events[this.first].time;
  }
}
