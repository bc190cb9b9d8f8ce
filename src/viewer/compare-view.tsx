import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ComparedSuspect, ComparedUnit } from '../report/report-data.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { DifferenceTree } from './difference-tree.js';
import { count } from './format.js';

/** What differs from the base: the causes, each with its tests; of one of these both trees of calls, laid on each other. */
export function CompareView(): JSX.Element {
  const compare = useViewer().page.report?.compare;
  const groups = useMemo(() => groupsOf(compare?.units ?? []), [compare]);
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
      {groups.map((units) => (
        <GroupPart key={units[0].name} units={units} />
      ))}
      {compare.notes.map((note) => (
        <p class="dim" key={note}>
          {visible(note)}
        </p>
      ))}
    </div>
  );
}

/** Units by their first suspect. */
function groupsOf(units: readonly ComparedUnit[]): ComparedUnit[][] {
  const found = new Map<string, ComparedUnit[]>();
  for (const unit of units) {
    const [first] = unit.suspects;
    const key = first ? `${first.place} ${first.func}` : unit.name;
    const known = found.get(key);
    if (known) known.push(unit);
    else found.set(key, [unit]);
  }
  return [...found.values()];
}

function GroupPart({ units }: { units: readonly ComparedUnit[] }): JSX.Element {
  const [at, setAt] = useState(0);
  const unit = units[at];
  return (
    <section class="card">
      {units.length > 1 && <p class="count">{count(units.length)} tests, one cause</p>}
      {units.length > 1 ? (
        <select
          aria-label="Test"
          value={at}
          onChange={(event) => setAt(Number((event.target as HTMLSelectElement).value))}
        >
          {units.map(({ name }, index) => (
            <option key={name} value={index}>
              {visible(name)}
            </option>
          ))}
        </select>
      ) : (
        <h2>{visible(unit.name)}</h2>
      )}
      <p class="dim">
        {unit.base.replace('_', ' ')} → {unit.new.replace('_', ' ')} · {count(unit.differing)} calls differ
      </p>
      {unit.suspects.length === 0 && <p class="dim">No recorded call differs.</p>}
      {unit.suspects.slice(0, 3).map((suspect, index) => (
        <SuspectPart key={index} suspect={suspect} />
      ))}
      {unit.rows.length > 0 && <Differences unit={unit} />}
    </section>
  );
}

function Differences({ unit: { name, rows, more } }: { unit: ComparedUnit }): JSX.Element {
  return (
    <div class="differing">
      <h3>Where the two runs part</h3>
      <DifferenceTree key={name} rows={rows} />
      {more > 0 && <p class="dim">and {count(more)} more</p>}
    </div>
  );
}

function SuspectPart({ suspect }: { suspect: ComparedSuspect }): JSX.Element {
  const { trace, go } = useViewer();
  const node = suspect.node === undefined ? -1 : trace.nodeNamed(suspect.node);
  return (
    <section class="suspect">
      <h3>
        <span class="label">suspect</span>{' '}
        {node === -1 ? (
          visible(suspect.func)
        ) : (
          <button type="button" class="link" onClick={() => go({ node })}>
            {visible(suspect.func)}
          </button>
        )}{' '}
        <code class="place">{visible(suspect.place)}</code>
      </h3>
      <p class="found">{visible(suspect.found)}</p>
      {suspect.differences.length > 0 && (
        <dl class="differences">
          {suspect.differences.map((one) => [
            <dt key={one.path}>{visible(one.path)}</dt>,
            <dd class="base">{one.base === undefined ? <i>nothing</i> : visible(one.base)}</dd>,
            <dd class="new">{one.new === undefined ? <i>nothing</i> : visible(one.new)}</dd>,
          ])}
        </dl>
      )}
    </section>
  );
}
