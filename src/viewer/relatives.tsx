import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { count } from './format.js';
import { relativesOf, type Relative } from './function-table.js';

const SHOWN = 12;

/** Who calls a function, and what it calls; each leads on to its own calls. */
export function Relatives({ nodes }: { nodes: Int32Array }): JSX.Element {
  const { trace } = useViewer();
  const { callers, callees } = useMemo(() => relativesOf(trace, nodes), [trace, nodes]);
  return (
    <dl class="relatives">
      <Row title="called by" list={callers} />
      <Row title="calls" list={callees} />
    </dl>
  );
}

function Row({ title, list }: { title: string; list: readonly Relative[] }): JSX.Element | null {
  const { trace, go } = useViewer();
  if (list.length === 0) return null;
  return (
    <div>
      <dt class="label">{title}</dt>
      <dd>
        {list.slice(0, SHOWN).map(([fn, calls]) => (
          <span key={fn}>
            {fn === -1 ? (
              <span class="dim">no recorded call</span>
            ) : (
              <button type="button" class="link" onClick={() => go({ fn, node: -1 })}>
                {visible(trace.functions[fn].func)}
              </button>
            )}{' '}
            <span class="dim">× {count(calls)}</span>
          </span>
        ))}
        {list.length > SHOWN && <span class="dim">and {count(list.length - SHOWN)} more</span>}
      </dd>
    </div>
  );
}
