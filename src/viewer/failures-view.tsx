import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { visible } from '../report/visible.js';
import type { View } from './address.js';
import { useViewer } from './context.js';
import { count } from './format.js';

/** The verdict that came with the page, as it is there; of a trace that was dropped, its failed tests. */
export function FailuresView(): JSX.Element {
  const { page, go, trace } = useViewer();
  const box = useRef<HTMLDivElement>(null);
  const verdict = document.getElementById('verdict');
  useLayoutEffect(() => {
    if (!page.report || !verdict) return;
    box.current!.prepend(verdict);
    verdict.hidden = false;
    // A link without an address takes no focus.
    for (const link of verdict.querySelectorAll<HTMLElement>('a[data-node]')) {
      link.setAttribute('role', 'link');
      link.tabIndex = 0;
    }
    return () => {
      verdict.hidden = true;
      document.body.append(verdict);
    };
  }, []);
  const open = (event: Event): void => {
    const link = (event.target as Element).closest<HTMLElement>('a[data-node]');
    const node = link ? trace.nodeNamed(link.dataset.node!) : -1;
    if (node !== -1) go({ view: 'tree', node, test: trace.testOf(node), query: '' });
  };
  return (
    <div
      class="scroll failures"
      ref={box}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key === 'Enter') open(event);
      }}
    >
      {!page.report && <FailedTests />}
      {page.report?.verdict.cards.length === 0 && <WhereToLook />}
    </div>
  );
}

/** Of a run in which nothing failed: what else there is to see. */
function WhereToLook(): JSX.Element {
  const { trace, go } = useViewer();
  const places: [View, string, string][] = [
    ['tests', 'Tests', `what each of ${count(trace.tests.length)} called`],
    ['tree', 'Tree', `${count(trace.nodes.count)} calls with their values, by who called whom`],
    ['timeline', 'Timeline', 'the same by time'],
    ['functions', 'Functions', `${count(trace.functions.length)} by what they cost, and every call of each`],
    ['http', 'HTTP', `${count(trace.exchanges.length)} exchanges`],
  ];
  const isThere = { tests: trace.tests.length > 0, http: trace.exchanges.length > 0 } as Partial<Record<View, boolean>>;
  return (
    <section aria-label="Where to look">
      <ul class="plain nothing-failed">
        {places
          .filter(([view]) => isThere[view] !== false)
          .map(([view, name, what]) => (
            <li key={view}>
              <button type="button" class="link" onClick={() => go({ view })}>
                {name}
              </button>{' '}
              <span class="dim">{what}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}

function FailedTests(): JSX.Element {
  const { trace, go } = useViewer();
  const failed = trace.tests.filter(({ late, outcome }) => !late && outcome === 'failed');
  return (
    <>
      <h1>
        {failed.length > 0 ? `${count(failed.length)} of ${count(trace.tests.length)} tests failed` : 'No test failed'}
      </h1>
      <ul class="plain">
        {failed.map((test) => (
          <li key={test.index}>
            <button type="button" class="link" onClick={() => go({ view: 'tree', test: test.index, node: -1 })}>
              {visible(test.name)}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
