import type { DurationNs } from '../trace-format.js';

/** `640 ns`, `12.3 us`, `1.2 ms`, `4.56 s`; the bounds are where the rounded number would need another digit. */
export function duration(ns: DurationNs): string {
  if (ns < 1000) return `${ns} ns`;
  if (ns < 999_950) return `${(ns / 1e3).toFixed(1)} us`;
  if (ns < 999_950_000) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(2)} s`;
}
