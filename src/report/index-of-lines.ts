import { Indexer } from '../reader/indexer.js';
import type { IndexData } from '../reader/index-data.js';
import { packIndex } from '../reader/pack-index.js';
import { bytesSource } from '../reader/source.js';
import { indexDataOf } from '../reader/take-index.js';
import { Trace } from '../reader/trace.js';
import type { Place } from '../reader/types.js';

const LINE_END = Uint8Array.of(0x0a);

/** Indexes the lines of a report as they are written, so that the page need not read them to show what is there. */
export class LineIndex {
  readonly #indexer = new Indexer();
  /** Where each line begins. */
  readonly #starts: number[] = [];
  #size = 0;

  constructor() {
    this.#indexer.begin('report');
  }

  line(line: Uint8Array): void {
    this.#starts.push(this.#size);
    this.#size += line.length + 1;
    this.#indexer.write(line);
    this.#indexer.write(LINE_END);
  }

  packed(): Uint8Array {
    this.#indexer.end();
    const trace = new Trace(this.#indexer, [bytesSource(new Uint8Array(0), 'report')]);
    return packIndex(byLine(indexDataOf(trace), this.#starts));
  }
}

/** Places as numbers of lines: these need next to no room, and a block is unpacked as a whole anyway. */
function byLine({ count, columns, settles, tables }: IndexData, starts: readonly number[]): IndexData {
  const lineAt = (at: number): number => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const placeAt = (place: Place | undefined): Place | undefined => place && { at: lineAt(place.at), length: 1 };
  for (let node = 0; node < count; node++) {
    columns.beginAt[node] = lineAt(columns.beginAt[node]);
    if (columns.endAt[node] !== -1) columns.endAt[node] = lineAt(columns.endAt[node]);
  }
  columns.beginLength.fill(1);
  columns.endLength.fill(1);
  const { tests, sessions, annotations, processes } = tables;
  return {
    ...{ count, columns },
    settles: { ...settles, at: settles.at.map(lineAt), length: settles.length.fill(1) },
    tables: {
      ...tables,
      tests: tests.map((test) => ({ ...test, place: placeAt(test.place) })),
      sessions: sessions.map((one) => ({ ...one, begin: placeAt(one.begin), end: placeAt(one.end) })),
      annotations: annotations.map((one) => ({ ...one, place: placeAt(one.place)! })),
      processes: processes.map((one) => ({
        ...one,
        ...(one.endAt !== undefined && { endAt: lineAt(one.endAt) }),
      })),
    },
  };
}
