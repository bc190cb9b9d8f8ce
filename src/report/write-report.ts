import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { SidesCompared, UnitResult } from '../compare/compare.js';
import { isBroken } from '../compare/units.js';
import { runText } from '../compare/find-base.js';
import { shortValue } from '../compare/short-value.js';
import type { Side } from '../compare/side.js';
import { version } from '../version.js';
import { BlockWriter, bytesElement, jsonElement } from './blocks.js';
import { LineIndex } from './index-of-lines.js';
import { leavingOut } from './leave-out.js';
import { differenceRows } from './difference-rows.js';
import { repositoryOf } from './repository.js';
import type { CompareData, ComparedUnit, EmbeddedSource, ReportData } from './report-data.js';
import { selectLines, withRelatives } from './select-lines.js';
import { slimLine } from './slim-line.js';
import { Sources } from './source-lines.js';
import { verdictOf } from './verdict.js';
import { html, verdictHtml } from './verdict-html.js';
import type { Verdict } from './verdict-types.js';

export interface ReportOptions {
  /** dist/viewer.html. */
  readonly viewer: string;
  readonly target: string;
  /** Everything, not only what failing tests did. */
  readonly all: boolean;
  readonly withoutValues: boolean;
  readonly withoutBodies: boolean;
}

export interface Written {
  readonly verdict: Verdict;
  readonly content: ReportData['content'];
  /** Bytes of the file. */
  readonly size: number;
}

/** Where the page has room for what a report adds. */
const HOLES = /<!--(title|verdict|data)-->/;

/** Writes the page: the viewer with a verdict as markup and the lines of the trace in packed blocks. */
export function writeReport(
  side: Side,
  units: readonly UnitResult[],
  comparison: SidesCompared | undefined,
  options: ReportOptions,
): Written {
  const sources = new Sources(side.trace);
  const verdict = verdictOf(side, units, comparison, sources, { values: !options.withoutValues });
  const wanted = options.all ? undefined : nodesOfFailures(side, units);
  const content = wanted ? 'failures' : 'all';
  const data = reportData(side, verdict, content, comparison, options);
  // Written beside and renamed: nobody ever opens half a report, and the file is private also where one was there.
  const draft = `${options.target}.${process.pid}.tmp`;
  const file = openSync(draft, 'w', 0o600);
  let size = 0;
  const write = (text: string): void => {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    size += bytes.length;
  };
  try {
    for (const part of readFileSync(options.viewer, 'utf8').split(HOLES)) {
      if (part === 'title') write(html(`${verdict.headline} · handit`));
      else if (part === 'verdict') write(verdictHtml(verdict));
      else if (part === 'data') writeData(side, wanted, data, embedded(sources, side, wanted), options, write);
      else write(part);
    }
  } catch (error) {
    closeSync(file);
    rmSync(draft, { force: true });
    throw error;
  }
  closeSync(file);
  renameSync(draft, options.target);
  return { verdict, content, size };
}

function writeData(
  side: Side,
  wanted: Set<number> | undefined,
  data: ReportData,
  sources: EmbeddedSource[],
  options: ReportOptions,
  write: (text: string) => void,
): void {
  write(jsonElement('report', data));
  write(jsonElement('sources', sources));
  const blocks = new BlockWriter(write);
  const index = new LineIndex();
  const change = leavingOut({ values: options.withoutValues, bodies: options.withoutBodies });
  selectLines(side, wanted, (line) => {
    const kept = change ? change(line) : line;
    if (!kept) return;
    index.line(kept);
    blocks.line(slimLine(kept));
  });
  blocks.flush();
  write(bytesElement('index', index.packed()));
}

/** What failing tests did; undefined where no test failed, for then all of it is of interest. */
function nodesOfFailures({ trace }: Side, units: readonly UnitResult[]): Set<number> | undefined {
  const broken = units.filter(({ unit }) => unit.kind === 'test' && isBroken(unit));
  if (broken.length === 0) return undefined;
  const tests = broken.flatMap(({ unit }) => [...unit.theirs, ...triesBefore(trace, unit.newTest)]);
  const suspects = broken.flatMap(({ suspects: list }) => list.map(({ new: name }) => name));
  const nodes = suspects.filter((name) => name !== undefined).map((name) => trace.nodeNamed(name));
  return withRelatives(trace, [...tests, ...nodes.filter((node) => node !== -1)]);
}

/** What other tries of the same test called. */
function triesBefore(trace: Side['trace'], test: number): number[] {
  if (test === -1 || trace.tests[test].try === undefined) return [];
  const { name, process } = trace.tests[test];
  const tries = trace.tests.filter((one) => one.name === name && one.process === process && one.index !== test);
  return tries.flatMap(({ index }) => [...trace.rootsOfTest(index)]);
}

function reportData(
  side: Side,
  verdict: Verdict,
  content: ReportData['content'],
  comparison: SidesCompared | undefined,
  { withoutValues, withoutBodies }: ReportOptions,
): ReportData {
  const { trace, processes } = side;
  const repository = repositoryOf(side);
  const ours = trace.processes.filter(({ index }) => processes.has(index));
  const sum = (of: 'calls' | 'exchanges'): number => ours.reduce((total, one) => total + one[of], 0);
  return {
    ...{ handit: version, written: new Date().toISOString(), content, verdict },
    leftOut: [...(withoutValues ? ['values' as const] : []), ...(withoutBodies ? ['bodies' as const] : [])],
    ...{ calls: sum('calls'), exchanges: sum('exchanges') },
    ...(comparison && { compare: compareData(comparison, !withoutValues) }),
    ...(repository && { repository }),
  };
}

const MAX_UNITS = 500;
/** Of all units together. */
const MAX_ROWS = 5000;

function compareData(comparison: SidesCompared, values: boolean): CompareData {
  const { session, units, compared, redacted, capped, withoutBase } = comparison;
  let room = MAX_ROWS;
  const rowsOf = (unit: UnitResult['unit']): Pick<ComparedUnit, 'rows' | 'more'> => {
    const found = room > 0 ? differenceRows(session, unit, values) : { rows: [], more: 0 };
    room -= found.rows.length;
    return found;
  };
  const notes = [
    redacted > 0 ? `${redacted} redacted values are not compared` : '',
    capped.length > 0 ? `recorded in part: ${capped.slice(0, 5).join(', ')}` : '',
    withoutBase.length > 0 ? `failed and not in the base: ${withoutBase.slice(0, 5).join(', ')}` : '',
    units.length > MAX_UNITS ? `${units.length - MAX_UNITS} more that differ are not listed` : '',
  ];
  return {
    ...{ base: runText(comparison.base), new: runText(comparison.new), compared, notes: notes.filter(Boolean) },
    units: units.slice(0, MAX_UNITS).map(({ unit, differing, suspects }) => ({
      ...{ name: unit.name, base: unit.base ?? 'not run', new: unit.new ?? 'not run', differing },
      ...rowsOf(unit),
      suspects: suspects.map((one) => ({
        ...{ func: one.func, place: `${one.file}:${one.line}`, found: one.found, follows: one.follows },
        ...(one.new !== undefined && { node: one.new }),
        differences: values ? one.differences.slice(0, 20).map(shortened) : [],
      })),
    })),
  };
}

function shortened(one: { path: string; base?: unknown; new?: unknown }): {
  path: string;
  base?: string;
  new?: string;
} {
  const short = (value: unknown): string => shortValue(value, 400);
  return {
    path: one.path,
    ...('base' in one && { base: short(one.base) }),
    ...('new' in one && { new: short(one.new) }),
  };
}

const MAX_SOURCES = 4 << 20;

/** The files of the functions that the report is about, those of suspects first. */
function embedded(sources: Sources, { trace, processes }: Side, wanted: Set<number> | undefined): EmbeddedSource[] {
  const seen = new Set<number>();
  const look = (node: number): void => {
    if (!trace.isExchange(node)) seen.add(trace.nodes.func[node]);
  };
  if (wanted) for (const node of wanted) look(node);
  else for (let node = 0; node < trace.nodes.count; node++) if (processes.has(trace.processOf(node))) look(node);
  for (const row of seen) sources.file(trace.functions[row].file, trace.functions[row].folder);
  const found: EmbeddedSource[] = [];
  let size = 0;
  for (const { file, lines, same } of sources.all) {
    const text = lines.join('\n');
    if ((size += text.length) > MAX_SOURCES) break;
    found.push({ file, text, ...(same !== undefined && { same }) });
  }
  return found;
}
