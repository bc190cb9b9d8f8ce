/** What a hash of its text is noted at. */
export interface Hashed {
  text?: string;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly target: Hashed;
}

/**
 * Hashes of the texts of functions, each without the functions inside it: a change is a change of one function. They tell
 * two runs which functions are not the same in both.
 */
export class OwnTexts {
  readonly #ranges: Range[] = [];

  add(start: number, end: number, target: Hashed): void {
    this.#ranges.push({ start, end, target });
  }

  finish(source: string): void {
    const open: { range: Range; hash: number }[] = [];
    let at = 0;
    // What is between two places belongs to the innermost function around it.
    const goTo = (place: number): void => {
      const inner = open.at(-1);
      if (inner) inner.hash = hashed(inner.hash, source, at, place);
      at = place;
    };
    const close = (before: number): void => {
      for (let inner; (inner = open.at(-1)) && inner.range.end <= before;) {
        goTo(inner.range.end);
        open.pop();
        inner.range.target.text = (inner.hash >>> 0).toString(16).padStart(8, '0');
      }
    };
    for (const range of this.#ranges.sort((a, b) => a.start - b.start || b.end - a.end)) {
      close(range.start);
      goTo(range.start);
      // That there is a function is part of the text around it.
      const around = open.at(-1);
      if (around) around.hash = mixed(around.hash, 0x10000);
      open.push({ range, hash: 0x811c9dc5 });
    }
    close(Infinity);
  }
}

function hashed(hash: number, source: string, from: number, to: number): number {
  for (let at = from; at < to; at++) hash = mixed(hash, source.charCodeAt(at));
  return hash;
}

function mixed(hash: number, unit: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ unit, 0x9e3779b1);
}
