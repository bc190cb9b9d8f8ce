export interface NodeBinary {
  major: number;
  version: string;
  path: string;
}

export const majors: readonly number[];
export function ensureNodes(): void;
export function nodes(): NodeBinary[];
