import type { CSSProperties, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ownTime } from '../reader/times.js';
import { useViewer, type Viewer } from './context.js';
import { argsText, count, duration, nameOf, outcomeText, placeOf } from './format.js';
import { HIT } from './search.js';
import { TreeState, type TreeRow, type TreeRows } from './tree-rows.js';
import { VirtualList } from './virtual-list.js';

const INDENT = 14;
/** Deeper ones are not moved further to the right: the depth is said as a number. */
const MAX_INDENT = 24;

export function TreeView(): JSX.Element {
  const { trace, shown, go, hits } = useViewer();
  const { tree, rows, redraw } = useRows();
  const selected = useMemo(() => rows.indexOf(shown.node), [rows, shown.node]);
  const toggle = (row: TreeRow, to = !row.open): void => {
    if (row.times > 1) tree.unfolded.add(row.node);
    else if (to) tree.open.add(row.node);
    else tree.open.delete(row.node);
    redraw();
  };
  if (rows.count === 0) return <Empty />;
  return (
    <VirtualList
      role="tree"
      label="Calls"
      count={rows.count}
      rowHeight={24}
      selected={selected}
      activeId={selected === -1 ? undefined : `row-${shown.node}`}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (!act(event.key, { trace, rows, selected, go, toggle })) return;
        event.preventDefault();
      }}
      row={(index, style) => {
        const row = rows.at(index)!;
        return (
          <Row
            key={row.node}
            row={row}
            style={style}
            isSelected={index === selected}
            hit={hits !== undefined && (hits.marks[row.node] & HIT) !== 0}
            onToggle={toggle}
          />
        );
      }}
    />
  );
}

/** The rows that are there, with what is open. */
function useRows(): { tree: TreeState; rows: TreeRows; redraw: () => void } {
  const { trace, shown, hits } = useViewer();
  const state = useRef<TreeState>(undefined);
  state.current ??= new TreeState(trace);
  const tree = state.current;
  const [version, setVersion] = useState(0);
  const redraw = (): void => setVersion((before) => before + 1);
  const roots = useMemo(() => (shown.test === -1 ? trace.roots : trace.rootsOfTest(shown.test)), [trace, shown.test]);
  const before = useRef<{ rows?: TreeRows; roots?: Int32Array; reveals: number }>({ reveals: 0 });
  // Most keys go to a row that is there; all rows are made again only where one has to be opened.
  const reveals = useMemo(() => {
    const last = before.current;
    const isThere = roots === last.roots && last.rows !== undefined && last.rows.indexOf(shown.node) !== -1;
    if (shown.node === -1 || isThere) return last.reveals;
    tree.reveal(shown.node);
    return last.reveals + 1;
  }, [shown.node, roots, hits]);
  const rows = useMemo(() => tree.rows(roots, hits?.marks), [version, roots, hits, reveals]);
  before.current = { rows, roots, reveals };
  useEffect(() => {
    if (roots.length !== 1 || tree.open.has(roots[0])) return;
    tree.open.add(roots[0]);
    redraw();
  }, [roots]);
  return { tree, rows, redraw };
}

/** How many rows each key goes; as far as there are any. */
const STEPS: Record<string, number> = {
  ...{ ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 },
  ...{ Home: -Infinity, End: Infinity },
};

interface TreeActions extends Pick<Viewer, 'trace' | 'go'> {
  readonly rows: TreeRows;
  readonly selected: number;
  readonly toggle: (row: TreeRow, to?: boolean) => void;
}

/** @returns whether the key means something here */
function act(key: string, { trace, rows, selected, go, toggle }: TreeActions): boolean {
  const row = rows.at(selected);
  const move = (by: number): void => {
    const next = rows.at(Math.max(0, Math.min(rows.count - 1, selected + by)));
    if (next) go({ node: next.node });
  };
  if (Object.hasOwn(STEPS, key)) move(STEPS[key]);
  else if (key === 'ArrowRight') {
    if (row && !row.open && row.children > 0) toggle(row, true);
    else move(1);
  } else if (key === 'ArrowLeft') {
    if (row?.open) toggle(row, false);
    else if (row && trace.nodes.parent[row.node] !== -1) go({ node: trace.nodes.parent[row.node] });
  } else if (key === 'Enter' || key === ' ') {
    if (row) toggle(row);
  } else return false;
  return true;
}

function Empty(): JSX.Element {
  const { hits, page, shown } = useViewer();
  if (hits) return <p class="empty">{hits.done ? 'Nothing matches the search.' : 'Searching…'}</p>;
  const partly = page.report?.content === 'failures' && shown.test !== -1;
  return (
    <p class="empty">
      {partly
        ? 'What this test called is not in this report: it has what failing tests did. "handit report --all" writes everything.'
        : 'No calls were recorded here.'}
    </p>
  );
}

interface RowProps {
  readonly row: TreeRow;
  readonly style: CSSProperties;
  readonly isSelected: boolean;
  readonly hit: boolean;
  readonly onToggle: (row: TreeRow) => void;
}

function Row({ row, style, isSelected, hit, onToggle }: RowProps): JSX.Element {
  const { trace, details, go } = useViewer();
  const { node, depth, children, open, times } = row;
  const failed = trace.hasFailed(node);
  const detail = times > 1 ? undefined : details.get(node);
  const total = trace.durationOf(node);
  const own = children > 0 && times === 1 ? ownTime(trace, trace.nodes, node) : -1;
  const isExchange = trace.isExchange(node);
  const classes = ['row', isSelected && 'selected', failed && 'failed', hit && 'hit'].filter(Boolean).join(' ');
  return (
    <div
      class={classes}
      style={style}
      role="treeitem"
      id={`row-${node}`}
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={children > 0 ? open : undefined}
      onClick={() => (times > 1 ? onToggle(row) : go({ node }))}
      onDblClick={() => onToggle(row)}
    >
      <span class="indent" style={{ width: `${Math.min(depth, MAX_INDENT) * INDENT}px` }} />
      <span
        class={`twist${children > 0 ? (open ? ' open' : ' shut') : ''}`}
        onClick={(event) => {
          event.stopPropagation();
          if (children > 0) onToggle(row);
        }}
      />
      {failed && (
        <span class="sign" title="failed">
          ✕
        </span>
      )}
      {isExchange && <span class="tag">{trace.exchangeOf(node)!.side === 'server' ? 'serves' : 'http'}</span>}
      <span class="name">{nameOf(trace, node)}</span>
      {times > 1 ? (
        <span class="times">× {count(times)}</span>
      ) : (
        <>
          {!isExchange && <span class="args">({argsText(detail)})</span>}
          <span class="arrow">→</span>
          <span class="outcome">{outcomeText(trace, node, detail)}</span>
        </>
      )}
      <span class="space" />
      <span class="time" title="own / total">
        {own > 0 && own < total ? <i>{duration(own)} / </i> : null}
        {duration(total)}
      </span>
      <span class="place">{placeOf(trace, node)}</span>
    </div>
  );
}
