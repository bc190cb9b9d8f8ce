import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { short } from './format.js';
import { isTraceable } from './wanted.js';

interface ValueProps {
  readonly name?: string;
  readonly value: unknown;
  readonly depth?: number;
}

const MAX_ITEMS = 200;
const OPEN_DEPTH = 1;

/** A recorded value, opened level by level. */
export function ValueTree({ name, value, depth = 0 }: ValueProps): JSX.Element {
  const entries = entriesOf(value);
  const [open, setOpen] = useState(depth < OPEN_DEPTH && entries.length < 24);
  const [all, setAll] = useState(false);
  const label = name === undefined ? null : <span class="key">{visible(name)}</span>;
  if (entries.length === 0) {
    return (
      <div class="value">
        {label}
        <Leaf value={value} />
        <WhereFrom name={name} value={value} />
      </div>
    );
  }
  return (
    <div class="value">
      <button
        type="button"
        class={`fold twist ${open ? 'open' : 'shut'}`}
        aria-expanded={open}
        aria-label={open && label === null && typeText(value) === '' ? 'Value' : undefined}
        onClick={() => setOpen(!open)}
      >
        {label}
        {open ? <span class="dim">{typeText(value)}</span> : <span class="preview">{short(value, 100)}</span>}
      </button>
      <WhereFrom name={name} value={value} />
      {open && (
        <div class="inner">
          {entries.slice(0, all ? entries.length : MAX_ITEMS).map(([key, item]) => (
            <ValueTree key={key} name={key} value={item} depth={depth + 1} />
          ))}
          {entries.length > MAX_ITEMS && !all && (
            <button type="button" class="more" onClick={() => setAll(true)}>
              {entries.length - MAX_ITEMS} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function WhereFrom({ name = 'it', value }: Pick<ValueProps, 'name' | 'value'>): JSX.Element | null {
  const { traceValue } = useViewer();
  if (!isTraceable(value)) return null;
  return (
    <button
      type="button"
      class="where"
      title="Where does this value come from?"
      aria-label={`Where does ${visible(name)} come from?`}
      onClick={() => traceValue({ name, value })}
    >
      ⇠
    </button>
  );
}

function Leaf({ value }: { value: unknown }): JSX.Element {
  const [whole, setWhole] = useState(false);
  if (typeof value === 'string') {
    const text = visible(value);
    const isLong = text.length > 400;
    return (
      <span class="string">
        {JSON.stringify(isLong && !whole ? text.slice(0, 400) : text).replaceAll('\\\\u', '\\u')}
        {isLong && !whole && (
          <button type="button" class="more" onClick={() => setWhole(true)}>
            … {text.length} characters
          </button>
        )}
      </span>
    );
  }
  const kind = value === null ? 'null' : typeof value;
  return (
    <span class={kind === 'number' ? 'number' : kind === 'boolean' ? 'boolean' : 'other'}>{short(value, 400)}</span>
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  const { $type, ...rest } = value as Record<string, unknown>;
  if (typeof $type !== 'string') return Object.entries(value);
  if (['undefined', 'number', 'bigint', 'symbol', 'function', 'circular', 'Date', 'string'].includes($type)) return [];
  if ($type === 'Array' && Array.isArray(rest.items)) return rest.items.map((item, index) => [String(index), item]);
  return Object.entries(rest).filter(([key]) => key !== 'hash');
}

function typeText(value: unknown): string {
  if (Array.isArray(value)) return `Array (${value.length})`;
  const { $type, length, size } = value as Record<string, unknown>;
  if (typeof $type !== 'string') return '';
  const many = length ?? size;
  return typeof many === 'number' ? `${visible($type)} (${many})` : visible($type);
}
