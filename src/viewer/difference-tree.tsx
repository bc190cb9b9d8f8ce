import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DifferenceRow } from '../report/report-data.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';

const SIGNS: Record<DifferenceRow['change'], string> = { input: '≠', outcome: '≠', below: '·', new: '+', gone: '−' };
const SAID: Record<DifferenceRow['change'], string> = {
  ...{ input: 'other arguments', outcome: 'other result', below: 'differs below' },
  ...{ new: 'only in the new run', gone: 'only in the base' },
};
const INDENT = 14;
const MAX_INDENT = 20;

/** The calls of both runs on each other, those that differ only. */
export function DifferenceTree({ rows }: { rows: readonly DifferenceRow[] }): JSX.Element {
  const { trace, go } = useViewer();
  const [at, setAt] = useState(-1);
  const select = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    const node = rows[next].node === undefined ? -1 : trace.nodeNamed(rows[next].node);
    if (node !== -1) go({ node });
    document.getElementById(`difference-${next}`)?.scrollIntoView({ block: 'nearest' });
  };
  /** To the next row with a difference of its own. */
  const step = (by: 1 | -1): void => {
    for (let next = at + by; next >= 0 && next < rows.length; next += by) {
      if (rows[next].change !== 'below') {
        select(next);
        return;
      }
    }
  };
  const steps: Record<string, () => void> = {
    ...{ ArrowDown: () => select(at + 1), ArrowUp: () => select(at - 1), Home: () => select(0) },
    ...{ End: () => select(rows.length - 1), ']': () => step(1), '[': () => step(-1) },
  };
  return (
    <>
      <p class="steps">
        <button type="button" onClick={() => step(-1)}>
          previous <kbd>[</kbd>
        </button>
        <button type="button" onClick={() => step(1)}>
          next difference <kbd>]</kbd>
        </button>
      </p>
      <div
        class="difference-tree"
        role="tree"
        tabIndex={0}
        aria-label="Calls that differ"
        aria-activedescendant={at === -1 ? undefined : `difference-${at}`}
        onKeyDown={(event) => {
          if (!Object.hasOwn(steps, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          steps[event.key]();
        }}
      >
        {rows.map((row, index) => (
          <Difference key={index} {...{ row, index }} isSelected={index === at} onSelect={() => select(index)} />
        ))}
      </div>
    </>
  );
}

interface DifferenceProps {
  readonly row: DifferenceRow;
  readonly index: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

function Difference({ row, index, isSelected, onSelect }: DifferenceProps): JSX.Element {
  const { shown } = useViewer();
  return (
    <div
      id={`difference-${index}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      class={`difference ${row.change}${isSelected && shown.node !== -1 ? ' selected' : ''}`}
      style={{ paddingLeft: `${8 + Math.min(row.depth, MAX_INDENT) * INDENT}px` }}
      onClick={onSelect}
    >
      <span class="sign" title={SAID[row.change]}>
        {SIGNS[row.change]}
      </span>
      <span class="name">{visible(row.func)}</span>
      {row.cause && <span class="tag">cause</span>}
      <span class="place">{visible(row.place)}</span>
      <span class="unseen">{SAID[row.change]}</span>
      <Both name="arguments" values={row.args} />
      <Both name="result" values={row.outcome} />
    </div>
  );
}

function Both({ name, values }: { name: string; values: DifferenceRow['args'] }): JSX.Element | null {
  if (values?.base === undefined && values?.new === undefined) return null;
  return (
    <span class="both">
      <span class="label">{name}</span>
      <span class="base">{visible(values.base ?? 'nothing')}</span>
      <span class="new">{visible(values.new ?? 'nothing')}</span>
    </span>
  );
}
