import { createAssertions } from './assertions.js';
import { now } from './clock.js';
import type { KnownFunctions } from './known-functions.js';
import type { Previewer } from './preview.js';
import type { ThrownValue } from './thrown-value.js';
import type { LastThrow } from './types.js';

/** The exception that was seen last. */
export class LastError {
  readonly assertions = createAssertions();
  private statement: LastThrow['statement'] = null;
  private error: unknown;
  /** As it is written. */
  value: ThrownValue | null = null;
  /** When it was seen. */
  at = 0;

  constructor(
    private readonly preview: Previewer,
    private readonly functions: KnownFunctions,
  ) {}

  /** One exception passes through many calls: its text is made once, as for the first of them. */
  thrownBy(fn: number, error: unknown): ThrownValue {
    if (this.value === null || this.error !== error) {
      this.assertions.restore(error);
      this.value = this.preview.error(error, undefined, this.functions.secret[fn] === 1);
      this.error = error;
      this.at = now();
    }
    return this.value;
  }

  /** A `throw` statement of the program: the value, and its place. */
  thrown(fn: number, offset: number, value: unknown): void {
    this.statement = { value, fn, at: offset };
    this.at = now();
  }

  last(): LastThrow {
    return {
      statement: this.statement,
      passedOn: (value) => this.value !== null && this.error === value,
    };
  }

  forget(): void {
    this.statement = null;
    this.error = undefined;
    this.value = null;
  }
}
