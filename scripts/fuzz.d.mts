export function generateProgram(seed: number): string;
export function batchOf(first: number, count: number): { files: Record<string, string>; names: string[] };
