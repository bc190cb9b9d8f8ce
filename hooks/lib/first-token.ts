import type { Buffer } from 'node:buffer';
import { latin1Slice, min, regExpExec, regExpTest, stringIndexOf, stringSlice } from '../../src/intrinsics.js';

/** Bytes of a stream in which the first token is looked for. */
const LOOKED_AT = 64 * 1024;

/** Whether a content type is one of events or lines that come one after another. */
export function isStream(type: string | undefined): boolean {
  return type !== undefined && regExpTest(/event-?stream|ndjson|jsonl/i, type);
}

/**
 * When the first content of a language model's stream came: text, thinking, or a tool call. Events before it say that the
 * answer begins, and repeat what was asked.
 *
 * @param marks of each piece of the stream: the bytes until its end, and when it came
 * @returns null: it cannot be told
 */
export function firstTokenAt(bytes: Buffer, marks: readonly number[]): number | null {
  const text = latin1Slice(bytes, 0, min(bytes.length, LOOKED_AT));
  for (let from = 0; from < text.length;) {
    const next = stringIndexOf(text, '\n', from);
    const end = next < 0 ? text.length : next;
    const line = stringSlice(text, from, end);
    const content = regExpTest(BEGINS, line) ? null : regExpExec(CONTENT, line);
    if (content !== null) return timeOf(from + content.index + content[0].length, marks);
    from = end + 1;
  }
  return null;
}

/** Events that have no content, and repeat names and texts of the request. */
const BEGINS = /"type"\s?:\s?"(?:message_start|ping|response\.(?:created|queued|in_progress))"/;

/** With its first character: names are those of tools, arguments what they are called with. */
const CONTENT =
  /"(?:content|reasoning_content|reasoning|refusal|text|thinking|partial_json|arguments|delta|response|generation|outputText|name)"\s?:\s?"[^"]/;

/** When the piece came in which a position is. */
function timeOf(position: number, marks: readonly number[]): number | null {
  for (let i = 0; i < marks.length; i += 2) if (marks[i] >= position) return marks[i + 1];
  return null;
}
