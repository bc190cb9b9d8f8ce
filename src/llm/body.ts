import type { BodyPreview } from '../trace-format.js';
import { parsed } from './json.js';

export interface BodyValues {
  /** One of a plain body; of a stream one an event. */
  readonly values: readonly unknown[];
  readonly streamed: boolean;
  /** Not all of it was kept. */
  readonly cut: boolean;
}

/** The JSON in a body: an object, the events of a stream, or what is left of them where the body was cut. */
export function valuesOf(body: BodyPreview | undefined): BodyValues {
  const cut = body?.truncated ?? false;
  if (body?.json !== undefined) {
    const { json } = body;
    return Array.isArray(json) ? { values: json, streamed: true, cut } : { values: [json], streamed: false, cut };
  }
  const { text = '', tail } = body ?? {};
  if (/^\s*(data|event|id|retry)?:/.test(text))
    return { values: sseValues(`${text}\n\n${tail ?? ''}`), streamed: true, cut };
  const streamed = /ndjson|jsonl|eventstream/.test(body?.content_type ?? '');
  if (streamed) return { values: lineValues(`${text}\n${tail ?? ''}`), streamed, cut };
  const whole = cut ? repaired(text) : parsed(text);
  return { values: whole === undefined ? [] : [whole], streamed: false, cut };
}

/** Of server-sent events; lines of one event belong together. */
function sseValues(text: string): unknown[] {
  const values: unknown[] = [];
  let data: string[] = [];
  for (const line of [...text.split(/\r\n|\n|\r/), '']) {
    if (line.startsWith('data:')) data.push(line.slice(5).trim());
    else if (line === '' && data.length > 0) {
      const value = parsed(data.join('\n'));
      if (value !== undefined) values.push(value);
      data = [];
    }
  }
  return values;
}

function lineValues(text: string): unknown[] {
  return text
    .split('\n')
    .map(parsed)
    .filter((value) => value !== undefined);
}

/** JSON of which the end is missing, as far as it goes. */
export function repaired(text: string): unknown {
  const open: string[] = [];
  // Up to the last element that is whole.
  let safe = { at: 0, closers: '' };
  const closers = (): string => open.toReversed().join('');
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
      if (at >= text.length)
        return (
          parsed(`${text.replace(/\\(u.{0,3})?$/, '')}…"${closers()}`) ?? parsed(text.slice(0, safe.at) + safe.closers)
        );
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? '}' : ']');
      safe = { at: at + 1, closers: closers() };
    } else if (char === '}' || char === ']') open.pop();
    else if (char === ',') safe = { at, closers: closers() };
  }
  return parsed(text + closers()) ?? parsed(text.slice(0, safe.at) + safe.closers);
}

/** Objects that are whole in the end of a JSON text, the outermost. */
export function objectsIn(tail: string): unknown[] {
  const found: unknown[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < tail.length; at++) {
    const char = tail[at];
    if (char === '"') at = endOfString(tail, at);
    else if (char === '{' || char === '[') {
      if (depth++ === 0) start = at;
    } else if ((char === '}' || char === ']') && depth > 0 && --depth === 0)
      found.push(parsed(tail.slice(start, at + 1)));
  }
  return found.flat().filter((value) => value !== undefined);
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
