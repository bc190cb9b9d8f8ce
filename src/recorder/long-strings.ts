import { arrayOf, charCode } from '../intrinsics.js';
import { createEncoder, type Encoder } from './encoder.js';

interface LongString {
  text: string;
  hashed: boolean;
  /** Where its preview is in `room`, and how long it is. */
  start: number;
  length: number;
}

/** A power of two. */
const PLACES = 16;
/** Bytes of previews that are kept. */
const MAX_KEPT = 64 * 1024;

/**
 * Previews of long strings, made since the last drain: what one function returns is often what the next one gets, and to
 * look through it for secrets takes longer than to find out that it is the same.
 */
export class LongStrings {
  private readonly known = arrayOf<LongString | null>(PLACES, null);
  private readonly room: Encoder = createEncoder(() => undefined, MAX_KEPT * 2);

  /**
   * Writes what was written for that string.
   *
   * @returns false, with nothing written, where it is not known
   */
  write(text: string, hashed: boolean, out: Encoder): boolean {
    const known = this.known[placeOf(text)];
    if (known === null || known.hashed !== hashed || known.text !== text) return false;
    out.copy(this.room, known.start, known.length);
    return true;
  }

  /** @param from where its preview begins, which has just been written */
  keep(text: string, hashed: boolean, out: Encoder, from: number): void {
    const { room } = this;
    const start = room.at;
    if (start > MAX_KEPT) return;
    const to = out.at;
    out.close();
    out.cut(to);
    room.copy(out, from, to - from);
    room.close();
    this.known[placeOf(text)] = { text, hashed, start, length: to - from };
  }

  /** They may be large, or part of larger ones, and nobody else may need them any more. */
  forget(): void {
    if (this.room.at === 0) return;
    this.room.reset();
    for (let i = 0; i < PLACES; i++) this.known[i] = null;
  }
}

/** Texts of one kind often begin and end alike. */
function placeOf(text: string): number {
  return (text.length + charCode(text, text.length >> 1)) & (PLACES - 1);
}
