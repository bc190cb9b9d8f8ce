import type { Database } from './database.js';
import { makeLlm, makeRuns, type Traces } from './indexed.js';
import { viewSql, VIEWS } from './views.js';

/** Makes the views that a query names: each of them costs time, and some take the whole trace. */
export class Views {
  readonly #database: Database;
  readonly #traces: Traces;
  readonly #again: boolean;
  readonly #made = new Set<string>();

  /** @param again whether something in the lines began in an earlier file */
  constructor(database: Database, traces: Traces, again: boolean) {
    this.#database = database;
    this.#traces = traces;
    this.#again = again;
  }

  async makeNamed(sql: string): Promise<void> {
    const isNamed = (view: string): boolean => new RegExp(`\\b${view}\\b`, 'i').test(sql);
    for (const [name, view] of Object.entries(VIEWS)) {
      if (!isNamed(name) || this.#made.has(name)) continue;
      this.#made.add(name);
      await this.makeNamed(view.sql);
      await this.#database.run(`create view ${name} as ${viewSql(view, this.#again)}`);
    }
    if (isNamed('runs')) await this.#makeTable('runs', true);
    if (isNamed('llm')) await this.#makeTable('llm', true);
  }

  /** Also where the SQL asks for the views themselves, or names one that there is not: DuckDB says which is meant. */
  async check(sql: string): Promise<void> {
    if (/information_schema|\bduckdb_|\b(show|describe)\b/i.test(sql)) await this.#makeAll();
    try {
      await this.#database.check(sql);
    } catch {
      await this.#makeAll();
      await this.#database.check(sql);
    }
  }

  async #makeAll(): Promise<void> {
    await this.makeNamed(Object.keys(VIEWS).join(' '));
    for (const name of ['runs', 'llm'] as const) await this.#makeTable(name, false);
  }

  /** @param filled false: the columns alone */
  async #makeTable(name: 'runs' | 'llm', filled: boolean): Promise<void> {
    if (this.#made.has(name)) return;
    this.#made.add(name);
    if (name === 'runs') await makeRuns(this.#database, filled);
    else await makeLlm(this.#database, filled ? this.#traces : new Map<string, string[]>());
  }
}
