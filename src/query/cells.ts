import type { DuckDBValue } from '@duckdb/node-api';

/** A value as text: numbers with all of their digits. */
export function cellText(value: DuckDBValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
  if (typeof value === 'object' && ('items' in value || 'entries' in value)) return cellJson(value);
  return String(value);
}

/** As JSON; whole numbers have all of their digits, which JavaScript reads as the nearest double. */
export function cellJson(value: DuckDBValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'string':
      return JSON.stringify(value);
  }
  if ('items' in value) return `[${value.items.map(cellJson).join(',')}]`;
  if ('entries' in value) return objectJson(value.entries);
  return JSON.stringify(String(value));
}

function objectJson(
  entries: Record<string, DuckDBValue> | readonly { key: DuckDBValue; value: DuckDBValue }[],
): string {
  const pairs = Array.isArray(entries)
    ? (entries as { key: DuckDBValue; value: DuckDBValue }[]).map(({ key, value }) => [cellText(key), value] as const)
    : Object.entries(entries as Record<string, DuckDBValue>);
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${cellJson(value)}`).join(',')}}`;
}

/** A row as one JSON object; a cell of type JSON is part of it, not a string. */
export function rowJson(names: readonly string[], json: readonly boolean[], row: readonly DuckDBValue[]): string {
  const cells = row.map((cell, i) => {
    const text = json[i] && typeof cell === 'string' ? cell : cellJson(cell);
    return `${JSON.stringify(names[i])}:${text}`;
  });
  return `{${cells.join(',')}}`;
}

/** One line of CSV, quoted where it must be. */
export function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}
