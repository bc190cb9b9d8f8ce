import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Database, quoted } from './database.js';
import { copyOtherLines } from './lines.js';
import { CALL_COLUMNS, COLUMNS } from './views.js';

/** Larger ones are converted once. */
const CONVERTED_FROM = 20e6;
/** Where they have not been asked for this long, they are removed. */
const KEPT_MS = 7 * 24 * 3600e3;
/** Changes with what is in the cached files. */
const CACHE_VERSION = 2;
/** What DuckDB makes room for, several times, where it is not known how long a line is. */
const LONGEST_LINE = 64 << 20;

export interface Source {
  /** What `source` is in the views. */
  readonly name: string;
  readonly path: string;
  readonly kind: 'jsonl' | 'parquet';
  readonly packing: 'uncompressed' | 'gzip' | 'zstd';
}

export interface Sources {
  /** What a `select` from it yields is `raw`. */
  readonly sql: string;
  /** One row: lines that are no records, records, and calls and exchanges that begin again in a later file. */
  readonly counts: string;
  /** Files that are read while the query runs. */
  readonly paths: readonly string[];
}

/** @param cache a folder; undefined: none */
export async function prepareSources(
  database: Database,
  sources: readonly Source[],
  cache: string | undefined,
): Promise<Sources> {
  const parts: string[] = [];
  const counts: string[] = [];
  const paths: string[] = [];
  for (const source of sources) {
    const size = statSync(source.path).size;
    const isLarge = size > CONVERTED_FROM || (source.packing !== 'uncompressed' && size > CONVERTED_FROM / 10);
    const made = source.kind === 'jsonl' && isLarge && cache ? await converted(database, source, cache) : undefined;
    paths.push(...(made ?? [source.path]));
    for (const file of made ?? [source.path]) {
      const from = made || source.kind === 'parquet' ? parquet(file) : json(source);
      const isOfCalls = made?.[0] === file && made.length > 1;
      parts.push(
        `select ${quoted(source.name)} as source, ${names(isOfCalls ? CALL_COLUMNS : undefined)} from ${from}`,
      );
      const bad = isOfCalls ? '0' : 'count(*) filter (type is null or proc is null)';
      counts.push(`select ${bad} as bad, count(*) as lines, count(again) as again from ${from}`);
    }
  }
  const sum = 'sum(bad)::bigint, (sum(lines) - sum(bad))::bigint, sum(again)::bigint';
  return { sql: parts.join(' union all '), counts: `select ${sum} from (${counts.join(' union all ')})`, paths };
}

/** Lines that are no records are null in all columns. */
function json({ path, packing }: Source, of: ReadonlySet<string> = ALL_COLUMNS, longest = LONGEST_LINE): string {
  const columns = [...of].map((name) => `"${name}": '${COLUMNS[name]}'`);
  return `read_json(${literal(path)}, columns = {${columns.join(', ')}}, format = 'newline_delimited',
    ignore_errors = true, maximum_object_size = ${longest}, compression = '${packing}')`;
}

function parquet(path: string): string {
  return `read_parquet(${literal(path)})`;
}

/** Also one with characters that mean several files. */
function literal(path: string): string {
  return quoted(path.replace(/[*?[]/g, '[$&]'));
}

const ALL_COLUMNS = new Set(Object.keys(COLUMNS));

/** All of them, null where they are not among these. */
function names(of: ReadonlySet<string> = ALL_COLUMNS): string {
  return [...ALL_COLUMNS]
    .map((name) => (of.has(name) ? `"${name}"` : `null::${COLUMNS[name]} as "${name}"`))
    .join(', ');
}

const OF_CALLS = '.calls.parquet';
const OF_OTHERS = '.parquet';

/** Copies that are read in a tenth of the time; they have another name when the file has changed. */
async function converted(database: Database, source: Source, cache: string): Promise<string[] | undefined> {
  const { size, mtimeMs } = statSync(source.path);
  const own = `${basename(source.path)}-${hash(source.path)}-`;
  const target = join(cache, `${own}${hash(`${CACHE_VERSION} ${size} ${mtimeMs}`)}`);
  const isPacked = source.packing !== 'uncompressed';
  const made = (isPacked ? [OF_OTHERS] : [OF_CALLS, OF_OTHERS]).map((end) => target + end);
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (!made.every((file) => statSync(file, { throwIfNoEntry: false }))) {
      const drafts = made.map((file) => `${file}.${process.pid}`);
      if (isPacked) await writeParquet(database, `select ${names()} from ${json(source)}`, drafts[0]);
      else await convert(database, source, drafts[0], drafts[1]);
      for (const [i, draft] of drafts.entries()) renameSync(draft, made[i]);
    }
    for (const name of readdirSync(cache)) {
      const isOld = Date.now() - statSync(join(cache, name)).mtimeMs > KEPT_MS;
      if (!made.includes(join(cache, name)) && (name.startsWith(own) || isOld)) {
        rmSync(join(cache, name), { force: true });
      }
    }
    return made;
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    // A cache that cannot be written is none.
    if (syscall === undefined && !message.startsWith('IO Error')) throw error;
    return undefined;
  }
}

/** Calls in one file; what else there is in the other one, with an empty row for each line that is no record. */
async function convert(database: Database, source: Source, calls: string, others: string): Promise<void> {
  const copy = `${others}.jsonl`;
  try {
    const { lines, longest } = copyOtherLines(source.path, copy);
    const most = Math.max(longest + 1, 1 << 20);
    const isOfCall = `type in ('call', 'return', 'exception', 'settle')`;
    const ofCalls = json(source, CALL_COLUMNS, most);
    await writeParquet(database, `select * from ${ofCalls} where ${isOfCall} and proc is not null`, calls);
    const ofOthers = `select ${names()} from ${json({ ...source, path: copy }, ALL_COLUMNS, most)}
      where type is not null and not ${isOfCall} and proc is not null`;
    const [[good]] = await database.rows(
      `select (select count(*) from ${parquet(calls)}) + (select count(*) from (${ofOthers}))`,
    );
    const empty = `select ${names(new Set())} from range(${lines - Number(good)})`;
    await writeParquet(database, `${ofOthers} union all ${empty}`, others);
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Readable by its owner alone, as traces are. */
export async function writeParquet(database: Database, sql: string, target: string): Promise<void> {
  await database.run(`copy (${sql}) to ${quoted(target)} (format parquet, compression zstd)`);
  chmodSync(target, 0o600);
}

export function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  if (env.HANDIT_CACHE_DIR === 'off') return undefined;
  if (env.HANDIT_CACHE_DIR) return join(resolve(env.HANDIT_CACHE_DIR), 'query');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'handit', 'query');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
