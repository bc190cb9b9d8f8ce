import type { Buffer } from 'node:buffer';
import { quote } from '../../src/recorder/quote.js';
import { TypeError, bufferView, latin1Slice, stringReplace, utf8Bytes, utf8Text } from '../../src/intrinsics.js';

/** What AWS streams events in, language models among them: binary frames around JSON. */
export const EVENT_STREAM = 'application/vnd.amazon.eventstream';

const NO_STREAM = 'no event stream';
const PRELUDE = 12;
const CHECKSUM = 4;
const STRING = 7;

/**
 * The events a line each, as `{"<type>":<payload>}`; throws where it is no such stream.
 *
 * @param ends the input is all of it
 */
export function eventLines(input: Buffer, most: number, ends: boolean): Buffer {
  let text = '';
  let at = 0;
  while (at + PRELUDE + CHECKSUM <= input.length && text.length < most) {
    const length = uint32(input, at);
    const payload = at + PRELUDE + uint32(input, at + 4);
    const end = at + length - CHECKSUM;
    if (payload > end) throw new TypeError(NO_STREAM);
    if (end + CHECKSUM > input.length) break;
    const name = eventName(input, at + PRELUDE, payload);
    // Other payloads are for no one to read.
    const body = input[payload] === 0x7b ? utf8Text(bufferView(input, payload, end)) : '{}';
    text += `{${quote(name)}:${stringReplace(body, /[\r\n]+/g, ' ')}}\n`;
    at += length;
  }
  if (at === 0 || (ends && at < input.length)) throw new TypeError(NO_STREAM);
  return utf8Bytes(text);
}

function uint32(bytes: Buffer, at: number): number {
  return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
}

/** Of the headers: a byte of length and the name, a byte of type, two of length and the value. */
function eventName(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to;) {
    const type = at + 1 + bytes[at];
    if (bytes[type] !== STRING) break;
    const value = type + 3;
    const end = value + bytes[type + 1] * 256 + bytes[type + 2];
    const name = latin1Slice(bytes, at + 1, type);
    if (name === ':event-type' || name === ':exception-type') return latin1Slice(bytes, value, end);
    at = end;
  }
  return 'event';
}
