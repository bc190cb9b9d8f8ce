import { useLayoutEffect } from 'preact/hooks';
import { VIEWS } from './address.js';
import type { Viewer } from './context.js';
import { HIT } from './search.js';

/** Every key, as the help lists them. */
export const KEY_HELP: readonly (readonly [string, string])[] = [
  ['1 … 9', 'the views, from Failures to About; 9: LLM, where a language model was called'],
  ['/', 'search'],
  ['↑ ↓', 'the call before, the next'],
  ['→ ←', 'open, shut; to the caller'],
  ['e E', 'the next exception, the one before'],
  ['n N', 'the next call of the same function, the one before'],
  ['h H', 'the next hit of the search, the one before'],
  ['] [', 'in Compare: the next difference, the one before'],
  ['f', 'every call of this function'],
  ['t', 'this call in the tree'],
  ['d', 'to the details and back'],
  ['w', 'where a value of this call comes from: the first such button; tab leads to the next'],
  ['m c', 'copy as Markdown, as curl'],
  ['+ − 0', 'in the timeline: zoom in, out, all'],
  ['Esc', 'shut what is open, then the search, then the scope'],
  ['?', 'this list'],
];

interface Rest {
  readonly input: { current: HTMLInputElement | null };
  toggleHelp(): void;
  closeHelp(): void;
}

export function useKeys(viewer: Viewer, rest: Rest): void {
  // Not after the next picture: a key that comes sooner would be lost.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isTyping = event.target === rest.input.current;
      if (event.key === 'Escape') escape(viewer, rest, isTyping);
      else if (isTyping || !act(event.key, viewer, rest)) return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

function escape({ shown, go, traceValue }: Viewer, { input, closeHelp }: Rest, isTyping: boolean): void {
  closeHelp();
  if (isTyping) input.current!.blur();
  if (isTyping || document.querySelector('.help')) return;
  if (document.querySelector('.origin')) traceValue(undefined);
  else if (shown.node !== -1) go({ node: -1 });
  else if (shown.query !== '') go({ query: '' });
  else if (shown.fn !== -1) go({ fn: -1 });
  else if (shown.test !== -1) go({ test: -1 });
}

function act(key: string, viewer: Viewer, { input, toggleHelp }: Rest): boolean {
  const { trace, shown, go, hits, llm } = viewer;
  const view = VIEWS[Number(key) - 1];
  if (view === 'llm' && !llm?.length) return false;
  if (view) go({ view, fn: -1 });
  else if (key === '?') toggleHelp();
  else if (key === '/') input.current?.focus();
  else if (key === 'e' || key === 'E') {
    step(viewer, key === 'e' ? 1 : -1, (node) => trace.hasFailed(node));
  } else if ((key === 'n' || key === 'N') && shown.node !== -1 && !trace.isExchange(shown.node)) {
    const { func } = trace.nodes;
    step(viewer, key === 'n' ? 1 : -1, (node) => !trace.isExchange(node) && func[node] === func[shown.node]);
  } else if ((key === 'h' || key === 'H') && hits)
    step(viewer, key === 'h' ? 1 : -1, (node) => (hits.marks[node] & HIT) !== 0);
  else if (key === 'f' && shown.node !== -1 && !trace.isExchange(shown.node)) {
    go({ view: 'functions', fn: trace.nodes.func[shown.node] });
  } else if (key === 't' && shown.node !== -1) go({ view: 'tree', query: '' });
  else if (key === 'd') switchFocus();
  else if (key === 'w') document.querySelector<HTMLElement>('.details .where')?.focus();
  else if (key === 'm' || key === 'c') document.querySelector<HTMLElement>(`.details [data-key=${key}]`)?.click();
  else return false;
  return true;
}

/** To the next node, in the order of time, that is of a kind and in the scope. */
function step({ trace, shown, go }: Viewer, by: 1 | -1, is: (node: number) => boolean): void {
  const { count } = trace.nodes;
  const from = shown.node === -1 ? (by === 1 ? -1 : count) : shown.node;
  for (let node = from + by; node >= 0 && node < count; node += by) {
    if (is(node) && (shown.test === -1 || trace.testOf(node) === shown.test)) {
      go({ node, ...(shown.view === 'failures' && { view: 'tree' as const }) });
      return;
    }
  }
}

function switchFocus(): void {
  const details = document.querySelector<HTMLElement>('.details');
  const inside = details?.contains(document.activeElement);
  (inside ? document.querySelector<HTMLElement>('.list, .scroll') : details)?.focus();
}
