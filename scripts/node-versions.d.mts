export interface NodeBinary {
  /** What the tests and tables call it, unlike `major` of one version alone: `22`, `22.12`. */
  label: string;
  major: number;
  version: string;
  path: string;
}

export const majors: readonly number[];
export function ensureNodes(): void;
export function nodes(): NodeBinary[];
