/** What all formats are told. */
export interface ExportOptions {
  /** Rows of the processes to export. */
  readonly chosen: ReadonlySet<number>;
  /** With arguments, results, headers and bodies. */
  readonly values: boolean;
  /** Takes the text, piece by piece. */
  put(text: string): void;
}

/** What was left out or changed, a sentence each. */
export type Notes = string[];

/** A made-up line may nest a value deeper than JSON can be written. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '{"unreadable":true}';
  }
}
