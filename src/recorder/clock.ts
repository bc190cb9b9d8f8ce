// Taken when the agent starts: test runners put fake ones in their place later.
const bigint = process.hrtime.bigint;
const wall = Date.now;

/** Nanoseconds of the monotonic clock, an exact integer for 104 days of uptime. */
export function now(): number {
  return Number(bigint());
}

/** Readings of `now()` as time since the epoch; nanoseconds have too many digits for a double, so in two parts. */
export interface Epoch {
  /** Whole seconds. */
  second(reading: number): number;
  /** Nanoseconds since that second. */
  rest(reading: number, second: number): number;
  /** Both as the digits of one integer. */
  text(reading: number): string;
}

const startReading = now();
const startMs = wall();

/** The wall clock is read once: times of a trace never run backwards. */
export function createEpochFormatter(): Epoch {
  const startSecond = Math.floor(startMs / 1000);
  const startRest = (startMs - startSecond * 1000) * 1e6;
  const second = (reading: number): number => startSecond + Math.floor((startRest + (reading - startReading)) / 1e9);
  const rest = (reading: number, whole: number): number =>
    startRest + (reading - startReading) - (whole - startSecond) * 1e9;
  return {
    second,
    rest,
    text(reading) {
      const whole = second(reading);
      return `${whole}${String(rest(reading, whole)).padStart(9, '0')}`;
    },
  };
}
