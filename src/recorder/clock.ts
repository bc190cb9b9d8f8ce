// Taken when the agent starts: test runners put fake ones in their place later.
const bigint = process.hrtime.bigint;
const wall = Date.now;

/** Nanoseconds of the monotonic clock, an exact integer for 104 days of uptime. */
export function now(): number {
  return Number(bigint());
}

/** Turns readings of `now()` into nanoseconds since the epoch, as text: they have too many digits for a double. */
export function createEpochFormatter(): (reading: number) => string {
  const start = now();
  const startMs = wall();
  const startSecond = Math.floor(startMs / 1000);
  const startRest = (startMs - startSecond * 1000) * 1e6;
  let second = -1;
  let prefix = '';
  return (reading) => {
    const total = startRest + (reading - start);
    const whole = Math.floor(total / 1e9);
    if (whole !== second) {
      second = whole;
      prefix = String(startSecond + whole);
    }
    // A leading 1 keeps the zeros of the nine digits behind it.
    return prefix + String(1e9 + (total - whole * 1e9)).slice(1);
  };
}
