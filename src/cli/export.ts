import { existsSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { writeHar } from '../export/har.js';
import { writeOtlp } from '../export/otlp-file.js';
import { writePerfetto } from '../export/perfetto.js';
import { writeSpeedscope } from '../export/speedscope.js';
import { TextSink } from '../export/text-sink.js';
import type { ExportOptions, Notes } from '../export/export-options.js';
import type { Trace } from '../reader/trace.js';
import { chooseProcesses, RUN_OPTIONS } from './choose-run.js';
import { type Command, type Given, textOption, UsageError, type Values } from './command.js';
import { exportClickHouse } from './export-clickhouse.js';
import { followOtlp, pushOtlp, receiverOf } from './export-otlp.js';
import { openInputs } from './inputs.js';
import { warn } from './output.js';
import { exportParquet } from './query.js';
import { sizeText } from './report.js';

interface Format {
  /** Where it is written unless `-o` says so. */
  readonly file: string;
  /** What to do with it. */
  readonly next: string;
  /** Whether it has arguments, results, headers or bodies where these are asked for. */
  readonly values: boolean;
  write(trace: Trace, options: ExportOptions, values: Values): Notes | void;
}

const FORMATS: Readonly<Record<string, Format>> = {
  otlp: { file: 'handit_otlp.jsonl', next: 'a line a request to /v1/traces', values: true, write: writeOtlpFile },
  perfetto: {
    file: 'handit_perfetto.json',
    next: 'open it at https://ui.perfetto.dev',
    values: true,
    write: writePerfetto,
  },
  speedscope: {
    file: 'handit_speedscope.json',
    next: 'open it at https://www.speedscope.app',
    values: false,
    write: writeSpeedscope,
  },
  har: { file: 'handit.har', next: 'import it in the network panel of a browser', values: true, write: writeHarFile },
};

/** Those that are no text, or go to a server. */
const TARGETS = [...Object.keys(FORMATS), 'parquet', 'clickhouse'];

/** Options that mean nothing for the other targets. */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  endpoint: ['otlp', 'clickhouse'],
  follow: ['otlp'],
  all: ['otlp'],
  ddl: ['clickhouse'],
  side: ['har'],
};

/** Takes a trace to other tools. */
export const exportCommand: Command = {
  usage: '[file...] --to <format>',
  summary: 'the trace for other tools: OpenTelemetry, Perfetto, speedscope, HAR, Parquet, ClickHouse',
  options: {
    to: { type: 'string', value: '<format>', summary: TARGETS.join(', ') },
    output: { type: 'string', short: 'o', value: '<file>', summary: 'where to write; "-": standard output' },
    endpoint: {
      type: 'string',
      value: '<url>',
      summary: 'send it there: otlp (default: OTEL_EXPORTER_OTLP_ENDPOINT), clickhouse',
    },
    follow: {
      type: 'boolean',
      short: 'f',
      summary: 'otlp: go on with what is added to the file; nothing is sent twice',
    },
    values: { type: 'boolean', summary: 'with arguments, results, headers and bodies' },
    all: {
      type: 'boolean',
      summary: 'otlp: every call; without, those that failed or took 1 ms, and what is above them',
    },
    ddl: { type: 'boolean', summary: 'clickhouse: the tables that it writes to' },
    side: { type: 'string', value: '<side>', summary: 'har: the exchanges of the client (default) or of the server' },
    ...RUN_OPTIONS,
  },
  run: exportTrace,
};

async function exportTrace(given: Given): Promise<void> {
  const { files, values } = given;
  const to = textOption(values, 'to');
  if (to === undefined || !TARGETS.includes(to)) {
    throw new UsageError(`--to ${to === undefined ? 'is missing' : `is "${to}"`}; allowed: ${TARGETS.join(', ')}`);
  }
  for (const [name, formats] of Object.entries(ONLY_FOR)) {
    if (values[name] !== undefined && !formats.includes(to)) throw new UsageError(refusal(name, to, formats));
  }
  if (to === 'clickhouse') return exportClickHouse(given);
  const receiver = to === 'otlp' && values.output === undefined ? receiverOf(values) : undefined;
  if (values.follow === true) {
    if (!receiver) throw new UsageError('--follow needs --to otlp and a receiver: give --endpoint <url>');
    return followOtlp(given, receiver);
  }
  if (values.endpoint !== undefined && !receiver) throw new UsageError('give either --endpoint or --output');
  if (to === 'parquet') return exportParquet(given, textOption(values, 'output') ?? 'handit.parquet');
  const trace = await openInputs(files);
  const chosen = chooseProcesses(trace, values);
  if (receiver) await pushOtlp(trace, chosen, given, receiver);
  else writeFile(trace, chosen, given, FORMATS[to]);
  trace.close();
}

function refusal(option: string, to: string, formats: readonly string[]): string {
  const why =
    option === 'follow' && to === 'clickhouse'
      ? '; the rows of a run go there together, so run the command again when there is more, and it adds what is new'
      : '';
  return `--${option} is for --to ${formats.join(' and ')}${why}`;
}

function writeFile(trace: Trace, chosen: ReadonlySet<number>, { values, out }: Given, format: Format): void {
  const target = textOption(values, 'output') ?? format.file;
  if (target !== '-' && existsSync(target) && statSync(target).isDirectory()) {
    throw new UsageError(`${target} is a folder; --output takes a file`);
  }
  let sink: TextSink | undefined;
  let notes: Notes;
  try {
    sink = new TextSink(target);
    const options = { chosen, values: values.values === true, put: sink.put };
    notes = format.write(trace, options, values) ?? [];
    sink.end();
  } catch (error) {
    sink?.abandon();
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new UsageError(`cannot write ${target}: ${message}`);
  }
  for (const note of [...notes, ...trace.missing]) warn(note);
  const without = format.values && values.values !== true ? '; without values (--values adds them)' : '';
  const line = `${relative('', target) || target}  ${sizeText(sink.bytes)}${without}; ${format.next}`;
  if (target === '-') warn(line);
  else out.line(line);
}

function writeHarFile(trace: Trace, options: ExportOptions, values: Values): Notes {
  const side = textOption(values, 'side') ?? 'client';
  if (side !== 'client' && side !== 'server') {
    throw new UsageError(`--side is "${side}"; allowed: client, server`);
  }
  return writeHar(trace, options, side);
}

function writeOtlpFile(trace: Trace, options: ExportOptions, values: Values): void {
  writeOtlp(trace, options, values.all === true, process.env);
}
