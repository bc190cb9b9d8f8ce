/** A value on one line, at most that many characters: JSON, but with names for what JSON cannot say. */
export function shortValue(value: unknown, most = 80): string {
  const text = textOf(value, 0);
  const chars = [...text.slice(0, most + 1)];
  return chars.length > most || text.length > most + 1 ? `${chars.slice(0, most - 1).join('')}…` : text;
}

const MAX_DEPTH = 8;
const MAX_ITEMS = 40;

function textOf(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return `[${list(value, (item) => textOf(item, depth + 1))}]`;
  const { $type, ...rest } = value as Record<string, unknown>;
  const fields = (of: object): string =>
    list(
      Object.entries(of),
      ([key, item]) => `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${textOf(item, depth + 1)}`,
    );
  if (typeof $type !== 'string') return `{${fields(value)}}`;
  if ($type === 'undefined' || $type === 'circular') return $type;
  if ($type === 'string') return `${textOf(rest.value, depth)} (${String(rest.length)} characters)`;
  if ($type === 'number' || $type === 'bigint') return String(rest.value);
  if ($type === 'function') return `function ${typeof rest.name === 'string' ? rest.name : ''}`.trimEnd();
  if ($type === 'Array' && Array.isArray(rest.items)) return `${textOf(rest.items, depth)} of ${String(rest.length)}`;
  return `${$type} {${fields(rest)}}`;
}

function list<T>(items: readonly T[], one: (item: T) => string): string {
  const shown = items.slice(0, MAX_ITEMS).map(one).join(', ');
  return items.length > MAX_ITEMS ? `${shown}, …` : shown;
}
