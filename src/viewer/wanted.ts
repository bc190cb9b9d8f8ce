/** A value of which is asked where it comes from. */
export interface Wanted {
  readonly name: string;
  readonly value: unknown;
}

/** A value that is everywhere says nothing. */
export function isTraceable(value: unknown): boolean {
  if (typeof value === 'string') return value.length > 1;
  if (typeof value === 'number') return !Number.isInteger(value) || Math.abs(value) > 1;
  if (typeof value !== 'object' || value === null) return false;
  const { $type } = value as { $type?: unknown };
  return !['undefined', 'circular', 'function', 'symbol'].includes($type as string) && Object.keys(value).length > 0;
}
