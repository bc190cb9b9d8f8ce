import { floor, Number, String, stringPadStart, wallClock } from '../intrinsics.js';

// Taken when the agent starts: test runners put fake ones in their place later.
export const bigint = process.hrtime.bigint;

/** Nanoseconds of the monotonic clock, an exact integer for 104 days of uptime. */
export function now(): number {
  return Number(bigint());
}

const startReading = now();
const startMs = wallClock();
const startSecond = floor(startMs / 1000);
const startRest = (startMs - startSecond * 1000) * 1e6;

/**
 * Readings of `now()` as time since the epoch; nanoseconds have too many digits for a double, so in two parts. The wall
 * clock is read once: times of a trace never run backwards.
 */
export const epoch = {
  /** Whole seconds. */
  second(reading: number): number {
    return startSecond + floor((startRest + (reading - startReading)) / 1e9);
  },
  /** Nanoseconds since that second. */
  rest(reading: number, second: number): number {
    return startRest + (reading - startReading) - (second - startSecond) * 1e9;
  },
  /** Both as the digits of one integer. */
  text(reading: number): string {
    const second = epoch.second(reading);
    return `${second}${stringPadStart(String(epoch.rest(reading, second)), 9, '0')}`;
  },
};
