import type { Columns } from './columns.js';
import type { Scope } from './scope-table.js';

interface Scopes {
  readonly all: readonly Scope[];
  /** The row of a scope as in `row`, but of that test. */
  withTest(row: number, test: number): number;
}

/**
 * An exchange that names no test belongs to the test of the first call below it that does: a test may return a request
 * that is sent when it is awaited, which is after the test's function has ended.
 */
export function labelExchanges(nodes: Columns, scopes: Scopes, isExchange: (node: number) => boolean): void {
  const { parent, scope, count } = nodes;
  for (let node = 0; node < count; node++) {
    const { test, process } = scopes.all[scope[node]];
    if (test === -1) continue;
    for (let above = parent[node]; above !== -1 && isExchange(above); above = parent[above]) {
      const own = scopes.all[scope[above]];
      if (own.test !== -1 || own.process !== process) break;
      scope[above] = scopes.withTest(scope[above], test);
    }
  }
}
