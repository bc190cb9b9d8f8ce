import type { CSSProperties, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import type { Detail } from './details-cache.js';
import { count, duration, outcomeText, short } from './format.js';
import { callsOf, functionTable, knownTable, type FunctionRow } from './function-table.js';
import { HeadRow } from './head-row.js';
import { useLater } from './later.js';
import { listKeys } from './list-keys.js';
import { Relatives } from './relatives.js';
import { VirtualList } from './virtual-list.js';

type Column = 'calls' | 'total' | 'own' | 'p50' | 'p99' | 'errors';
const COLUMNS: readonly Column[] = ['calls', 'errors', 'total', 'own', 'p50', 'p99'];

/** What each function cost; one of them leads to a table of every call of it. */
export function FunctionsView(): JSX.Element {
  const { shown } = useViewer();
  return shown.fn === -1 ? <AllFunctions /> : <EveryCall fn={shown.fn} />;
}

function AllFunctions(): JSX.Element {
  const { trace, go, shown, page } = useViewer();
  const [sort, setSort] = useState<Column>('own');
  const [at, setAt] = useState(0);
  const table = useLater(knownTable(trace) ? 0 : trace.nodes.count, () => functionTable(trace), [trace]);
  const rows = useMemo(() => {
    const query = shown.query.toLowerCase();
    const all = (table ?? []).filter(({ fn }) => {
      const { func, file } = trace.functions[fn];
      return `${func} ${file}`.toLowerCase().includes(query.replace(/^(fn|file):/, ''));
    });
    return all.sort((a, b) => b[sort] - a[sort]);
  }, [table, sort, shown.query]);
  if (!table) return <p class="empty">Adding up {count(trace.nodes.count)} calls…</p>;
  if (rows.length === 0) return <p class="empty">No functions.</p>;
  const capped = rows.some(({ calls, recorded }) => recorded < calls);
  return (
    <>
      <div class="bar">
        <span class="dim">
          {count(rows.length)} functions
          {capped ? '; *: more calls than were recorded, times are of those recorded' : ''}
          {page.report?.content === 'failures' ? '; only what failing tests called' : ''}
        </span>
      </div>
      <VirtualList
        role="grid"
        label="Functions"
        count={rows.length}
        rowHeight={26}
        selected={at}
        activeId={`fn-${at}`}
        header={<SortHead sort={sort} onSort={setSort} />}
        onKeyDown={listKeys({ count: rows.length, selected: at, move: setAt, open: (row) => go({ fn: rows[row].fn }) })}
        row={(index, style) => (
          <OneFunction key={rows[index].fn} index={index} row={rows[index]} style={style} isSelected={index === at} />
        )}
      />
    </>
  );
}

function SortHead({ sort, onSort }: { sort: Column; onSort: (column: Column) => void }): JSX.Element {
  return (
    <div class="row head" role="row">
      {COLUMNS.map((column) => (
        <span class="cell" role="columnheader" key={column} aria-sort={column === sort ? 'descending' : 'none'}>
          <button type="button" aria-pressed={column === sort} onClick={() => onSort(column)}>
            {column}
          </button>
        </span>
      ))}
      <span class="name" role="columnheader">
        function
      </span>
    </div>
  );
}

interface OneFunctionProps {
  readonly index: number;
  readonly row: FunctionRow;
  readonly style: CSSProperties;
  readonly isSelected: boolean;
}

function OneFunction({ index, row, style, isSelected }: OneFunctionProps): JSX.Element {
  const { trace, go } = useViewer();
  const { func, file, line } = trace.functions[row.fn];
  return (
    <div
      id={`fn-${index}`}
      class={`row${isSelected ? ' selected' : ''}`}
      style={style}
      role="row"
      aria-selected={isSelected}
      onClick={() => go({ fn: row.fn })}
    >
      {COLUMNS.map((column) => (
        <span class={`cell${column === 'errors' ? ' bad' : ''}`} role="gridcell" key={column}>
          {cellText(row, column)}
        </span>
      ))}
      <span class="name" role="gridcell">
        {visible(func)} <span class="place">{`${visible(file)}:${line}`}</span>
      </span>
    </div>
  );
}

function cellText(row: FunctionRow, column: Column): string {
  if (column === 'calls') return row.recorded < row.calls ? `${count(row.calls)}*` : count(row.calls);
  if (column === 'errors') return row.errors === 0 ? '' : count(row.errors);
  return duration(row[column]);
}

const SAMPLE = 12;

/** Print statements after the fact: a row a call, a column an argument. */
function EveryCall({ fn }: { fn: number }): JSX.Element {
  const { trace, details, go, shown } = useViewer();
  const [group, setGroup] = useState(false);
  const info = trace.functions[fn];
  const nodes = useMemo(() => callsOf(trace, fn), [trace, fn]);
  const names = argumentNames(details, nodes);
  const selected = nodes.indexOf(shown.node);
  return (
    <>
      <div class="bar">
        <button type="button" onClick={() => go({ fn: -1 })}>
          ‹ Functions
        </button>
        <b>{visible(info.func)}</b>
        <span class="dim">{`${visible(info.file)}:${info.line}`}</span>
        <span class="dim">{count(nodes.length)} calls</span>
        <button type="button" aria-pressed={group} onClick={() => setGroup(!group)}>
          group by value
        </button>
      </div>
      <Relatives nodes={nodes} />
      {group ? (
        <Groups nodes={nodes} />
      ) : (
        <VirtualList
          role="grid"
          label={`Calls of ${info.func}`}
          count={nodes.length}
          rowHeight={26}
          selected={selected}
          activeId={`call-${shown.node}`}
          header={<HeadRow cells={headOfCalls(names)} />}
          onKeyDown={listKeys({ count: nodes.length, selected, move: (to) => go({ node: nodes[to] }) })}
          row={(index, style) => (
            <CallRow key={index} index={index} node={nodes[index]} names={names} style={style} trace={trace} />
          )}
        />
      )}
    </>
  );
}

function headOfCalls(names: readonly string[]): (readonly [string, string])[] {
  const texts = names.map((name) => ['wide', visible(name)] as const);
  return [['cell narrow', '#'], ...texts, ['wide', 'result'], ['cell', 'took']];
}

function argumentNames(details: { get(node: number): Detail | undefined }, nodes: Int32Array): string[] {
  const names = new Set<string>();
  for (const node of nodes.subarray(0, SAMPLE)) {
    const detail = details.get(node);
    if (detail && 'call' in detail) for (const name of Object.keys(detail.call.args ?? {})) names.add(name);
  }
  return [...names].slice(0, 8);
}

interface CallRowProps {
  readonly index: number;
  readonly node: number;
  readonly names: readonly string[];
  readonly style: CSSProperties;
  readonly trace: Trace;
}

function CallRow({ index, node, names, style, trace }: CallRowProps): JSX.Element {
  const { details, shown, go } = useViewer();
  const detail = details.get(node);
  const args = detail && 'call' in detail ? detail.call.args : undefined;
  const failed = trace.hasFailed(node);
  return (
    <div
      id={`call-${node}`}
      class={`row${node === shown.node ? ' selected' : ''}${failed ? ' failed' : ''}`}
      style={style}
      role="row"
      aria-selected={node === shown.node}
      onClick={() => go({ node })}
    >
      <span class="cell narrow" role="gridcell">
        {index + 1}
      </span>
      {names.map((name) => (
        <span class="wide" role="gridcell" key={name}>
          {args && Object.hasOwn(args, name) ? short(args[name], 80) : ''}
        </span>
      ))}
      <span class="wide outcome" role="gridcell">
        {outcomeText(trace, node, detail, 80)}
      </span>
      <span class="cell" role="gridcell">
        {duration(trace.durationOf(node))}
      </span>
    </div>
  );
}

const GROUPED = 5000;

/** Calls with the same arguments and outcome, most first. */
function Groups({ nodes }: { nodes: Int32Array }): JSX.Element {
  const { trace, details, go } = useViewer();
  const groups = new Map<string, number[]>();
  let waiting = 0;
  const looked = nodes.subarray(0, Math.min(GROUPED, 3000));
  for (const node of looked) {
    const detail = details.get(node);
    if (!detail || !('call' in detail)) {
      waiting++;
      continue;
    }
    const key = `(${short(detail.call.args, 160).slice(1, -1)}) → ${outcomeText(trace, node, detail, 100)}`;
    const known = groups.get(key);
    if (known) known.push(node);
    else groups.set(key, [node]);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length).slice(0, 300);
  return (
    <div class="scroll" tabIndex={0}>
      {waiting > 0 && <p class="dim">Reading {count(waiting)} calls…</p>}
      {looked.length < nodes.length && <p class="dim">The first {count(looked.length)} calls are grouped.</p>}
      <table class="plain-table">
        <tbody>
          {sorted.map(([key, list]) => (
            <tr key={key}>
              <td class="number">{count(list.length)}</td>
              <td>
                <button type="button" class="link" onClick={() => go({ node: list[0] })}>
                  {key}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
