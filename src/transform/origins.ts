import { isFunction } from './analyse.js';
import { eachChild, isLeaf } from './children.js';
import type { LineTable } from './lines.js';
import { functionName, simpleName } from './names.js';
import { bodyAround, originalFunctions, type OriginalFunction, type OriginalFunctions } from './original-functions.js';
import { findSegment, readSourceMap, SEGMENT, type SourceMap } from './source-map.js';
import type { IncomingMap, Node } from './types.js';
import { Walk } from './walk.js';

/** What a function of a generated text was made of. */
export interface Origin {
  /** As the trace names its file. */
  path: string;
  original: OriginalFunction;
  /** The text that contains the original. */
  source: string;
  /** The function in whose place it stands, which has the name and the parameters: an outer one for a lowered body. */
  outer: Node;
  /** A generator that is the body of an async function: its `yield` is an `await`. */
  lowered: boolean;
}

/**
 * Where the functions of a generated text come from. A function that is not in the answer is to be taken as it is; null:
 * it is none of the user's (a helper or wrapper of a compiler, or a library's).
 *
 * @returns undefined when the map says nothing that can be used
 */
export function findOrigins(
  program: Node,
  source: string,
  lines: LineTable,
  incoming: IncomingMap,
): Map<Node, Origin | null> | undefined {
  let map: SourceMap;
  try {
    map = readSourceMap(incoming.json);
  } catch (error) {
    incoming.unusable((error as Error).message);
    return undefined;
  }
  if (map.segments.data.length === 0) return undefined;
  const search = new OriginSearch(map, source, lines, incoming);
  const functions = collect(program);
  for (const each of functions) each.match = search.find(each);
  search.byLine(functions);
  return choose(functions, search);
}

/** A function of the generated text. */
interface Generated {
  node: Node;
  ancestors: readonly Node[];
  /** The one around it. */
  parent: Generated | null;
  match?: Match;
  /** It is made of a file of the user's whose functions are not known. */
  asItIs?: boolean;
}

/** `null`: not the user's; `undefined`: nothing is known. */
type Match = Found | null | undefined;

interface Found {
  file: OriginalFile;
  original: OriginalFunction;
  /** How sure it is. */
  score: number;
}

interface OriginalFile {
  /** null: not the user's own. */
  path: string | null;
  functions?: OriginalFunctions;
}

const FIRST_WORD = 4;
const OTHER_PLACE = 2;
const NEAR = 1;
/** Added when its body is made of the original's. */
const SAME_BODY = 8;
/** Taken away when its body is made of another's (field initialisers in a constructor are, too), or it is another kind. */
const OTHER_BODY = 3;
const OTHER_KIND = 2;
/** Taken away when the segment before it leads to the same place: a helper that lies as a lump at one original place. */
const LUMP = 4;

/** What names.ts reads of the nodes around a function. */
const NAMING = 16;

function collect(program: Node): Generated[] {
  const functions: Generated[] = [];
  const walk = new Walk<Generated | null>();
  let inside: Generated | null;
  const child = (node: Node): void => {
    if (!isLeaf(node)) walk.later(node, inside);
  };
  walk.run(program, null, (node, parent) => {
    inside = parent;
    if (isFunction(node)) functions.push((inside = { node, ancestors: walk.ancestors.slice(-NAMING), parent }));
    eachChild(node, child);
  });
  return functions;
}

class OriginSearch {
  private readonly files: (OriginalFile | undefined)[] = [];
  /** Places of segments. */
  private bySource: number[][] | undefined;

  constructor(
    private readonly map: SourceMap,
    private readonly source: string,
    private readonly lines: LineTable,
    private readonly incoming: IncomingMap,
  ) {}

  find(generated: Generated): Match {
    const match = this.exact(generated) ?? this.near(generated);
    if (!match) return match;
    const { node } = generated;
    const { description, simpleName: name } = match.original;
    if ((description.async && !node.async) || (description.generator && !node.generator)) {
      // Its body runs in steps, in a function of the compiler's: what the program calls is the one around that.
      if (node.id?.name === name) match.score++;
    } else {
      const body = this.bodyOf(node);
      if (body) match.score += body.original === match.original ? SAME_BODY : -OTHER_BODY;
    }
    // Compilers export by getters.
    const getter = generated.ancestors.at(-1)!.kind === 'get';
    if (getter !== (description.kind === 'getter')) match.score -= OTHER_KIND;
    return match;
  }

  /** By the places where a compiler leaves marks. */
  private exact({ node, ancestors }: Generated): Match {
    let best: Found | undefined;
    let foreign = false;
    for (const place of marks(node, ancestors)) {
      const at = this.segmentAt(place);
      if (at < 0 || this.column(at) !== this.lines.columnOf(place) - 1) continue;
      const file = this.fileOf(at);
      if (!file?.functions) {
        foreign ||= file?.path === null;
        continue;
      }
      const offset = this.originalOffset(at, file.functions);
      const first = file.functions.firstWords.get(offset);
      const original = first ?? file.functions.otherPlaces.get(offset);
      const score = first ? FIRST_WORD - (this.isLump(at, place) ? LUMP : 0) : OTHER_PLACE;
      if (original && !(best && best.score >= score)) best = { file, original, score };
    }
    return best ?? (foreign ? null : undefined);
  }

  /** Where the map is coarse: by the text up to the function, else by its name. */
  private near(generated: Generated): Match {
    const { node, ancestors } = generated;
    const at = this.segmentAt(node.start);
    const file = at < 0 ? undefined : this.fileOf(at);
    if (!file) return undefined;
    if (file.path === null) return null;
    if (!file.functions) {
      generated.asItIs = true;
      return undefined;
    }
    const { source, list, lines, firstWords } = file.functions;
    const from = this.originalOffset(at, file.functions);
    const begin = this.lines.offsetOf(this.lines.lineOf(node.start), this.column(at) + 1);
    const between = this.source.slice(begin, node.start);
    const same = source.startsWith(between, from) ? firstWords.get(from + between.length) : undefined;
    if (same) return { file, original: same, score: NEAR };
    const name = simpleName(functionName(node, ancestors, this.source));
    const line = lines.lineOf(from);
    const candidates = list.filter(
      (each) => each.start >= from && lines.lineOf(each.start) === line && each.simpleName === name,
    );
    return candidates.length === 1 ? { file, original: candidates[0], score: NEAR } : undefined;
  }

  /** Where a map tells lines alone, by the only function of a line. */
  byLine(functions: readonly Generated[]): void {
    const known = new Set(functions.map(({ match }) => match?.original));
    const lines = new Map<string, { generated: Generated[]; file: OriginalFile; originals: OriginalFunction[] }>();
    for (const generated of functions) {
      if (generated.match !== undefined) continue;
      const line = this.lines.lineOf(generated.node.start) - 1;
      const { segments } = this.map;
      const at = this.segmentAt(generated.node.start);
      const file = at >= 0 && segments.lines[line + 1] - segments.lines[line] === 1 ? this.fileOf(at) : undefined;
      if (!file?.functions) continue;
      const { lines: originalLines, list } = file.functions;
      const original = originalLines.lineOf(this.originalOffset(at, file.functions));
      const key = `${file.path}:${original}`;
      const originals = list.filter((each) => !known.has(each) && originalLines.lineOf(each.start) === original);
      if (!lines.has(key)) lines.set(key, { generated: [], file, originals });
      lines.get(key)!.generated.push(generated);
    }
    for (const { generated, file, originals } of lines.values()) {
      if (generated.length !== 1 || originals.length !== 1) continue;
      generated[0].match = { file, original: originals[0], score: NEAR };
    }
  }

  /** The original function that the body of a generated one is made of. */
  bodyOf({ body }: Node): Found | undefined {
    const block = body.type === 'BlockStatement';
    const [start, end] = block ? [body.start + 1, body.end - 1] : [body.start, body.end];
    const { lines } = this.map.segments;
    const last = this.lines.lineOf(end);
    let tried = 0;
    for (let line = this.lines.lineOf(start); line <= last && line < lines.length; line++) {
      for (let at = Math.max(lines[line - 1], this.segmentAt(start)); at < lines[line]; at++) {
        const place = this.lines.offsetOf(line, this.column(at) + 1);
        if (place >= end || tried > 12) return undefined;
        const file = place < start ? undefined : this.fileOf(at);
        if (!file?.functions) continue;
        tried++;
        const original = bodyAround(file.functions, this.originalOffset(at, file.functions));
        if (original) return { file, original, score: 0 };
      }
    }
    return undefined;
  }

  /** Whether functions that lead nowhere are helpers of a compiler, and not what a useless map says nothing of. */
  get useful(): boolean {
    return this.files.some((file) => file && (file.functions || file.path === null));
  }

  private isLump(at: number, place: number): boolean {
    const { data } = this.map.segments;
    const own = at * SEGMENT.size;
    const before = own - SEGMENT.size;
    const same = (field: number): boolean => data[before + field] === data[own + field];
    if (before < 0 || !same(SEGMENT.source) || !same(SEGMENT.line) || !same(SEGMENT.sourceColumn)) return false;
    return this.source.slice(place - this.column(at) + this.column(at - 1), place).trim() !== '';
  }

  private segmentAt(offset: number): number {
    const line = this.lines.lineOf(offset) - 1;
    return findSegment(this.map.segments, line, this.lines.columnOf(offset) - 1);
  }

  private column(at: number): number {
    return this.map.segments.data[at * SEGMENT.size];
  }

  private originalOffset(at: number, { lines }: OriginalFunctions): number {
    const { data } = this.map.segments;
    const place = at * SEGMENT.size;
    return lines.offsetOf(data[place + SEGMENT.line] + 1, data[place + SEGMENT.sourceColumn] + 1);
  }

  private fileOf(at: number): OriginalFile | undefined {
    const source = this.map.segments.data[at * SEGMENT.size + SEGMENT.source];
    if (source < 0) return undefined;
    return (this.files[source] ??= this.load(source));
  }

  private load(source: number): OriginalFile {
    const name = this.map.sources[source];
    const found = name === null ? null : this.incoming.original(name, this.map.contents[source] ?? undefined);
    if (!found) return { path: null };
    const { path, text } = found;
    if (text === undefined) {
      this.incoming.unusable(`there is no ${path}`);
      return { path };
    }
    const functions = originalFunctions(text, found.filename);
    if (!functions) {
      this.incoming.unusable(`${path} cannot be parsed`);
      return { path };
    }
    if (this.isStale(source, functions)) {
      this.incoming.unusable(`${path} is not what it was made of`);
      return { path };
    }
    return { path, functions };
  }

  /**
   * Whether a map was made of another text than this one: it then points into the middle of words or past the end. One
   * place that changed shifts all after it, so a few such segments in a row decide. Many that point to one place are one:
   * what istanbul adds is all said to be at the end.
   */
  private isStale(source: number, { source: text, lines }: OriginalFunctions): boolean {
    const { data } = this.map.segments;
    let recent = 0;
    let before = -1;
    for (const at of this.segmentsOf(source)) {
      const same =
        before >= 0 &&
        data[at + SEGMENT.line] === data[before + SEGMENT.line] &&
        data[at + SEGMENT.sourceColumn] === data[before + SEGMENT.sourceColumn];
      before = at;
      if (same) continue;
      const line = data[at + SEGMENT.line] + 1;
      const offset = lines.offsetOf(line, data[at + SEGMENT.sourceColumn] + 1);
      const beyond =
        line > lines.count || offset > text.length || (offset < text.length && lines.lineOf(offset) > line);
      recent = (beyond || isInsideWord(text, offset) ? 8 : 0) + recent * 0.9;
      if (recent > 24) return true;
    }
    return false;
  }

  private segmentsOf(source: number): readonly number[] {
    if (!this.bySource) {
      const { data } = this.map.segments;
      this.bySource = this.map.sources.map(() => []);
      for (let at = 0; at < data.length; at += SEGMENT.size) this.bySource[data[at + SEGMENT.source]]?.push(at);
    }
    return this.bySource[source];
  }
}

function isInsideWord(text: string, offset: number): boolean {
  return isWord(text.charCodeAt(offset - 1)) && isWord(text.charCodeAt(offset));
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

/** Places of a generated function where a segment may begin, the surest first. */
function marks(node: Node, ancestors: readonly Node[]): number[] {
  const parent = ancestors.at(-1)!;
  const places: number[] = [node.start];
  for (let at = ancestors.length - 1; ancestors[at].type === 'ParenthesizedExpression'; at--) {
    places.push(ancestors[at].start);
  }
  if (parent.value === node) places.push(parent.key.start, parent.start);
  if (node.id) places.push(node.id.start);
  if (node.params[0]) places.push(node.params[0].start);
  if (node.body.type === 'BlockStatement') places.push(node.body.start);
  // A helper that gives it its name may have its place: `__name(() => 1, "f")`.
  if (parent.type === 'CallExpression' && parent.arguments[0] === node) places.push(parent.start);
  return places;
}

/** Of several functions made from one original function, the one that runs its body is recorded. */
function choose(functions: readonly Generated[], search: OriginSearch): Map<Node, Origin | null> {
  const chosen = new Map<OriginalFunction, Generated>();
  for (const each of functions) {
    const body = isPassedGenerator(each) ? implemented(each, search) : undefined;
    if (body) each.match = { ...body, score: Infinity };
    if (!each.match) continue;
    const { original, score } = each.match;
    if (!chosen.has(original) || score > chosen.get(original)!.match!.score) chosen.set(original, each);
  }
  const origins = new Map<Node, Origin | null>();
  for (const each of functions) {
    const { node, match } = each;
    if (match && match.score > 0 && chosen.get(match.original) === each) {
      const { original, file } = match;
      const lowered = node.generator && !node.async && !original.description.generator && original.description.async;
      const outer = outermost(each, original).node;
      origins.set(node, { path: file.path!, original, source: file.functions!.source, outer, lowered });
    } else if (match !== undefined || (search.useful && !each.asItIs)) origins.set(node, null);
  }
  return origins;
}

function outermost(generated: Generated, original: OriginalFunction): Generated {
  let outer = generated;
  while (outer.parent?.match?.original === original) outer = outer.parent;
  return outer;
}

/** Compilers hand the body of an async function as a generator to a helper: `__awaiter(this, ..., function* () {})`. */
function isPassedGenerator({ node, ancestors }: Generated): boolean {
  const parent = ancestors.at(-1)!;
  return node.generator && !node.async && parent.type === 'CallExpression' && parent.arguments.includes(node);
}

function implemented({ node, match, parent }: Generated, search: OriginSearch): Found | undefined {
  if (match && !match.original.description.async) return undefined;
  const candidates = [match, search.bodyOf(node), parent?.match];
  return candidates.find((each): each is Found => each?.original.description.async === true);
}
