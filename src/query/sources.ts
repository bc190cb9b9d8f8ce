import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Database, quoted } from './database.js';
import { COLUMNS } from './views.js';

/** Larger ones are converted once. */
const CONVERTED_FROM = 20e6;
/** Where they have not been asked for this long, they are removed. */
const KEPT_MS = 7 * 24 * 3600e3;
/** Changes with what is in the cached files. */
const CACHE_VERSION = 1;

export interface Source {
  readonly path: string;
  readonly kind: 'jsonl' | 'parquet';
  readonly packing: 'uncompressed' | 'gzip' | 'zstd';
}

export interface Sources {
  /** What a `select` from it yields is `raw`. */
  readonly sql: string;
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
  const paths: string[] = [];
  for (const source of sources) {
    const size = statSync(source.path).size;
    const isLarge = size > CONVERTED_FROM || (source.packing !== 'uncompressed' && size > CONVERTED_FROM / 10);
    const path = source.kind === 'jsonl' && isLarge && cache ? await converted(database, source, cache) : undefined;
    const file = path ?? source.path;
    paths.push(file);
    const from = path !== undefined || source.kind === 'parquet' ? parquet(file) : json(source);
    parts.push(`select ${quoted(source.path)} as source, ${names()} from ${from}`);
  }
  return { sql: parts.join(' union all '), paths };
}

/** Lines that are no records are null in all columns. */
function json({ path, packing }: Source): string {
  const columns = Object.entries(COLUMNS).map(([name, type]) => `"${name}": '${type}'`);
  return `read_json(${literal(path)}, columns = {${columns.join(', ')}}, format = 'newline_delimited',
    ignore_errors = true, maximum_object_size = 67108864, compression = '${packing}')`;
}

function parquet(path: string): string {
  return `read_parquet(${literal(path)})`;
}

/** Also one with characters that mean several files. */
function literal(path: string): string {
  return quoted(path.replace(/[*?[]/g, '[$&]'));
}

function names(): string {
  return Object.keys(COLUMNS)
    .map((name) => `"${name}"`)
    .join(', ');
}

/** A copy that is read in a tenth of the time; it has another name when the file has changed. */
async function converted(database: Database, source: Source, cache: string): Promise<string | undefined> {
  const { size, mtimeMs } = statSync(source.path);
  const own = `${basename(source.path)}-${hash(source.path)}-`;
  const target = join(cache, `${own}${hash(`${CACHE_VERSION} ${size} ${mtimeMs}`)}.parquet`);
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (!statSync(target, { throwIfNoEntry: false })) {
      const draft = `${target}.${process.pid}`;
      await writeParquet(database, `select ${names()} from ${json(source)}`, draft);
      renameSync(draft, target);
    }
    for (const name of readdirSync(cache)) {
      const isOld = Date.now() - statSync(join(cache, name)).mtimeMs > KEPT_MS;
      if (name !== basename(target) && (name.startsWith(own) || isOld)) rmSync(join(cache, name), { force: true });
    }
    return target;
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    // A cache that cannot be written is none.
    if (syscall === undefined && !message.startsWith('IO Error')) throw error;
    return undefined;
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
