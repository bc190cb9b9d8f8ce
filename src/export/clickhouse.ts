import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { ddl, type RunRows, TABLES } from './clickhouse-tables.js';
import { type Endpoint, reasonOf } from './push.js';

/** The server does not take it, or is not there. */
export class PushError extends Error {}

/** Rows that are joined before they are packed. */
const BATCH = 500;

/** A ClickHouse server, by its HTTP interface. */
export class ClickHouse {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async createTables(): Promise<void> {
    for (const statement of ddl()) await this.#send(statement);
  }

  /** Pushes a run, unless it is there already; returns whether it did. */
  async push(run: RunRows): Promise<boolean> {
    const known = await this.#send(
      `SELECT max(calls + exchanges + tests), count() FROM handit_runs WHERE run = '${run.id}' FORMAT TabSeparated`,
    );
    const [most, count] = known.trim().split('\t').map(Number);
    const { calls, exchanges, tests } = run.counts;
    if (count > 0 && most >= calls + exchanges + tests) return false;
    // It was pushed in part, or has grown: rows that come again take the place of the first ones when parts are merged.
    const begun = count > 0 || (await this.#hasRows(run));
    for (const table of Object.keys(TABLES)) {
      await this.#insert(table, run.rows(table));
      if (begun) await this.#send(`OPTIMIZE TABLE ${table} PARTITION '${run.day}' FINAL`);
    }
    return true;
  }

  async #hasRows(run: RunRows): Promise<boolean> {
    for (const table of Object.keys(TABLES)) {
      const count = await this.#send(`SELECT count() FROM ${table} WHERE run = '${run.id}' FORMAT TabSeparated`);
      if (Number(count) > 0) return true;
    }
    return false;
  }

  async #insert(table: string, rows: Iterable<string>): Promise<void> {
    const body = Readable.from(batches(rows)).pipe(createGzip({ level: 1 }));
    await this.#send(`INSERT INTO ${table} FORMAT JSONEachRow`, body);
  }

  /** @param body rows of an insert; without, the statement is the body */
  async #send(statement: string, body?: Readable): Promise<string> {
    const { url, headers } = this.#endpoint;
    const target = new URL(url);
    // Servers before 19 want to be told; later ones know the word.
    if (statement.startsWith('CREATE')) target.searchParams.set('allow_experimental_low_cardinality_type', '1');
    if (body) target.searchParams.set('query', statement);
    try {
      const response = await fetch(target, {
        method: 'POST',
        body: body ? Readable.toWeb(body) : statement,
        // A server closes connections that it has not heard of for some seconds, as while rows are made: each has its own.
        headers: { ...headers, connection: 'close', ...(body && { 'content-encoding': 'gzip' }) },
        redirect: 'manual',
        ...(body && { duplex: 'half' }),
      });
      const text = await response.text();
      if (!response.ok) throw new PushError(`status ${response.status}: ${text.trim().slice(0, 300)}`);
      return text;
    } catch (error) {
      if (error instanceof PushError) throw error;
      throw new PushError(reasonOf(error as Error));
    } finally {
      body?.destroy();
    }
  }
}

function* batches(rows: Iterable<string>): Generator<string> {
  let waiting: string[] = [];
  for (const row of rows) {
    waiting.push(row);
    if (waiting.length < BATCH) continue;
    yield `${waiting.join('\n')}\n`;
    waiting = [];
  }
  yield `${waiting.join('\n')}\n`;
}
