import type { CSSProperties, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Exchange } from '../reader/types.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { count, duration } from './format.js';
import { HeadRow } from './head-row.js';
import { listKeys } from './list-keys.js';
import { HIT } from './search.js';
import { VirtualList } from './virtual-list.js';

const HEAD = [
  ['cell narrow', 'status'],
  ['cell method', 'method'],
  ['wide grow', 'URL'],
  ['cell side', 'side'],
  ['cell', 'took'],
  ['fall', 'when'],
] as const;

/** Every exchange with its place in time. The search filters by method, host, path and status. */
export function HttpView(): JSX.Element {
  const { trace, shown, go, hits } = useViewer();
  const { t0, dt } = trace.nodes;
  const list = useMemo(() => {
    const inScope = ({ node }: Exchange): boolean =>
      (shown.test === -1 || trace.testOf(node) === shown.test) && (!hits || (hits.marks[node] & HIT) !== 0);
    return trace.exchanges.filter(inScope).sort((a, b) => t0[a.node] - t0[b.node]);
  }, [trace, shown.test, hits, hits?.nodes.length]);
  if (list.length === 0)
    return <p class="empty">{hits ? 'No exchange matches.' : 'No HTTP exchanges were recorded here.'}</p>;
  const from = t0[list[0].node];
  const to = list.reduce((end, { node }) => Math.max(end, t0[node] + Math.max(0, dt[node])), from + 1);
  const selected = list.findIndex(({ node }) => node === shown.node);
  return (
    <>
      <div class="bar">
        <span class="dim">
          {count(list.length)} exchanges in {duration(to - from)}
        </span>
      </div>
      <VirtualList
        role="grid"
        label="HTTP exchanges"
        count={list.length}
        rowHeight={26}
        selected={selected}
        activeId={`http-${shown.node}`}
        header={<HeadRow cells={HEAD} />}
        onKeyDown={listKeys({ count: list.length, selected, move: (to) => go({ node: list[to].node }) })}
        row={(index, style) => (
          <ExchangeRow key={list[index].node} exchange={list[index]} from={from} to={to} style={style} />
        )}
      />
    </>
  );
}

interface ExchangeRowProps {
  readonly exchange: Exchange;
  /** Times between which all are. */
  readonly from: number;
  readonly to: number;
  readonly style: CSSProperties;
}

function ExchangeRow({ exchange, from, to, style }: ExchangeRowProps): JSX.Element {
  const { trace, shown, go } = useViewer();
  const { t0, dt } = trace.nodes;
  const { node, status, method, url, side, attempt, client } = exchange;
  const failed = trace.hasFailed(node);
  const left = ((t0[node] - from) / (to - from)) * 100;
  const width = Math.max(0.6, (Math.max(0, dt[node]) / (to - from)) * 100);
  return (
    <div
      id={`http-${node}`}
      class={`row${node === shown.node ? ' selected' : ''}${failed ? ' failed' : ''}`}
      style={style}
      role="row"
      aria-selected={node === shown.node}
      onClick={() => go({ node })}
    >
      <span class={`cell narrow${failed ? ' bad' : ''}`} role="gridcell">
        {status || (failed ? 'failed' : '…')}
      </span>
      <span class="cell method" role="gridcell">
        {visible(method)}
      </span>
      <span class="wide grow" role="gridcell">
        {visible(url)}
        {attempt !== undefined && attempt > 1 && <span class="tag">attempt {attempt}</span>}
      </span>
      <span class="cell side" role="gridcell">
        {side === 'server' ? 'server' : visible(client)}
      </span>
      <span class="cell" role="gridcell">
        {duration(dt[node])}
      </span>
      <span class="fall" role="gridcell" aria-label={`after ${duration(t0[node] - from)}`}>
        <i style={{ left: `${Math.min(left, 99)}%`, width: `${Math.min(width, 100 - left)}%` }} />
      </span>
    </div>
  );
}
