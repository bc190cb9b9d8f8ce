import { F } from './fields.js';
import { Names } from './names.js';
import { NO_ID, type LineScanner } from './scan-line.js';
import type { Process, Session, Test } from './types.js';

/** What one call shares with those around it; -1: none. */
export interface Scope {
  readonly process: number;
  /** A row in `tests`. */
  test: number;
  /** A row in `sessions`. */
  readonly session: number;
  readonly agent: string | undefined;
}

interface Last {
  session: number;
  agent: number;
  name: number;
  id: number;
  scope: number;
}

const MAX_NAME = 4096;

/** Processes, tests, sessions and agents, in the combinations in which calls have them. */
export class ScopeTable {
  readonly all: Scope[] = [];
  readonly tests: Test[] = [];
  readonly sessions: Session[] = [];
  readonly #names = new Names();
  readonly #byKey = new Map<string, number>();
  readonly #sessionByName = new Map<number, number>();
  /** The running try: by the test's id, or in traces without one by its name. */
  readonly #testById = new Map<string, number>();
  readonly #testByName = new Map<string, number>();
  /** By process: what the last line had. */
  readonly #last: (Last | undefined)[] = [];

  /** The row of the scope of a line. */
  of(line: LineScanner, process: Process, ns: number): number {
    const session = this.#name(line, F.session_id);
    const agent = this.#name(line, F.agent);
    const name = this.#name(line, F.test);
    const id = line.id(F.test_id);
    const last = this.#last[process.index];
    if (last && last.session === session && last.name === name && last.id === id && last.agent === agent) {
      return last.scope;
    }
    const test = name === -1 && id === NO_ID ? -1 : this.#test(process, name, id, ns).index;
    const row = session === -1 ? -1 : this.session(session, process.index).index;
    const called = agent === -1 ? undefined : this.#names.text(agent);
    const scope = this.#row({ process: process.index, test, session: row, agent: called });
    this.#last[process.index] = { session, agent, name, id, scope };
    return scope;
  }

  #row(scope: Scope): number {
    const { process, test, session, agent = '' } = scope;
    const key = `${process} ${test} ${session} ${agent}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const row = this.all.push(scope) - 1;
    this.#byKey.set(key, row);
    return row;
  }

  /** The row of a scope as in another row, but of that test. */
  withTest(row: number, test: number): number {
    return this.#row({ ...this.all[row], test });
  }

  /** The session that a line names; undefined where it names none. */
  sessionOf(line: LineScanner, process: Process): Session | undefined {
    const name = this.#name(line, F.session_id);
    return name === -1 ? undefined : this.session(name, process.index);
  }

  session(name: number, process: number): Session {
    const known = this.#sessionByName.get(name);
    if (known !== undefined) return this.sessions[known];
    const session: Session = {
      ...{ index: this.sessions.length, id: this.#names.text(name), process, tag: '', parent: -1, outer: -1 },
      ...{ firstNs: 0, dt: -1, failed: false, begin: undefined, end: undefined },
    };
    this.#sessionByName.set(name, session.index);
    this.sessions.push(session);
    return session;
  }

  sessionNamed(id: string): number {
    const bytes = new TextEncoder().encode(JSON.stringify(id));
    return this.#sessionByName.get(this.#names.intern(bytes, 0, bytes.length)) ?? -1;
  }

  /** The try that a line of type `test_end` ends; undefined where it names no test. */
  endOfTest(line: LineScanner, process: Process, firstNs: number): Test | undefined {
    const name = this.#name(line, F.test);
    const id = line.id(F.test_id);
    if (name === -1) return undefined;
    const test = this.#running(process, name, id) ?? this.#test(process, name, id, firstNs);
    this.#last[process.index] = undefined;
    if (id === NO_ID) this.#testByName.delete(`${process.index} ${name}`);
    return test;
  }

  /**
   * The try that has begun and not ended. Its calls may lack the id that its end has; an id that ended before is used
   * twice, and this is another try.
   */
  #running(process: Process, name: number, id: number): Test | undefined {
    if (id === NO_ID) return undefined;
    const key = `${process.index} ${id} ${name}`;
    const known = this.#testById.get(key);
    if (known !== undefined) {
      if (this.tests[known].outcome === undefined) return this.tests[known];
      this.#testById.delete(key);
    }
    const named = this.#testByName.get(`${process.index} ${name}`);
    if (named === undefined) return undefined;
    this.#testByName.delete(`${process.index} ${name}`);
    this.#testById.set(key, named);
    this.tests[named].id = id;
    return this.tests[named];
  }

  #test(process: Process, name: number, id: number, ns: number): Test {
    const table = id === NO_ID ? this.#testByName : this.#testById;
    const key = id === NO_ID ? `${process.index} ${name}` : `${process.index} ${id} ${name}`;
    const known = table.get(key);
    if (known !== undefined) return this.tests[known];
    const text = name === -1 ? `test ${id}` : this.#names.text(name);
    const test: Test = {
      ...{ index: this.tests.length, process: process.index, name: text, file: '', titles: [], try: undefined },
      ...{ id: id === NO_ID ? undefined : id, outcome: undefined, firstNs: ns, dt: -1, place: undefined, late: false },
    };
    table.set(key, test.index);
    this.tests.push(test);
    return test;
  }

  /** In traces without ids of tests, what a test called after its end looks like a try that never ended. */
  mergeLateCalls(): void {
    const ended = new Map<string, number>();
    const merged = new Map<number, number>();
    for (const { index, id, outcome, process, name } of this.tests) {
      const key = `${process} ${name}`;
      if (outcome !== undefined) ended.set(key, index);
      else if (id === undefined && ended.has(key)) merged.set(index, ended.get(key)!);
    }
    if (merged.size === 0) return;
    for (const scope of this.all) scope.test = merged.get(scope.test) ?? scope.test;
    for (const index of merged.keys()) this.tests[index].late = true;
  }

  #name(line: LineScanner, field: number): number {
    if (!line.isText(field)) return -1;
    const from = line.from(field);
    return this.#names.intern(line.buffer, from, Math.min(line.to(field), from + MAX_NAME));
  }
}
