/** Where the ids of rewritten texts begin. A program may load one file for ever: the same text keeps the ids it has. */
export interface Bases {
  get(filename: string, text: RewrittenText): number | undefined;
  set(filename: string, text: RewrittenText, base: number): void;
}

/** All that tells one from another that was made of the same file. */
export interface RewrittenText {
  source: string;
  /** JSON. */
  edits: string;
  wrapper?: number;
  idWidth?: number;
}

export function createBases(): Bases {
  const files = new Map<string, { text: RewrittenText; base: number }[]>();
  return {
    get: (filename, text) => files.get(filename)?.find((each) => isSame(each.text, text))?.base,
    set(filename, { source, edits, wrapper, idWidth }, base) {
      const entry = { text: { source, edits, wrapper, idWidth }, base };
      const known = files.get(filename);
      if (known) known.push(entry);
      else files.set(filename, [entry]);
    },
  };
}

function isSame(a: RewrittenText, b: RewrittenText): boolean {
  return a.source === b.source && a.edits === b.edits && a.wrapper === b.wrapper && a.idWidth === b.idWidth;
}
