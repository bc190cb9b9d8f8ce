import { Columns } from './columns.js';
import type { Settlement } from './indexer.js';
import type { Scope } from './scope-table.js';
import type {
  LateEnd,
  Annotated,
  Damage,
  Exchange,
  FunctionInfo,
  Limit,
  Module,
  Process,
  Session,
  SkippedOf,
  SummaryOf,
  Test,
} from './types.js';

/** What a trace is made of besides its lines. */
export interface Index {
  readonly nodes: Columns;
  readonly functions: { readonly all: readonly FunctionInfo[] };
  readonly exchanges: { readonly all: readonly Exchange[] };
  readonly scopes: {
    readonly all: readonly Scope[];
    readonly tests: readonly Test[];
    readonly sessions: readonly Session[];
    mergeLateCalls(): void;
    withTest(row: number, test: number): number;
  };
  readonly processes: readonly Process[];
  readonly folders: readonly string[];
  readonly settles: ReadonlyMap<number, Settlement>;
  readonly lateEnds: readonly LateEnd[];
  readonly annotations: readonly Annotated[];
  readonly limits: readonly Limit[];
  readonly modules: readonly Module[];
  readonly summaries: readonly SummaryOf[];
  readonly skipped: readonly SkippedOf[];
  readonly damage: Damage;
  readonly inputs: readonly {
    readonly name: string;
    readonly base: number;
    readonly size: number;
    readonly lines: number;
  }[];
  readonly baseSecond: number;
  /** Parents are rows and exchanges are joined already; nothing more comes. */
  readonly isLinked: boolean;
  /** The row of a call of that process, or -1. */
  nodeOf(process: Process, id: number): number;
}

/** The columns of an index, by name. */
export const COLUMNS = [
  ...(['id', 'parent', 'func', 'scope', 't0', 'dt', 'flags'] as const),
  ...(['beginAt', 'beginLength', 'endAt', 'endLength'] as const),
] as const;

/** An index as data without methods: what one thread gives to another, and what is packed into a report. */
export interface IndexData {
  readonly count: number;
  readonly columns: { readonly [Name in (typeof COLUMNS)[number]]: Columns[Name] };
  readonly settles: Settles;
  readonly tables: IndexTables;
}

/** One row for each promise that settled. */
export interface Settles {
  readonly node: Int32Array;
  readonly at: Float64Array;
  readonly length: Uint32Array;
  readonly dt: Float64Array;
}

export interface IndexTables extends Pick<
  Index,
  | ('processes' | 'folders' | 'annotations' | 'limits' | 'modules' | 'summaries' | 'skipped' | 'damage')
  | ('inputs' | 'baseSecond' | 'lateEnds')
> {
  readonly functions: readonly FunctionInfo[];
  readonly exchanges: readonly Exchange[];
  readonly scopes: readonly Scope[];
  readonly tests: readonly Test[];
  readonly sessions: readonly Session[];
}

export function indexFrom({ count, columns, settles, tables }: IndexData): Index {
  const nodes = Object.assign(new Columns(0), columns, { count });
  const { functions, scopes, tests, sessions, exchanges, ...rest } = tables;
  return {
    ...rest,
    nodes,
    functions: { all: functions },
    exchanges: { all: exchanges },
    scopes: { all: scopes, tests, sessions, mergeLateCalls: () => undefined, withTest: (row) => row },
    settles: new Map(
      Array.from(settles.node, (node, row) => [
        node,
        { at: settles.at[row], length: settles.length[row], dt: settles.dt[row] },
      ]),
    ),
    isLinked: true,
    // Rarely asked for: a table of the ids would cost more than it saves. Of two with one id the last is meant.
    nodeOf({ index }, id) {
      for (let node = count - 1; node >= 0; node--) {
        if (nodes.id[node] === id && scopes[nodes.scope[node]].process === index) return node;
      }
      return -1;
    },
  };
}
