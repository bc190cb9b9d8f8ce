import type { Encoder } from '../../src/recorder/encoder.js';
import type { KeyTest } from '../../src/recorder/key-kinds.js';
import { bufferView, bytesEqual, imul, joinBytes, Uint32Array } from '../../src/intrinsics.js';
import { writeEscaped } from './escape-text.js';

interface Known {
  bytes: Buffer;
  /** The same as it was written. */
  json: Buffer;
  keyKind: KeyTest;
}

/** Texts that are remembered, and bytes of the shortest and the longest. */
const PLACES = 8;
const SHORTEST = 512;
const LONGEST = 48 * 1024;
/** A text may differ from the one before where no sample is: of those that seem to come again, one of that many is remembered. */
const TRIES = 16;

const known: (Known | undefined)[] = [];
const samples = new Uint32Array(PLACES);
let tries = 0;

/**
 * As `writeEscaped`, which takes fifty times as long as to compare: pages, scripts and lists are sent again and again. What
 * comes again is remembered, if there was no secret in it.
 */
export function writeKnown(bytes: Buffer, out: Encoder, keyKind: KeyTest): boolean {
  const { length } = bytes;
  if (length < SHORTEST || length > LONGEST) return writeEscaped(bytes, out, keyKind);
  const sample = sampleOf(bytes);
  const place = sample % PLACES;
  const before = samples[place] === sample ? known[place] : undefined;
  if (before !== undefined && before.keyKind === keyKind && bytesEqual(before.bytes, bytes)) {
    out.bytes(before.json);
    return true;
  }
  const from = out.position();
  if (!writeEscaped(bytes, out, keyKind)) return false;
  if (samples[place] === sample && tries++ % TRIES === 0) {
    const json = bufferView(out.room(0), from, out.position());
    known[place] = { bytes: joinBytes([bytes]), json: joinBytes([json]), keyKind };
  }
  samples[place] = sample;
  return true;
}

function sampleOf(bytes: Buffer): number {
  const { length } = bytes;
  const step = length >> 6;
  let sample = length;
  for (let i = 0; i < length; i += step) sample = imul(sample ^ bytes[i], 0x9e3779b1);
  return sample >>> 8;
}
