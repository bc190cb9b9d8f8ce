import type { JSX } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import { AboutView } from './about-view.js';
import { fragmentOf, shownAt, type Shown, type View } from './address.js';
import { CompareView } from './compare-view.js';
import { useViewer, ViewerContext, type Viewer } from './context.js';
import { DetailsCache } from './details-cache.js';
import { DetailsPane } from './details-pane.js';
import { FailuresView } from './failures-view.js';
import { count } from './format.js';
import { FunctionsView } from './functions-view.js';
import { Help } from './help.js';
import { HttpView } from './http-view.js';
import { LlmView, useLlm } from './llm-view.js';
import { OriginPanel } from './origin-panel.js';
import type { PageData } from './page-data.js';
import { useKeys } from './keys.js';
import { termsOf } from './query.js';
import { search, type Hits } from './search.js';
import type { StoreLink } from './store-link.js';
import { TestsView } from './tests-view.js';
import { TimelineView } from './timeline-view.js';
import { TreeView } from './tree-view.js';
import type { Wanted } from './wanted.js';

interface AppProps {
  readonly trace: Trace;
  readonly store: StoreLink;
  readonly page: PageData;
}

const VIEW_OF: Record<View, () => JSX.Element> = {
  failures: FailuresView,
  tests: TestsView,
  tree: TreeView,
  timeline: TimelineView,
  functions: FunctionsView,
  http: HttpView,
  compare: CompareView,
  about: AboutView,
  llm: LlmView,
};

const WITH_DETAILS: ReadonlySet<View> = new Set(['tree', 'timeline', 'functions', 'http', 'compare', 'llm']);

/** The others say by the navigation alone what they are. */
const WITH_HEADING: ReadonlySet<View> = new Set(['failures', 'about']);

export function App({ trace, store, page }: AppProps): JSX.Element {
  const [, redraw] = useState(0);
  const details = useMemo(() => new DetailsCache(trace, () => redraw((before) => before + 1)), [trace]);
  const [shown, go] = useShown(trace);
  const hits = useHits(trace, store, shown.query);
  const llm = useLlm(details);
  const [help, setHelp] = useState(false);
  const [wanted, traceValue] = useState<Wanted>();
  const input = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement & HTMLDivElement>(null);

  useEffect(() => {
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [shown.view]);
  useLayoutEffect(() => {
    // Who types on while the view changes goes on typing.
    if (document.activeElement === input.current) return;
    main.current?.querySelector<HTMLElement>('.list, .scroll, .verdict-head')?.focus({ preventScroll: true });
  }, [shown.view, shown.test, shown.fn]);

  const viewer: Viewer = { trace, store, details, page, shown, hits, llm, go, traceValue };
  useKeys(viewer, { input, toggleHelp: () => setHelp((before) => !before), closeHelp: () => setHelp(false) });
  const View = VIEW_OF[shown.view];
  // The verdict is a main part of the page by itself.
  const Box = shown.view === 'failures' ? 'div' : 'main';
  const hasDetails = WITH_DETAILS.has(shown.view) && shown.node !== -1;
  return (
    <ViewerContext.Provider value={viewer}>
      <div class={`app${hasDetails ? ' with-details' : ''}`}>
        <Navigation onHelp={() => setHelp(true)} />
        <div class="centre">
          <Top input={input} />
          <Box ref={main} class="view">
            {!WITH_HEADING.has(shown.view) && <h1 class="unseen">{shown.view}</h1>}
            <View key={`${shown.view} ${shown.test}`} />
          </Box>
          {wanted && <OriginPanel wanted={wanted} onClose={() => traceValue(undefined)} />}
        </div>
        {hasDetails && (
          <aside class="details" aria-label="Details" tabIndex={0}>
            <DetailsPane key={shown.node} />
          </aside>
        )}
        {help && <Help onClose={() => setHelp(false)} />}
      </div>
    </ViewerContext.Provider>
  );
}

/** What is shown, and what goes to something else; the address follows, and is followed. */
function useShown(trace: Trace): [Shown, (to: Partial<Shown>) => void] {
  const [shown, setShown] = useState<Shown>(() => startOf(trace));
  const go = useCallback(
    (to: Partial<Shown>) =>
      setShown((before) => {
        const next = { ...before, ...to };
        remember(trace, next, next.view !== before.view || next.test !== before.test || next.fn !== before.fn);
        return next;
      }),
    [trace],
  );
  useEffect(() => {
    const onHash = (): void => setShown((before) => ({ ...before, ...shownAt(trace, location.hash) }));
    addEventListener('popstate', onHash);
    return () => removeEventListener('popstate', onHash);
  }, [trace]);
  return [shown, go];
}

function startOf(trace: Trace): Shown {
  const start: Shown = { view: 'failures', test: -1, node: -1, fn: -1, query: '' };
  return { ...start, ...shownAt(trace, location.hash) };
}

/** A frame without an origin may refuse to change its address. */
function remember(trace: Trace, shown: Shown, push: boolean): void {
  try {
    history[push ? 'pushState' : 'replaceState'](null, '', fragmentOf(trace, shown));
  } catch {
    // The page works without.
  }
}

/** Never the hits of another query: not even for the moment until the effect of a new one has run. */
function useHits(trace: Trace, store: StoreLink, query: string): Hits | undefined {
  const [found, setFound] = useState<{ trace: Trace; query: string; hits: Hits }>();
  useEffect(() => {
    if (query.trim() === '') return undefined;
    return search(trace, store, query, (hits) => setFound({ trace, query, hits }));
  }, [trace, query]);
  return useMemo(() => {
    if (query.trim() === '') return undefined;
    if (found?.trace === trace && found.query === query) return found.hits;
    return { marks: new Uint8Array(trace.nodes.count), nodes: [], done: false };
  }, [trace, query, found]);
}

function countTests({ tests }: Trace): { readonly tests: number; readonly failed: number } {
  const all = tests.filter(({ late }) => !late);
  return { tests: all.length, failed: all.filter(({ outcome }) => outcome === 'failed').length };
}

interface NavigationProps {
  readonly onHelp: () => void;
}

function Navigation({ onHelp }: NavigationProps): JSX.Element {
  const { trace, page, shown, go, llm } = useViewer();
  const { tests, failed } = useMemo(() => countTests(trace), [trace]);
  const cards = page.report?.verdict.cards.length ?? 0;
  const entries: [View, string, number | undefined][] = [
    ['failures', 'Failures', failed || cards],
    ['tests', 'Tests', tests],
    ['tree', 'Tree', undefined],
    ['timeline', 'Timeline', undefined],
    ['functions', 'Functions', trace.functions.length],
    ['http', 'HTTP', trace.exchanges.length],
    ['llm', 'LLM', llm?.length ?? 0],
    ['compare', 'Compare', page.report?.compare?.units.length ?? 0],
    ['about', 'About', undefined],
  ];
  const wanted = entries.filter(([view, , many]) => many !== 0 || view === shown.view || view === 'failures');
  return (
    <nav aria-label="Views">
      <span class="brand">handit</span>
      {wanted.map(([view, label, many]) => (
        <button
          type="button"
          key={view}
          aria-current={shown.view === view ? 'page' : undefined}
          onClick={() => go({ view, fn: -1 })}
        >
          <span>{label}</span>
          {many !== undefined && many > 0 && (
            <span class={`many${view === 'failures' ? ' bad' : ''}`}>{count(many)}</span>
          )}
        </button>
      ))}
      <span class="space" />
      <button type="button" class="quiet" onClick={onHelp}>
        Keys <kbd>?</kbd>
      </button>
    </nav>
  );
}

function Top({ input }: { input: { current: HTMLInputElement | null } }): JSX.Element {
  const { shown, go } = useViewer();
  const [text, setText] = useState(shown.query);
  // After the paint would be too late: it would take back what was typed in the meantime.
  useLayoutEffect(() => setText(shown.query), [shown.query]);
  const terms = termsOf(shown.query);
  const without = (at: number): string =>
    terms
      .filter((_, index) => index !== at)
      .map((term) => term.text)
      .join(' ');
  return (
    <header class="top">
      <Scope />
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          go({ query: text.trim(), ...(text.trim() !== '' && shown.view === 'failures' && { view: 'tree' as const }) });
        }}
      >
        {terms.map((term, index) => (
          <button
            type="button"
            class="chip"
            key={term.text}
            title="Take away"
            onClick={() => go({ query: without(index) })}
          >
            {visible(term.text)} ✕
          </button>
        ))}
        <input
          ref={input}
          type="search"
          aria-label="Search"
          placeholder="Search:  fn: file: arg: ret: err: status: dur: test:"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Found />
      </form>
    </header>
  );
}

/** The test or the run that is looked at. */
function Scope(): JSX.Element {
  const { trace, shown, go } = useViewer();
  return (
    <div class="scope">
      {shown.test === -1 ? (
        <span class="dim">all of the run</span>
      ) : (
        <>
          <button type="button" class="link" onClick={() => go({ test: -1 })}>
            run
          </button>
          <i>›</i>
          <span class="crumb" title={visible(trace.tests[shown.test].name)}>
            {visible(trace.tests[shown.test].name.split(' > ').at(-1)!)}
          </span>
        </>
      )}
    </div>
  );
}

/** How many hits the search has, and the way to each. */
function Found(): JSX.Element | null {
  const { shown, go, hits } = useViewer();
  if (!hits) return null;
  const step = (by: number): void => {
    if (hits.nodes.length === 0) return;
    const at = hits.nodes.indexOf(shown.node);
    go({ node: hits.nodes[(at + by + hits.nodes.length) % hits.nodes.length] });
  };
  return (
    <span class="found" role="status">
      {count(hits.nodes.length)}
      {hits.done ? '' : '…'}
      <button type="button" aria-label="Previous hit" onClick={() => step(-1)}>
        ↑
      </button>
      <button type="button" aria-label="Next hit" onClick={() => step(1)}>
        ↓
      </button>
    </span>
  );
}
