import { closeSync, createReadStream, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cellText, csvLine, rowJson } from '../query/cells.js';
import { Database, QueryError, type Selected } from '../query/database.js';
import { Views } from '../query/make-views.js';
import { cacheFolder, prepareSources, type Source, writeParquet } from '../query/sources.js';
import { QUESTIONS, REACH } from '../query/views.js';
import { counted } from '../reader/missing.js';
import { filesOf, InputError } from '../reader/node/open-trace.js';
import { type Command, type Given, numberOption, textOption, UsageError } from './command.js';
import { widthOf } from './escape.js';
import { DEFAULT_FILE } from './inputs.js';
import { warn } from './output.js';
import { sizeText } from './report.js';
import { tableLines } from './stats.js';

const FORMATS = ['table', 'json', 'csv', 'parquet'];
const MAX_ROWS = 1000;
const MAX_CELL = 80;

/** SQL over traces, by DuckDB. */
export const queryCommand: Command = {
  usage: '[file...] "select ..."',
  summary: 'SQL over traces (needs @duckdb/node-api); --schema shows what can be read',
  options: {
    schema: { type: 'boolean', summary: 'the views, with their columns' },
    ...Object.fromEntries(
      Object.entries(QUESTIONS).map(([name, { summary }]) => [name, { type: 'boolean' as const, summary }]),
    ),
    reach: { type: 'string', value: '<file:line>', summary: 'tests that call the function with this line' },
    format: { type: 'string', value: '<format>', summary: `${FORMATS.join(', ')} (default: table)` },
    output: { type: 'string', short: 'o', value: '<file>', summary: 'where to write; needed for parquet' },
    rows: { type: 'string', value: '<n>', summary: `rows to show; 0: all (default: ${MAX_ROWS})` },
    memory: { type: 'string', value: '<size>', summary: 'what DuckDB may use (default: 1GB)' },
    timeout: { type: 'string', value: '<s>', summary: 'seconds that the query may take (default: 60)' },
  },
  run: query,
};

interface Asked {
  readonly sql: string;
  readonly parameters?: string[];
  readonly files: readonly string[];
}

async function query(given: Given): Promise<void> {
  const { values } = given;
  const format = textOption(values, 'format') ?? 'table';
  if (!FORMATS.includes(format)) throw new UsageError(`--format is "${format}"; allowed: ${FORMATS.join(', ')}`);
  if ((format === 'parquet') !== (values.output !== undefined)) {
    throw new UsageError('--format parquet and --output <file> go together');
  }
  await ask(askedFor(given), format, given);
}

/** Every record, for queries of other days and machines. */
export function exportParquet(given: Given, target: string): Promise<void> {
  const values = { ...given.values, output: target };
  return ask({ sql: 'select * from raw', files: given.files }, 'parquet', { ...given, values });
}

async function ask(asked: Asked, format: string, given: Given): Promise<void> {
  const { values } = given;
  const folder = mkdtempSync(join(tmpdir(), 'handit-query-'));
  process.umask(0o077);
  try {
    const database = await Database.open({
      memory: textOption(values, 'memory') ?? '1GB',
      timeoutMs: (numberOption(values, 'timeout') ?? 60) * 1000,
    });
    await answer(database, asked, format, given, folder);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message);
    if (!(error instanceof QueryError)) throw error;
    for (const line of error.message.trimEnd().split('\n')) if (line.trim() !== '') warn(line);
    process.exitCode = 2;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last word is the SQL, unless an option asks. */
function askedFor({ files, values }: Given): Asked {
  const reach = textOption(values, 'reach');
  const named = ['schema', ...Object.keys(QUESTIONS)].filter((name) => values[name] === true);
  if (named.length + (reach === undefined ? 0 : 1) > 1) throw new UsageError('ask one question at a time');
  if (reach !== undefined) {
    const [, file, line] = /^(.+):(\d+)$/.exec(reach) ?? [];
    if (file === undefined) throw new UsageError(`--reach is "${reach}"; it must be like src/cart.js:12`);
    return { sql: REACH, parameters: [file.replaceAll('\\', '/'), line], files };
  }
  if (named[0] === 'schema') return { sql: SCHEMA, files };
  if (named.length > 0) return { sql: QUESTIONS[named[0]].sql, files };
  const sql = files.at(-1);
  if (sql === undefined || !/\s/.test(sql.trim())) {
    throw new UsageError('give the SQL as the last word: handit query "select * from calls limit 5"; or --schema');
  }
  return { sql: withoutEnd(sql), files: files.slice(0, -1) };
}

/** Without the `;` and the white space after it; a pattern that ends in `$` takes long where much of that is inside. */
function withoutEnd(sql: string): string {
  let text = sql.trimEnd();
  while (text.endsWith(';')) text = text.slice(0, -1).trimEnd();
  return text;
}

const SCHEMA = `select table_name as "view", column_name as "column", data_type as "type" from information_schema.columns
  order by table_name, ordinal_position`;

async function answer(database: Database, asked: Asked, format: string, given: Given, folder: string): Promise<void> {
  const { values, out } = given;
  const sources = await sourcesOf(database, asked.files, folder);
  const traces = new Map<string, string[]>();
  for (const { kind, name, path } of sources)
    if (kind === 'jsonl') traces.set(name, [...(traces.get(name) ?? []), path]);
  const { sql: raw, counts, paths } = await prepareSources(database, sources, cacheFolder(process.env));
  const [[bad, good, again]] = (await database.rows(counts)).map((row) => row.map(Number));
  tellDamage(bad, good);
  await database.threads(paths.reduce((sum, path) => sum + statSync(path).size, 0));
  const views = new Views(database, traces, again > 0);
  await database.run(`create view raw as select * from (${raw}) where type is not null and proc is not null`);
  await views.makeNamed(asked.sql);
  const target = textOption(values, 'output');
  await database.lock(target === undefined ? paths : [...paths, resolve(target)]);
  await views.check(asked.sql);
  if (target !== undefined) {
    await writeParquet(database, `\n${asked.sql}\n`, resolve(target));
    return out.line(`${target}  ${sizeText(statSync(target).size)}; query it: handit query ${target} "select ..."`);
  }
  await writeRows(await database.select(asked.sql, asked.parameters), format, given);
}

async function sourcesOf(database: Database, given: readonly string[], folder: string): Promise<Source[]> {
  const files = given.length === 0 ? [DEFAULT_FILE] : given;
  const sources: Source[] = [];
  for (const file of files) {
    const isPattern = /[*?[]/.test(file) && !statSync(file, { throwIfNoEntry: false });
    const names = isPattern ? await matching(database, file) : filesOf(file);
    for (const name of names) sources.push(await sourceOf(name, folder));
  }
  return sources;
}

async function matching(database: Database, pattern: string): Promise<string[]> {
  const rows = await database.rows(`select file from glob('${pattern.replaceAll("'", "''")}') order by file`);
  if (rows.length === 0) throw new UsageError(`no file matches ${pattern}`);
  return rows.map(([file]) => String(file));
}

async function sourceOf(name: string, folder: string): Promise<Source> {
  let path = resolve(name);
  if (name === '-' || !statSync(path).isFile()) {
    // What can be read once only.
    path = join(folder, 'standard-input.jsonl');
    await writeFile(path, name === '-' ? process.stdin : createReadStream(name));
  }
  const head = Buffer.alloc(4);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, head, 0, 4, 0);
  closeSync(descriptor);
  const magic = head.toString('latin1');
  if (magic === 'PAR1') return { name: path, path, kind: 'parquet', packing: 'uncompressed' };
  return {
    name: wholeOf(path),
    path,
    kind: 'jsonl',
    packing: packings.find(([start]) => magic.startsWith(start))?.[1] ?? 'uncompressed',
  };
}

/** What HANDIT_KEEP=newest writes in several files is one trace. */
function wholeOf(path: string): string {
  return path.replace(/\.[0-9a-f]{8}-\d{6,}(?=\.jsonl$)/, '');
}

const packings: readonly (readonly [string, Source['packing']])[] = [
  ['\x1f\x8b', 'gzip'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
];

function tellDamage(bad: number, good: number): void {
  if (bad > 0) warn(`${counted(bad, 'line')} left out: they are no trace records, or cut`);
  if (good === 0) warn('there is no record in the input');
}

async function writeRows({ names, json, rows }: Selected, format: string, { values, out }: Given): Promise<void> {
  const limit = numberOption(values, 'rows') ?? MAX_ROWS;
  const most = limit === 0 ? Infinity : limit;
  const table: { cells: string[] }[] = [];
  let count = 0;
  // As it is: a line break in a cell is one.
  const csv = (cells: readonly string[]): boolean => process.stdout.write(`${csvLine(cells)}\n`);
  if (format === 'csv') csv(names);
  for await (const batch of rows) {
    for (const row of batch) {
      if (count++ >= most) continue;
      if (format === 'json') out.line(rowJson(names, json, row));
      else if (format === 'csv') csv(row.map(cellText));
      else table.push({ cells: row.map((cell) => cut(cellText(cell))) });
    }
    await out.drained();
  }
  if (format === 'table' && table.length > 0) for (const line of tableLines(names, table)) out.line(line.trimEnd());
  if (count > most) warn(`… ${count - most} more; --rows 0 shows all`);
  if (count === 0 && format === 'table') out.line('no rows');
}

function cut(text: string): string {
  const line = text.replaceAll('\n', '\\n');
  return widthOf(line) > MAX_CELL ? `${line.slice(0, MAX_CELL - 1)}…` : line;
}
