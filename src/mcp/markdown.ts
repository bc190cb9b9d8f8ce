/** A comment on a pull request holds at most 65,536 characters. */
const MOST_BYTES = 60_000;

/**
 * What a tool says, for a comment on a pull request or a job summary. What was recorded is data: it is only ever in
 * blocks of code, one a cause.
 *
 * @param title nothing that was recorded
 * @param rest how to get what has no place
 */
export function markdownOf(title: string, lines: Iterable<string>, rest: string): string {
  const parts = [`### ${title}`];
  let size = Buffer.byteLength(parts[0]);
  let left = 0;
  for (const block of blocksOf(lines)) {
    const part = fenced(block);
    size += Buffer.byteLength(part) + 2;
    if (size > MOST_BYTES) left++;
    else parts.push(part);
  }
  if (left > 0) parts.push(`${left} more; ${rest} has all.`);
  return `${parts.join('\n\n')}\n`;
}

/** What is between empty lines. */
function* blocksOf(lines: Iterable<string>): Generator<string[]> {
  let block: string[] = [];
  for (const line of lines) {
    if (line !== '') block.push(line);
    else if (block.length > 0) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

function fenced(lines: readonly string[]): string {
  const text = lines.join('\n');
  // A fence longer than any in the text.
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
