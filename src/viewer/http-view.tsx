import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Exchange } from '../reader/types.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { count, duration } from './format.js';
import { HIT } from './search.js';
import { VirtualList } from './virtual-list.js';

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
        header={
          <div class="row head" role="row">
            <span class="cell narrow" role="columnheader">
              status
            </span>
            <span class="cell method" role="columnheader">
              method
            </span>
            <span class="wide grow" role="columnheader">
              URL
            </span>
            <span class="cell side" role="columnheader">
              side
            </span>
            <span class="cell" role="columnheader">
              took
            </span>
            <span class="fall" role="columnheader">
              when
            </span>
          </div>
        }
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (step === 0) return;
          event.preventDefault();
          go({ node: list[Math.max(0, Math.min(list.length - 1, selected + step))].node });
        }}
        row={(index, style) => {
          const { node, status, method, url, side, attempt, client } = list[index];
          const failed = trace.hasFailed(node);
          const left = ((t0[node] - from) / (to - from)) * 100;
          const width = Math.max(0.6, (Math.max(0, dt[node]) / (to - from)) * 100);
          return (
            <div
              key={node}
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
        }}
      />
    </>
  );
}
