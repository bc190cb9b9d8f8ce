import type { CSSProperties, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { groupTries } from '../reader/test-groups.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { count, duration } from './format.js';
import { listKeys } from './list-keys.js';
import { VirtualList } from './virtual-list.js';

const RANK: Record<string, number> = { failed: 0, open: 1, passed: 2, skipped: 3, todo: 4 };

/** Every test of the run; one leads to what it called. */
export function TestsView(): JSX.Element {
  const { trace, go } = useViewer();
  const [order, setOrder] = useState<'outcome' | 'time' | 'run'>('outcome');
  const [at, setAt] = useState(0);
  const groups = useMemo(() => {
    const all = groupTries(trace.tests);
    const last = (group: (typeof all)[number]): number => group.tries.at(-1)!.dt;
    if (order === 'time') all.sort((a, b) => last(b) - last(a));
    if (order === 'outcome') all.sort((a, b) => RANK[a.outcome ?? 'open'] - RANK[b.outcome ?? 'open']);
    return all;
  }, [order]);
  const open = (index: number): void =>
    go({ view: 'tree', test: groups[index].tries.at(-1)!.index, node: -1, query: '' });
  if (groups.length === 0) return <p class="empty">No tests were recorded.</p>;
  return (
    <>
      <div class="bar">
        <span class="dim">{count(groups.length)} tests</span>
        <Choice value={order} of={['outcome', 'time', 'run']} onChange={setOrder} />
      </div>
      <VirtualList
        role="listbox"
        label="Tests"
        count={groups.length}
        rowHeight={26}
        selected={at}
        activeId={`test-${at}`}
        onKeyDown={listKeys({ count: groups.length, selected: at, move: setAt, open })}
        row={(index, style) => (
          <TestRow
            key={index}
            {...{ index, style }}
            group={groups[index]}
            isSelected={index === at}
            onOpen={() => open(index)}
          />
        )}
      />
    </>
  );
}

interface TestRowProps {
  readonly index: number;
  readonly group: ReturnType<typeof groupTries>[number];
  readonly style: CSSProperties;
  readonly isSelected: boolean;
  readonly onOpen: () => void;
}

function TestRow({ index, group, style, isSelected, onOpen }: TestRowProps): JSX.Element {
  const { name, outcome, tries } = group;
  const parts = name.split(' > ');
  const last = parts.pop()!;
  return (
    <div
      id={`test-${index}`}
      class={`row${isSelected ? ' selected' : ''}${outcome === 'failed' ? ' failed' : ''}`}
      style={style}
      role="option"
      aria-selected={isSelected}
      onClick={onOpen}
    >
      <span class={`outcome-sign ${outcome ?? 'open'}`}>{outcome ?? 'not ended'}</span>
      <span class="name">{visible(last)}</span>
      <span class="args">{visible(parts.join(' › '))}</span>
      <span class="space" />
      {tries.length > 1 && <span class="tag">{tries.length} tries</span>}
      <span class="time">{duration(tries.at(-1)!.dt)}</span>
    </div>
  );
}

export function Choice<T extends string>(props: {
  value: T;
  of: readonly T[];
  onChange: (value: T) => void;
}): JSX.Element {
  const { value, of, onChange } = props;
  return (
    <span class="choice" role="group" aria-label="Order">
      {of.map((one) => (
        <button type="button" key={one} aria-pressed={one === value} onClick={() => onChange(one)}>
          {one}
        </button>
      ))}
    </span>
  );
}
