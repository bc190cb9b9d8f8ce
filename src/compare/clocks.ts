/** Of a clock that counts milliseconds, a fraction this long or longer is there but once in a thousand times. */
export const LEAST_FRACTION_DIGITS = 3;
/** Before handit begins in it, a process is this old at most. */
const MOST_BEFORE_MS = 2000;
/** Times in the trace are taken a moment before or after the clock was read. */
const NEAR_MS = 20;
const MOST_READINGS = 10_000;
/** Times are taken between readings that are not far from each other. */
const LATEST = 64;
/** Rounds off what floating-point numbers are not exact in. */
const A_MS = 1e5;

/**
 * What a process read from its own clock, which counts milliseconds since it began: `performance.now()`. A function that
 * is given nothing and returns the age of its process, to a fraction of a millisecond, read it; what it returned, and the
 * time between two such readings, differs in each run.
 */
export class Clocks {
  readonly #readings = new Set<number>();
  readonly #latest: number[] = [];

  get hasAny(): boolean {
    return this.#readings.size > 0;
  }

  /**
   * Learns what a function returned, where that is a reading.
   *
   * @param text a number
   * @param age of the process when the function began and ended, in milliseconds since handit began in it
   */
  learn(text: string, age: { readonly from: number; readonly to: number }): void {
    if (!FRACTION.test(text) || this.#readings.size >= MOST_READINGS) return;
    const value = Number(text);
    if (value < age.from - NEAR_MS || value > age.to + MOST_BEFORE_MS) return;
    const reading = Math.round(value * A_MS);
    this.#readings.add(reading);
    if (this.#latest.push(reading) > LATEST) this.#latest.shift();
  }

  /** Whether it is a reading, or the time between two. */
  knows(value: number): boolean {
    const rounded = Math.round(value * A_MS);
    const isTimeSince = (reading: number): boolean => {
      const end = reading + rounded;
      return this.#readings.has(end) || this.#readings.has(end - 1) || this.#readings.has(end + 1);
    };
    return this.#readings.has(rounded) || this.#latest.some(isTimeSince);
  }
}

const FRACTION = new RegExp(`^\\d+\\.\\d{${LEAST_FRACTION_DIGITS},}$`);
