import type { Comparison } from './compare.js';
import { causeLines, comparisonLines, headline, type Line } from './report-lines.js';

/** A comment on a pull request holds at most 65,536 characters. */
const MOST_BYTES = 60_000;
const WIDTH = 160;

/** The comparison for a pull request comment or a job summary. What was recorded is data: it is only ever in code. */
export function comparisonMarkdown(comparison: Comparison, about: string): string {
  const parts = [`### ${headline(comparison)}`, about];
  let size = parts.join('\n\n').length;
  let left = comparison.causes.length;
  for (const cause of comparison.causes) {
    const part = fenced([...causeLines(cause, WIDTH)]);
    size += byteLength(part) + 2;
    if (size > MOST_BYTES - 4000) break;
    parts.push(part);
    left--;
  }
  if (left > 0) parts.push(`${left} more causes; \`handit diff --json\` has all.`);
  const rest = [...comparisonLines({ ...comparison, causes: [] }, { width: WIDTH })].slice(1);
  const tail = rest.length > 0 ? fenced(rest) : '';
  if (tail && size + byteLength(tail) < MOST_BYTES) parts.push(tail);
  return `${parts.join('\n\n')}\n`;
}

function fenced(lines: readonly Line[]): string {
  const text = lines.map(({ text: line, place }) => (place ? `${line}   ${place}` : line)).join('\n');
  // A fence longer than any in the text.
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text.replace(/^ {2}([-+]) /gm, '$1 ').replaceAll('\r', '\\r')}\n${fence}`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
