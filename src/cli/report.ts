import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compareSides, type SidesCompared, type UnitResult } from '../compare/compare.js';
import { lastGreen } from '../compare/find-base.js';
import { lastRun, type Side } from '../compare/side.js';
import { compareWithin } from '../compare/within.js';
import { lastRunOf, verdictLines } from '../mcp/failures.js';
import { markdownOf } from '../mcp/markdown.js';
import { Sources } from '../report/source-lines.js';
import { verdictOf } from '../report/verdict.js';
import { writeReport, type Written } from '../report/write-report.js';
import { type Command, type Given, textOption, UsageError } from './command.js';
import { openInputs } from './inputs.js';
import { warn } from './output.js';

export const DEFAULT_REPORT = 'handit_report.html';

const CONTENT_OPTIONS = {
  'no-values': { type: 'boolean', summary: 'without arguments, results, messages, headers and bodies' },
  'no-bodies': { type: 'boolean', summary: 'without the bodies of HTTP messages' },
} as const;

/** One HTML file that shows a run in any browser, without a server. */
export const reportCommand: Command = {
  usage: '[file...]',
  summary: 'one HTML file that opens anywhere: what failed, and what it did',
  options: {
    output: { type: 'string', short: 'o', value: '<file>', summary: `where to write (default: ${DEFAULT_REPORT})` },
    base: {
      type: 'string',
      value: '<file>',
      summary: 'compare with this trace; "last-green": with an earlier run of the file in which the tests passed',
    },
    all: { type: 'boolean', summary: 'everything that was recorded, not only what failing tests did' },
    open: { type: 'boolean', summary: 'show it in the browser' },
    md: { type: 'boolean', summary: 'Markdown instead, for a pull request, a job summary or a coding agent' },
    ...CONTENT_OPTIONS,
  },
  run: report,
};

/** The same, everything, in the browser. */
export const openCommand: Command = {
  usage: '[file...]',
  summary: 'the report of everything, in the browser',
  options: {
    output: { type: 'string', short: 'o', value: '<file>', summary: `where to write (default: ${DEFAULT_REPORT})` },
    ...CONTENT_OPTIONS,
  },
  run: (given) => report({ ...given, values: { ...given.values, all: true, open: true } }),
};

async function report(given: Given): Promise<void> {
  const { values, out } = given;
  if (values.md === true) return markdown(given);
  const target = textOption(values, 'output') ?? DEFAULT_REPORT;
  const { side, units, comparison } = await compared(given);
  const written = write(side, units, comparison, target, given);
  side.trace.close();
  out.line(`${written.verdict.headline}`);
  out.line(`${relative('', target) || target}  ${sizeText(written.size)}${contentText(written)}`);
  if (values.open === true) await openInBrowser(target);
}

/** What the tool `failures` says to a coding agent. */
async function markdown(given: Given): Promise<void> {
  const { values, out } = given;
  const shown = values['no-values'] !== true;
  const { side, units, comparison } =
    values.base === undefined ? lastRunOf(await openInputs(given.files)) : await compared(given);
  const { trace } = side;
  const verdict = verdictOf(side, units, comparison, new Sources(trace), { values: shown });
  const text = markdownOf(verdict.headline, verdictLines(trace, verdict, shown), '`handit report`');
  const target = textOption(values, 'output');
  if (target === undefined) for (const line of text.trimEnd().split('\n')) out.line(line);
  else writeText(target, text);
  trace.close();
}

function writeText(target: string, text: string): void {
  try {
    writeFileSync(target, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`cannot write ${target}: ${(error as Error).message}`);
  }
}

function write(
  side: Side,
  units: readonly UnitResult[],
  comparison: SidesCompared | undefined,
  target: string,
  { values }: Given,
): Written {
  try {
    return writeReport(side, units, comparison, {
      ...{ viewer: join(__dirname, 'viewer.html'), target, all: values.all === true },
      withoutValues: values['no-values'] === true,
      withoutBodies: values['no-bodies'] === true,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`cannot write ${target}: ${message}`);
  }
}

interface Compared {
  readonly side: Side;
  readonly units: readonly UnitResult[];
  readonly comparison: SidesCompared | undefined;
}

async function compared({ files, values }: Given): Promise<Compared> {
  const trace = await openInputs(files);
  const from = textOption(values, 'base');
  if (trace.processes.length === 0) throw new UsageError('the trace is empty: there is nothing to report');
  if (from === undefined) {
    const side = lastRun(trace);
    return { side, units: compareWithin(side), comparison: undefined };
  }
  const found = from === 'last-green' ? lastGreen(trace) : undefined;
  if (from === 'last-green' && !found) {
    throw new UsageError('the trace holds no earlier run in which these tests passed; give --base <file>');
  }
  const base = found?.base ?? lastRun(await openInputs([from]));
  const side = found?.new ?? lastRun(trace);
  const comparison = compareSides(base, side);
  return { side, units: comparison.units, comparison };
}

function contentText({ content, verdict }: Written): string {
  if (content === 'all') return '';
  return verdict.cards.length > 0 ? '; what failing tests did (--all: everything)' : '';
}

export function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};

/** Where there is no browser, as on a server, its address is said. */
async function openInBrowser(target: string): Promise<void> {
  const path = resolve(target);
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const started =
    existsSync(path) &&
    (await new Promise<boolean>((done) => {
      const child = spawn(command, [...args, path], { stdio: 'ignore', detached: true });
      child.once('error', () => done(false));
      child.once('spawn', () => done(true));
      child.unref();
    }));
  if (!started) warn(`no browser to open; the report is at ${pathToFileURL(path).href}`);
}
