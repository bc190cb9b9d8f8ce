import type { ErrorInfo, Preview, TaggedPreview } from '../trace-format.js';

/** One line of text that reads like JavaScript, cut with `…` to `width` characters. */
export function formatPreview(preview: Preview, width = Infinity): string {
  return cut(format(preview, 0), width);
}

/** `Name: message`, or the value itself when what was thrown is no Error. */
export function formatError(error: ErrorInfo, width = Infinity): string {
  if (error.value !== undefined) return formatPreview(error.value, width);
  const text = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  return cut(
    text
      .split(/\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join(' '),
    width,
  );
}

/** The list between the parentheses of a call. */
export function formatArguments(args: { readonly [parameter: string]: Preview } | undefined, width = Infinity): string {
  if (!args) return '…';
  const list = Object.entries(args).map(([name, value]) => `${name}: ${format(value, 0)}`);
  return cut(list.join(', '), width);
}

/** handit writes at most a few levels; a made-up line may have a hundred thousand. */
const MAX_LEVELS = 64;

function format(preview: Preview, level: number): string {
  if (typeof preview === 'string') return JSON.stringify(preview);
  if (typeof preview !== 'object' || preview === null) return String(preview);
  if (level > MAX_LEVELS) return '…';
  if (Array.isArray(preview)) return `[${preview.map((item) => format(item, level + 1)).join(', ')}]`;
  return isTagged(preview) ? formatTagged(preview, level + 1) : braces(preview, level + 1);
}

function isTagged(preview: { [key: string]: Preview }): preview is TaggedPreview {
  return typeof preview.$type === 'string';
}

function formatTagged(preview: TaggedPreview, level: number): string {
  const { $type, ...rest } = preview;
  const text = (value: Preview | undefined): string =>
    typeof value === 'string' ? value : format(value ?? null, level);
  switch ($type) {
    case 'undefined':
      return 'undefined';
    case 'circular':
      return '[circular]';
    case 'number':
      return text(rest.value);
    case 'bigint':
      return 'value' in rest ? `${text(rest.value)}n` : 'bigint';
    case 'symbol':
      return `Symbol(${text(rest.name)})`;
    case 'string':
      return `${'value' in rest ? JSON.stringify(text(rest.value)) : '"…"'} (${text(rest.length)} characters)`;
    case 'function':
      return rest.name ? `[function ${text(rest.name)}]` : '[function]';
    case 'Date':
      return `Date ${text(rest.value)}`;
    case 'Array': {
      const items = Array.isArray(rest.items) ? rest.items.map((item) => `${format(item, level)}, `).join('') : '';
      return `[${items}…] (${text(rest.length)})`;
    }
    default: {
      // A hash tells values apart that were cut; a person has no use for it.
      const { hash: _, ...fields } = rest;
      if (fields.truncated === true) return `${$type} {…}`;
      return Object.keys(fields).length === 0 ? $type : `${$type} ${braces(fields, level)}`;
    }
  }
}

function braces(fields: { [key: string]: Preview }, level: number): string {
  const entries = Object.entries(fields).map(([key, value]) => `${key}: ${format(value, level)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Not within a character of two units. */
export function cut(line: string, width: number): string {
  if (line.length <= width) return line;
  const end = Math.max(0, width - 1);
  return `${line.slice(0, /[\ud800-\udbff]/.test(line.charAt(end - 1)) ? end - 1 : end)}…`;
}
