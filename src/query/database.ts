import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type * as DuckDB from '@duckdb/node-api';

/** The SQL, or what it needs, is not as it must be: a line each. */
export class QueryError extends Error {}

export interface Selected {
  readonly names: readonly string[];
  /** Whether the text of a column is JSON. */
  readonly json: readonly boolean[];
  readonly rows: AsyncIterable<readonly (readonly DuckDB.DuckDBValue[])[]>;
}

export interface Limits {
  /** As DuckDB writes it: `1GB`. */
  readonly memory: string;
  readonly timeoutMs: number;
}

const BYTES_A_THREAD = 20e6;
const SIZE = /^\d+(\.\d+)? ?([KMGT]i?B)$/i;

/** DuckDB, in memory. */
export class Database {
  readonly #duckdb: typeof DuckDB;
  readonly #connection: DuckDB.DuckDBConnection;
  readonly #timeoutMs: number;

  private constructor(duckdb: typeof DuckDB, connection: DuckDB.DuckDBConnection, timeoutMs: number) {
    this.#duckdb = duckdb;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  static async open({ memory, timeoutMs }: Limits): Promise<Database> {
    if (!SIZE.test(memory)) throw new QueryError(`--memory is "${memory}"; it must be like 500MB or 2GB`);
    const duckdb = loadDuckDB();
    const options = {
      ...{ memory_limit: memory, temp_directory: '', preserve_insertion_order: 'false' },
      ...{
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
      },
    };
    try {
      const instance = await duckdb.DuckDBInstance.create(':memory:', options);
      return new Database(duckdb, await instance.connect(), timeoutMs);
    } catch (error) {
      throw new QueryError((error as Error).message);
    }
  }

  /** Of the command's own. */
  async run(sql: string, values?: DuckDB.DuckDBValue[]): Promise<void> {
    await own(this.#connection.run(sql, values));
  }

  async rows(sql: string): Promise<DuckDB.DuckDBValue[][]> {
    return (await own(this.#connection.runAndReadAll(sql))).getRows();
  }

  /** More of them are faster only where there is much to read, and cost the processor a third more. */
  async threads(bytes: number): Promise<void> {
    const most = Math.min(availableParallelism(), Math.ceil(bytes / BYTES_A_THREAD) || 1);
    await this.run(`set threads = ${most}`);
  }

  /** From here on nothing but these files can be reached, whatever the SQL says. */
  async lock(files: readonly string[]): Promise<void> {
    await this.run(`set allowed_paths = [${files.map(quoted).join(', ')}]`);
    await this.run('set enable_external_access = false');
    await this.run('set lock_configuration = true');
  }

  /** One statement that reads. Everything else is refused: to be allowed to read a file is to be allowed to write it. */
  async check(sql: string): Promise<void> {
    const statements = await this.#asked(() => this.#connection.extractStatements(sql));
    if (statements.count !== 1) throw new QueryError(`give one statement; these are ${statements.count}`);
    // Before it is prepared: `export database` makes its folder then.
    if (!READS.test(sql)) throw new QueryError(ONLY_SELECT);
    const prepared = await this.#asked(() => statements.prepare(0));
    if (prepared.statementType !== this.#duckdb.StatementType.SELECT) {
      throw new QueryError(ONLY_SELECT);
    }
  }

  /** Rows as they come. */
  async select(sql: string, values?: DuckDB.DuckDBValue[]): Promise<Selected> {
    const result = await this.#asked(() => this.#connection.stream(sql, values));
    const names = result.deduplicatedColumnNames();
    const json = names.map((_, i) => result.columnLogicalType(i).alias === 'JSON');
    return { names, json, rows: this.#watched(result.yieldRows()) };
  }

  async #asked<T>(action: () => Promise<T>): Promise<T> {
    const end = this.#watch();
    try {
      return await action();
    } catch (error) {
      throw end.error(error as Error);
    } finally {
      end();
    }
  }

  async *#watched<T>(rows: AsyncIterableIterator<T>): AsyncGenerator<T> {
    for (;;) {
      const next = await this.#asked(() => rows.next());
      if (next.done) return;
      yield next.value;
    }
  }

  readonly #deadline = { at: Infinity };

  /** All waiting of a query together has the time; what does not stop then is ended with the process. */
  #watch() {
    if (this.#deadline.at === Infinity) this.#deadline.at = Date.now() + this.#timeoutMs;
    let late = false;
    const seconds = this.#timeoutMs / 1000;
    const reason = `stopped after ${seconds} s; --timeout <s> gives it longer`;
    let last: NodeJS.Timeout | undefined;
    const timer = setTimeout(
      () => {
        late = true;
        this.#connection.interrupt();
        last = setTimeout(() => {
          process.stderr.write(`handit: ${reason}\n`);
          // An exit would wait for its threads.
          process.kill(process.pid, 'SIGKILL');
        }, 2000);
      },
      Math.max(0, this.#deadline.at - Date.now()),
    );
    const end = (): void => {
      clearTimeout(timer);
      clearTimeout(last);
    };
    end.error = (error: Error): QueryError => new QueryError(late ? reason : error.message);
    return end;
  }
}

/** What the command itself asks has no deadline: a large trace is converted first. */
async function own<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw new QueryError((error as Error).message);
  }
}

/** How a statement that reads begins, after comments and parentheses. */
const READS = /^(\s|\(|--.*\n|\/\*[\s\S]*?\*\/)*(select|with|from|values)\b/i;
const ONLY_SELECT = 'only a select is run: the views can be read, and nothing else';

const PACKAGE = '@duckdb/node-api';

/** Next to handit, or in the project where handit was called by its path. */
function places(): NodeJS.Require[] {
  return [__filename, join(process.cwd(), 'package.json')].map((from) => createRequire(from));
}

/** It is looked for, and not loaded. */
export function hasDuckDB(): boolean {
  return places().some((require) => {
    try {
      return require.resolve(PACKAGE) !== '';
    } catch {
      return false;
    }
  });
}

function loadDuckDB(): typeof DuckDB {
  for (const require of places()) {
    try {
      return require(PACKAGE) as typeof DuckDB;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new QueryError(`queries need DuckDB, which is not installed: npm install --save-dev ${PACKAGE} (about 70 MB)`);
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
