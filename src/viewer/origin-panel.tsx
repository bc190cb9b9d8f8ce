import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Trace } from '../reader/trace.js';
import { useViewer } from './context.js';
import { count, nameOf, placeOf, short } from './format.js';
import { sightings, type Sighting } from './search.js';
import type { Wanted } from './wanted.js';

const MOST = 200;

/** The first call that returned a value, and every call it passed through, by time. */
export function OriginPanel({ wanted, onClose }: { wanted: Wanted; onClose: () => void }): JSX.Element {
  const { trace, store, shown, go } = useViewer();
  const [found, setFound] = useState<{ all: readonly Sighting[]; done: boolean }>({ all: [], done: false });
  useEffect(() => {
    setFound({ all: [], done: false });
    return sightings(trace, store, wanted.value, (all, done) => setFound({ all, done }));
  }, [wanted]);
  const [source, ...rest] = inOrder(trace, found.all);
  return (
    <section class="origin" aria-label="Where the value comes from">
      <header>
        <h2>
          Where <code>{short(wanted.value, 60)}</code> comes from
        </h2>
        <span class="dim" role="status">
          {found.done ? `${count(found.all.length)} calls have it` : `${count(found.all.length)} calls so far…`}
        </span>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {found.done && !source && <p class="dim">It is in no other recorded call.</p>}
      <ol>
        {[source, ...rest]
          .filter((one) => one !== undefined)
          .slice(0, MOST)
          .map((one, index) => (
            <li key={one.node} class={one.node === shown.node ? 'selected' : ''}>
              <span class="label">{saidOf(one, index === 0)}</span>{' '}
              <button type="button" class="link" onClick={() => go({ node: one.node })}>
                {nameOf(trace, one.node)}
              </button>{' '}
              <span class="place">{placeOf(trace, one.node)}</span>
            </li>
          ))}
      </ol>
      {rest.length >= MOST && <p class="dim">and {count(rest.length + 1 - MOST)} more</p>}
    </section>
  );
}

function saidOf({ inArguments, inResult }: Sighting, isFirst: boolean): string {
  if (isFirst && inResult && !inArguments) return 'first returned by';
  if (inArguments && inResult) return 'given to and returned by';
  return inResult ? 'returned by' : 'given to';
}

/** Whoever returned it first and was not given it; then all others by time. */
function inOrder(trace: Trace, all: readonly Sighting[]): Sighting[] {
  const { t0, dt } = trace.nodes;
  const endOf = ({ node }: Sighting): number => t0[node] + Math.max(0, dt[node]);
  const makers = all.filter(({ inArguments, inResult }) => inResult && !inArguments);
  const source = makers.reduce<Sighting | undefined>(
    (first, one) => (first && endOf(first) <= endOf(one) ? first : one),
    undefined,
  );
  const given = all.reduce((first, one) => (one.inArguments ? Math.min(first, t0[one.node]) : first), Infinity);
  // What was given to a call before any other returned it was written in the source, or came from outside.
  const isFirst = source !== undefined && endOf(source) <= given;
  const rest = all.filter((one) => !isFirst || one !== source).sort((a, b) => t0[a.node] - t0[b.node]);
  return isFirst ? [source, ...rest] : rest;
}
