/** A source map, read: its segments in one flat array, ordered by their place in the generated text. */
export interface SourceMap {
  /** Names of the original files, `sourceRoot` put before them; null: the map does not say. */
  sources: (string | null)[];
  /** The text of each of them, where the map brings it along. */
  contents: (string | null | undefined)[];
  names: string[];
  segments: Segments;
}

/** A segment is five numbers. All of them count from 0. */
export interface Segments {
  /** For each generated line its first segment; one more at the end. */
  readonly lines: readonly number[];
  readonly data: Int32Array;
}

export const SEGMENT = { column: 0, source: 1, line: 2, sourceColumn: 3, name: 4, size: 5 } as const;

interface RawMap {
  sources?: (string | null)[];
  sourcesContent?: (string | null)[];
  sourceRoot?: string | null;
  names?: string[];
  mappings?: string;
  sections?: { offset: { line: number; column: number }; map?: RawMap; url?: string }[];
}

/**
 * Reads a source map, also one that is made of sections.
 *
 * @throws Error when it is none
 */
export function readSourceMap(json: string): SourceMap {
  // Servers put this line before JSON.
  const raw = JSON.parse(json.startsWith(")]}'") ? json.slice(json.indexOf('\n')) : json) as RawMap;
  const map: Omit<SourceMap, 'segments'> = { sources: [], contents: [], names: [] };
  const writer = new SegmentWriter();
  addTo(map, writer, raw, 0, 0);
  return { ...map, segments: writer.finish() };
}

/** The segment at a place or the last one before it on that line; -1: none. */
export function findSegment({ lines, data }: Segments, line: number, column: number): number {
  if (line + 1 >= lines.length) return -1;
  let low = lines[line];
  let high = lines[line + 1];
  const first = low;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (data[middle * SEGMENT.size] <= column) low = middle + 1;
    else high = middle;
  }
  return low > first ? low - 1 : -1;
}

function addTo(map: Omit<SourceMap, 'segments'>, writer: SegmentWriter, raw: RawMap, line: number, column: number) {
  if (Array.isArray(raw.sections)) {
    for (const { offset, map: section } of raw.sections) {
      if (!section) throw new Error('it refers to maps elsewhere');
      addTo(map, writer, section, line + offset.line, offset.line === 0 ? column + offset.column : offset.column);
    }
    return;
  }
  if (typeof raw.mappings !== 'string' || !Array.isArray(raw.sources)) throw new Error('it has no mappings');
  const root = raw.sourceRoot ? raw.sourceRoot.replace(/\/?$/, '/') : '';
  const firstSource = map.sources.length;
  const firstName = map.names.length;
  for (const [index, name] of raw.sources.entries()) {
    const absolute = name !== null && /^([a-z][\w+.-]*:|\/)/i.test(name);
    map.sources.push(name === null || absolute ? name : root + name);
    map.contents.push(raw.sourcesContent?.[index]);
  }
  for (const name of raw.names ?? []) map.names.push(name);
  decode(raw.mappings, writer, { line, column, firstSource, firstName, sources: map.sources.length });
}

interface Section {
  line: number;
  column: number;
  firstSource: number;
  firstName: number;
  sources: number;
}

const DIGITS = new Int8Array(128).fill(-1);
for (const [index, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  DIGITS[digit.charCodeAt(0)] = index;
}
const COMMA = 44;
const SEMICOLON = 59;

function decode(mappings: string, writer: SegmentWriter, section: Section): void {
  let line = section.line;
  let column = section.column;
  const last = [0, section.firstSource, 0, 0, section.firstName];
  const fields = [0, 0, 0, 0, 0];
  let at = 0;
  while (at < mappings.length) {
    const code = mappings.charCodeAt(at);
    if (code === SEMICOLON) {
      line++;
      column = 0;
      last[0] = 0;
      at++;
      continue;
    }
    if (code === COMMA) {
      at++;
      continue;
    }
    let count = 0;
    for (; at < mappings.length; count++) {
      const next = mappings.charCodeAt(at);
      if (next === COMMA || next === SEMICOLON) break;
      let value = 0;
      let shift = 0;
      let digit: number;
      do {
        digit = DIGITS[mappings.charCodeAt(at++)] ?? -1;
        if (digit === -1 || shift > 30) throw new Error('its mappings are damaged');
        value |= (digit & 31) << shift;
        shift += 5;
      } while (digit & 32);
      if (count < 5) fields[count] = last[count] += value & 1 ? -(value >>> 1) : value >>> 1;
    }
    const mapped = count >= 4;
    if (fields[0] < 0 || (mapped && (fields[1] < 0 || fields[1] >= section.sources || fields[2] < 0 || fields[3] < 0)))
      throw new Error('its mappings are damaged');
    writer.add(line, column + fields[0], mapped ? fields[1] : -1, fields[2], fields[3], count >= 5 ? fields[4] : -1);
  }
}

class SegmentWriter {
  private data = new Int32Array(SEGMENT.size * 256);
  private count = 0;
  private readonly lines: number[] = [0];

  add(line: number, ...segment: [column: number, source: number, line: number, column: number, name: number]): void {
    if (line < this.lines.length - 1) throw new Error('its sections are not in order');
    while (this.lines.length <= line) this.lines.push(this.count);
    if ((this.count + 1) * SEGMENT.size > this.data.length) {
      const larger = new Int32Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    // Nearly always after all others of its line.
    let index = this.count++;
    const { data } = this;
    for (; index > this.lines[line] && data[(index - 1) * SEGMENT.size] > segment[0]; index--) {
      data.copyWithin(index * SEGMENT.size, (index - 1) * SEGMENT.size, index * SEGMENT.size);
    }
    data.set(segment, index * SEGMENT.size);
  }

  finish(): Segments {
    return { lines: [...this.lines, this.count], data: this.data.subarray(0, this.count * SEGMENT.size) };
  }
}
