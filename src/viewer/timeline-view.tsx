import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { count, duration, nameOf, placeOf, testTitle } from './format.js';
import { useLater } from './later.js';
import { barsOf, type Bar } from './timeline-bars.js';
import { AXIS, draw, LANE, type Range } from './timeline-draw.js';
import { lanesOf, type Lanes } from './timeline-lanes.js';

const MIN_SPAN = 1000;

/** When what ran: lanes by process or thread, by what ran at the same time, and by level. A table says the same. */
export function TimelineView(): JSX.Element {
  const { trace, shown } = useViewer();
  const lanes = useLater(trace.nodes.count, () => lanesOf(trace, shown.test), [trace, shown.test]);
  if (!lanes) return <p class="empty">Laying out {count(trace.nodes.count)} calls…</p>;
  if (lanes.all.length === 0) return <p class="empty">No calls were recorded here.</p>;
  return <Chart lanes={lanes} />;
}

function Chart({ lanes }: { lanes: Lanes }): JSX.Element {
  const { trace, shown, go } = useViewer();
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useVisiblePart(box);
  const [table, setTable] = useState(false);
  const [hover, setHover] = useState<Bar>();
  const [range, setRange] = useState<Range>(lanes);
  useLayoutEffect(() => setRange(lanes), [lanes]);
  const bars = useMemo(() => barsOf(lanes, range.from, range.to, view.width), [lanes, range, view.width]);
  useLayoutEffect(() => {
    if (canvas.current) draw(canvas.current, { trace, lanes, bars, ...range, ...view, selected: shown.node });
  });
  const zoom = (factor: number, at = 0.5): void => setRange((before) => zoomed(lanes, before, factor, at));
  const all = (): void => setRange(lanes);
  const move = (share: number): void => setRange((before) => zoomed(lanes, before, 1, 0.5, share));
  const barAt = (event: MouseEvent): Bar | undefined => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const [x, row] = [event.clientX - left, Math.floor((event.clientY - top + view.top - AXIS) / LANE)];
    return bars.findLast((bar) => bar.lane.row === row && x >= bar.x - 1 && x <= bar.x + bar.width + 1);
  };
  const select = (bar: Bar | undefined): void => {
    if (bar?.lane.kind === 'calls') go({ node: bar.lane.items[bar.item] });
    else if (bar) go({ test: bar.lane.items[bar.item], node: -1 });
  };
  return (
    <>
      <ChartBar {...{ zoom, lanes, range, table, hover }} onAll={all} onTable={() => setTable(!table)} />
      <div
        class="scroll flush timeline"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Timeline"
        onKeyDown={(event) => act(event, { zoom, move, all })}
        onScroll={(event) => setView({ ...view, top: event.currentTarget.scrollTop })}
      >
        {table ? (
          <BarTable bars={bars} lanes={lanes} from={lanes.from} onSelect={select} />
        ) : (
          <div class="chart" style={{ height: `${AXIS + lanes.rows * LANE + 8}px` }}>
            <canvas
              ref={canvas}
              style={{ width: `${view.width}px`, height: `${view.height}px` }}
              role="img"
              aria-label={`${count(bars.length)} bars; "as a table" gives them as text`}
              onWheel={(event) => onWheel(event, view.width, zoom, move)}
              onMouseMove={(event) => setHover(barAt(event))}
              onMouseLeave={() => setHover(undefined)}
              onClick={(event) => select(barAt(event))}
              onDblClick={(event) => zoom(0.3, event.offsetX / view.width)}
            />
          </div>
        )}
      </div>
    </>
  );
}

interface VisiblePart {
  readonly width: number;
  readonly height: number;
  readonly top: number;
}

/** The size of a box that scrolls, and how far it is scrolled. It takes the focus. */
function useVisiblePart(box: { current: HTMLDivElement | null }): [VisiblePart, (part: VisiblePart) => void] {
  const [view, setView] = useState<VisiblePart>({ width: 800, height: 600, top: 0 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void =>
      setView({ width: element.clientWidth || 800, height: element.clientHeight || 600, top: element.scrollTop });
    measure();
    if (!document.activeElement?.matches('input')) element.focus({ preventScroll: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [view, setView];
}

interface ChartBarProps {
  zoom: (factor: number) => void;
  lanes: Lanes;
  range: Range;
  table: boolean;
  hover: Bar | undefined;
  onAll: () => void;
  onTable: () => void;
}

function ChartBar({ zoom, lanes, range, table, hover, onAll, onTable }: ChartBarProps): JSX.Element {
  return (
    <div class="bar">
      <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">
        +
      </button>
      <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">
        −
      </button>
      <button type="button" onClick={onAll}>
        all
      </button>
      <button type="button" aria-pressed={table} onClick={onTable}>
        as a table
      </button>
      <span class="dim">
        {duration(Math.round(range.to - range.from))} of {duration(Math.round(lanes.to - lanes.from))}
      </span>
      <Hovered bar={hover} />
      <span class="space" />
      <Legend />
    </div>
  );
}

function zoomed(whole: Range, { from, to }: Range, factor: number, at: number, share = 0): Range {
  const span = Math.min(whole.to - whole.from, Math.max(MIN_SPAN, (to - from) * factor));
  const wanted = from + (to - from) * (at + share) - span * at;
  const start = Math.max(whole.from, Math.min(wanted, whole.to - span));
  return { from: start, to: start + span };
}

interface Moves {
  zoom(factor: number): void;
  move(share: number): void;
  all(): void;
}

function act(event: KeyboardEvent, { zoom, move, all }: Moves): void {
  const actions: Record<string, () => void> = {
    '+': () => zoom(0.6),
    '=': () => zoom(0.6),
    '-': () => zoom(1.7),
    ArrowLeft: () => move(-0.2),
    ArrowRight: () => move(0.2),
    '0': all,
  };
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

/** The wheel zooms; with shift, or where it goes sideways, it moves; with alt it scrolls as elsewhere. */
function onWheel(
  event: WheelEvent & { readonly offsetX: number },
  width: number,
  zoom: (factor: number, at: number) => void,
  move: (share: number) => void,
): void {
  if (event.altKey) return;
  event.preventDefault();
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) move((event.deltaX || event.deltaY) / width);
  else zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / width);
}

function Hovered({ bar }: { bar: Bar | undefined }): JSX.Element | null {
  const { trace } = useViewer();
  if (!bar) return null;
  const { lane, item } = bar;
  if (bar.count > 1) return <span>{`${count(bar.count)} ${lane.kind}`}</span>;
  return (
    <span class="hovered">
      {nameOfItem(trace, bar)} <span class="dim">{duration(lane.ends[item] - lane.starts[item])}</span>
    </span>
  );
}

function nameOfItem(trace: Trace, { lane, item }: Bar): string {
  return lane.kind === 'tests' ? testTitle(trace.tests[lane.items[item]].name) : nameOf(trace, lane.items[item]);
}

function Legend(): JSX.Element {
  return (
    <span class="legend dim">
      <i class="call" />
      call
      <i class="waits" />
      waits
      <i class="http" />
      HTTP
      <i class="failed" />
      failed
    </span>
  );
}

interface TableProps {
  readonly bars: readonly Bar[];
  readonly lanes: Lanes;
  readonly from: number;
  readonly onSelect: (bar: Bar) => void;
}

const MOST_ROWS = 2000;

function BarTable({ bars, lanes, from, onSelect }: TableProps): JSX.Element {
  const { trace } = useViewer();
  const groupOf = (row: number): string => lanes.groups.findLast((group) => group.row <= row)?.name ?? '';
  return (
    <table class="plain-table">
      <caption class="unseen">What the chart shows, lane by lane</caption>
      <thead>
        <tr>
          <th scope="col">after</th>
          <th scope="col">took</th>
          <th scope="col">what</th>
          <th scope="col">where</th>
          <th scope="col">lane</th>
        </tr>
      </thead>
      <tbody>
        {bars.slice(0, MOST_ROWS).map((bar) => {
          const { lane, item } = bar;
          return (
            <tr key={`${lane.row} ${item}`}>
              <td class="number">{duration(Math.max(0, Math.round(lane.starts[item] - from)))}</td>
              <td class="number">{duration(Math.round(lane.ends[item] - lane.starts[item]))}</td>
              <td>
                {bar.failed ? '✕ ' : ''}
                {lane.kind === 'tests' ? 'test ' : ''}
                <button type="button" class="link" onClick={() => onSelect(bar)}>
                  {nameOfItem(trace, bar)}
                </button>
                {bar.count > 1 ? ` and ${count(bar.count - 1)} more` : ''}
              </td>
              <td class="place">
                {lane.kind === 'tests' ? visible(trace.tests[lane.items[item]].file) : placeOf(trace, lane.items[item])}
              </td>
              <td class="dim">{`${groupOf(lane.row)}, ${lane.row}`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
