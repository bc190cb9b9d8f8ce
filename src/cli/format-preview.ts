import type { ErrorInfo, Preview, TaggedPreview } from '../trace-format.js';

/** One line of text that reads like JavaScript, cut with `…` to `width` characters. */
export function formatPreview(preview: Preview, width: number): string {
  return cut(format(preview), width);
}

/** `Name: message`, or the value itself when what was thrown is no Error. */
export function formatError(error: ErrorInfo, width: number): string {
  if (error.value !== undefined) return formatPreview(error.value, width);
  const text = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  return cut(text.replace(/\s*\n\s*/g, ' '), width);
}

function format(preview: Preview): string {
  if (typeof preview === 'string') return JSON.stringify(preview);
  if (typeof preview !== 'object' || preview === null) return String(preview);
  if (Array.isArray(preview)) return `[${preview.map(format).join(', ')}]`;
  return isTagged(preview) ? formatTagged(preview) : braces(preview);
}

function isTagged(preview: { [key: string]: Preview }): preview is TaggedPreview {
  return typeof preview.$type === 'string';
}

function formatTagged(preview: TaggedPreview): string {
  const { $type, ...rest } = preview;
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
    case 'Array':
      return `[${Array.isArray(rest.items) ? `${rest.items.map(format).join(', ')}, ` : ''}…] (${text(rest.length)})`;
    default:
      if (rest.truncated === true) return `${$type} {…}`;
      return Object.keys(rest).length === 0 ? $type : `${$type} ${braces(rest)}`;
  }
}

function braces(fields: { [key: string]: Preview }): string {
  const entries = Object.entries(fields).map(([key, value]) => `${key}: ${format(value)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function text(preview: Preview | undefined): string {
  return typeof preview === 'string' ? preview : format(preview ?? null);
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
