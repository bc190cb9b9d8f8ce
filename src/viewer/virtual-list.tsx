import type { ComponentChildren, CSSProperties, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Browsers end an element at about 33 million pixels. */
const MAX_HEIGHT = 16_000_000;
const EXTRA_ROWS = 6;

export interface ListProps {
  readonly count: number;
  readonly rowHeight: number;
  readonly row: (index: number, style: CSSProperties) => ComponentChildren;
  /** This row is brought into view when it changes. */
  readonly selected: number;
  readonly role: 'tree' | 'listbox' | 'grid';
  readonly label: string;
  readonly activeId?: string;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly header?: ComponentChildren;
}

/** Draws the rows that are in view. Where all rows would be too high for the browser, the scrollbar is scaled. */
export function VirtualList(props: ListProps): JSX.Element {
  const { count, rowHeight, row, selected, role, label, activeId, onKeyDown, header } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const whole = count * rowHeight;
  const height = Math.min(whole, MAX_HEIGHT);
  const scale = height > view.height ? (whole - view.height) / (height - view.height) : 1;

  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight || 600 });
    measure();
    // A list that comes after its view takes the keys that wait for it.
    if (document.activeElement === document.body) element.focus({ preventScroll: true });
    if (typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current!;
    if (selected < 0) return;
    const at = selected * rowHeight;
    const top = element.scrollTop * scale;
    const room = element.clientHeight - rowHeight * (header ? 2 : 1);
    if (at < top) element.scrollTop = at / scale;
    else if (at > top + room) element.scrollTop = (at - room + rowHeight) / scale;
  }, [selected, count]);

  const top = view.top * scale;
  const first = Math.max(0, Math.floor(top / rowHeight) - EXTRA_ROWS);
  const last = Math.min(count, Math.ceil((top + view.height) / rowHeight) + EXTRA_ROWS);
  const rows: ComponentChildren[] = [];
  for (let index = first; index < last; index++) {
    rows.push(row(index, { top: `${index * rowHeight - top + view.top}px`, height: `${rowHeight}px` }));
  }
  // A row that is not drawn cannot be named.
  const isDrawn = selected >= first && selected < last;
  return (
    <div
      class="list"
      ref={box}
      role={role}
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={isDrawn ? activeId : undefined}
      onKeyDown={onKeyDown}
      onScroll={(event) =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight || 600 })
      }
    >
      {header}
      <div class="rows" role={role === 'grid' ? 'rowgroup' : 'presentation'} style={{ height: `${height}px` }}>
        {rows}
      </div>
    </div>
  );
}
