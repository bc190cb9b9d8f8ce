import type { JSX } from 'preact';
import { visible } from '../report/visible.js';
import type { ComparedSuspect, ComparedUnit } from '../report/report-data.js';
import { useViewer } from './context.js';
import { count } from './format.js';

/** What differs from the base, by test: the functions, and the values on both sides. */
export function CompareView(): JSX.Element {
  const compare = useViewer().page.report?.compare;
  if (!compare) {
    return (
      <p class="empty">
        Nothing to compare with. Write the report with a run that was green:{' '}
        <code>handit report --base green.jsonl</code>
      </p>
    );
  }
  return (
    <div class="scroll compare" tabIndex={0}>
      <h2 class="large">
        {count(compare.units.length)} of {count(compare.compared)} differ
      </h2>
      <p class="dim">
        base {visible(compare.base)} · new {visible(compare.new)}
      </p>
      {compare.notes.map((note) => (
        <p class="dim" key={note}>
          {visible(note)}
        </p>
      ))}
      {compare.units.map((unit) => (
        <UnitPart key={unit.name} unit={unit} />
      ))}
    </div>
  );
}

function UnitPart({ unit }: { unit: ComparedUnit }): JSX.Element {
  return (
    <details class="card" open={unit.new === 'failed'}>
      <summary>
        <b>{visible(unit.name)}</b>{' '}
        <span class="dim">
          {unit.base} → {unit.new}; {count(unit.differing)} calls differ
        </span>
      </summary>
      {unit.suspects.length === 0 && <p class="dim">No recorded call differs.</p>}
      {unit.suspects.map((suspect, index) => (
        <SuspectPart key={index} suspect={suspect} />
      ))}
    </details>
  );
}

function SuspectPart({ suspect }: { suspect: ComparedSuspect }): JSX.Element {
  const { trace, go } = useViewer();
  const node = suspect.node === undefined ? -1 : trace.nodeNamed(suspect.node);
  return (
    <section class="suspect">
      <h2>
        {node === -1 ? (
          visible(suspect.func)
        ) : (
          <button type="button" class="link" onClick={() => go({ node })}>
            {visible(suspect.func)}
          </button>
        )}{' '}
        <code class="place">{visible(suspect.place)}</code>
      </h2>
      <p class="found">{visible(suspect.found)}</p>
      {suspect.differences.length > 0 && (
        <table class="plain-table differences">
          <thead>
            <tr>
              <th>where</th>
              <th>base</th>
              <th>new</th>
            </tr>
          </thead>
          <tbody>
            {suspect.differences.map((one) => (
              <tr key={one.path}>
                <td>{visible(one.path)}</td>
                <td class="base">{one.base === undefined ? <i>nothing</i> : visible(one.base)}</td>
                <td class="new">{one.new === undefined ? <i>nothing</i> : visible(one.new)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {suspect.follows.length > 0 && <p class="dim">follows: {visible(suspect.follows.join(', '))}</p>}
    </section>
  );
}
