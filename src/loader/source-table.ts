import { jsonParse } from '../intrinsics.js';
import { applyEdits } from '../transform/edits.js';
import { unlinkIds } from '../transform/link.js';
import { LineTable } from '../transform/lines.js';
import type { Edit } from '../transform/types.js';

/** A rewritten module and how it came from its original. */
export interface SourceFile {
  filename: string;
  path: string;
  source: string;
  kind: 'module' | 'commonjs';
  prefix: string;
  /** JSON of `Edit[]`. */
  edits: string;
  base: number;
  stride: number;
  /** How many functions it has. */
  functions: number;
  /** How many characters a runner that compiles modules by itself puts in front of the text; absent: none. */
  wrapper?: number;
  /** How many characters each id takes at least; absent: as many as it has digits. */
  idWidth?: number;
  /** How many characters of its script follow the text, as it runs and as it would without us; absent: none but a map. */
  behind?: { ran: number; original: number };
}

/** Both texts of a rewritten module, made when they are first needed. */
export interface SourcePair {
  file: SourceFile;
  edits: Edit[];
  original: string;
  /** With local ids. */
  rewritten: string;
  /** Text of this process to text with local ids. */
  unlink(text: string): string;
  originalLines: LineTable;
  rewrittenLines: LineTable;
  /** Made when the text of one of its functions is asked for. */
  places?: RewrittenPlaces;
}

/** Offsets in the rewritten text. */
export interface RewrittenPlaces {
  /** Of the first of each probe that opens a call, by its text with the local id. */
  probes: Map<string, number>;
  /** Of each edit. */
  edits: number[];
}

export interface SourceTable {
  add(file: SourceFile): void;
  byFunction(id: number): SourcePair | undefined;
  byFilename(filename: string): SourcePair | undefined;
  /** One for each time that it was loaded. */
  allByFilename(filename: string): SourcePair[];
  /** Those whose text names a source map. */
  mapped(): SourceFile[];
  /** How many modules. */
  readonly size: number;
}

export function createSourceTable(): SourceTable {
  const files: SourceFile[] = [];
  const pairs = new Map<SourceFile, SourcePair>();

  function pair(file: SourceFile | undefined): SourcePair | undefined {
    if (!file) return undefined;
    let known = pairs.get(file);
    if (!known) {
      const edits = jsonParse(file.edits) as Edit[];
      const rewritten = applyEdits(file.source, edits);
      known = {
        file,
        edits,
        original: file.source,
        rewritten,
        unlink: (text) => unlinkIds(text, file.prefix, file.base, file.stride),
        originalLines: new LineTable(file.source),
        rewrittenLines: new LineTable(rewritten),
      };
      pairs.set(file, known);
    }
    return known;
  }

  return {
    add: (file) => void files.push(file),
    byFunction: (id) =>
      pair(
        files.find(({ base, stride, functions }) => {
          const index = (id - base) / stride;
          return index >= 0 && index < functions && Number.isInteger(index);
        }),
      ),
    byFilename: (filename) => pair(files.findLast((file) => file.filename === filename)),
    allByFilename: (filename) => files.filter((file) => file.filename === filename).map((file) => pair(file)!),
    mapped: () => files.filter(({ source }) => source.includes('sourceMappingURL=')),
    get size() {
      return new Set(files.map(({ filename }) => filename)).size;
    },
  };
}
