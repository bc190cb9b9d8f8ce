/**
 * What a terminal would obey or hide, or show in another order: control characters (C0, DEL, C1), marks of writing
 * direction, separators of lines and paragraphs, the byte order mark, tags.
 */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\udb40[\udc00-\udfff]/g;

/**
 * The one way to a terminal: such characters as `\u001b`, which inside of JSON means the same. All that `Output` writes
 * passes here, so no command needs to.
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (found) =>
    found === '\n' ? '\\n' : found === '\t' ? '\\t' : found === '\r' ? '\\r' : unicode(found),
  );
}

function unicode(found: string): string {
  return Array.from({ length: found.length }, (_, at) => found.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}

/** Colors are asked for by characters that no text has (Unicode keeps them free), and made when a line is written. */
const MARKS: Record<string, string> = {
  '\ufdd0': '\x1b[1m',
  '\ufdd1': '\x1b[2m',
  '\ufdd2': '\x1b[22m',
  '\ufdd3': '\x1b[31m',
  '\ufdd4': '\x1b[33m',
  '\ufdd5': '\x1b[32m',
  '\ufdd6': '\x1b[39m',
};

export const paint = {
  bold: (text: string) => `\ufdd0${text}\ufdd2`,
  dim: (text: string) => `\ufdd1${text}\ufdd2`,
  red: (text: string) => `\ufdd3${text}\ufdd6`,
  yellow: (text: string) => `\ufdd4${text}\ufdd6`,
  green: (text: string) => `\ufdd5${text}\ufdd6`,
};

/** A line as it is written: nothing in it acts on the terminal but the colors, where these are wanted. */
export function terminalLine(text: string, color: boolean): string {
  return escapeControls(text).replace(/[\ufdd0-\ufdd6]/g, (mark) => (color ? MARKS[mark] : ''));
}

/** Columns that a text takes: as characters go, without the marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) if (!(char in MARKS)) width++;
  return width;
}
