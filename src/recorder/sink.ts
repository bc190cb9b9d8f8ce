import type { Encoder } from './encoder.js';

/** Where encoded lines go. Never throws. */
export interface Sink {
  /** Appends whole lines; the bytes are its own only until it returns. */
  write(lines: Uint8Array): void;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Whether nothing can be written at the moment, so that encoding can be left out. */
  readonly failed: boolean;
  /** Lines that were given and are not in the file. */
  readonly lost: number;
  /** Lines of its own: each file begins with one. */
  readonly openings: number;
}

/** A line that is made at the drain. */
export interface Line {
  /**
   * Writes it, with its line end. Called again where a drain was cut off, or where it is too long.
   *
   * @param brief without what may be left out: `'bare'` without all that is not needed to know that it went well
   */
  write(out: Encoder, brief: Brief): void;
  /** It is in the file, or left out, and what it was made of can go. */
  written(): void;
}

export type Brief = boolean | 'bare';
