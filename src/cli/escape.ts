import { escapeControls } from '../escape-controls.js';

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

/**
 * The one way to a terminal, which all that `Output` writes passes: nothing in the line acts on the terminal but the colors,
 * where these are wanted.
 */
export function terminalLine(text: string, color: boolean): string {
  return escapeControls(text).replace(/[\ufdd0-\ufdd6]/g, (mark) => (color ? MARKS[mark] : ''));
}

/** Columns that a text takes: as characters go, without the marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) if (!(char in MARKS)) width++;
  return width;
}
