import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useViewer } from './context.js';
import { count, duration, nameOf, placeOf } from './format.js';
import { barsOf, lanesOf, type Bar } from './timeline.js';

const LANE = 18;
const AXIS = 22;
const MIN_SPAN = 1000;
const MAX_LABELS = 800;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** When what ran: a lane for each level of calls, by process. The same as a table is below it. */
export function TimelineView(): JSX.Element {
  const { trace, shown, go } = useViewer();
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const [table, setTable] = useState(false);
  const [hover, setHover] = useState<Bar>();
  const lanes = useMemo(
    () => lanesOf(trace, (node) => shown.test === -1 || trace.testOf(node) === shown.test),
    [trace, shown.test],
  );
  const whole = useMemo(() => rangeOf(trace, lanes.nodes), [lanes]);
  const [range, setRange] = useState(whole);
  useLayoutEffect(() => setRange(whole), [whole]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setWidth(box.current!.clientWidth || 800));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const bars = useMemo(() => barsOf(trace, lanes, range.from, range.to, width), [lanes, range, width]);
  const height = AXIS + lanes.nodes.length * LANE + 8;
  useLayoutEffect(() => draw(canvas.current, trace, bars, range, width, height, shown.node));

  const zoom = (factor: number, at = 0.5): void => {
    const span = Math.min(whole.to - whole.from, Math.max(MIN_SPAN, (range.to - range.from) * factor));
    const middle = range.from + (range.to - range.from) * at;
    setRange(within(whole, middle - span * at, span));
  };
  const move = (share: number): void => {
    const span = range.to - range.from;
    setRange(within(whole, range.from + span * share, span));
  };
  const barAt = (event: MouseEvent): Bar | undefined => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const [x, lane] = [event.clientX - left, Math.floor((event.clientY - top - AXIS) / LANE)];
    return bars.findLast((bar) => bar.lane === lane && x >= bar.x - 1 && x <= bar.x + bar.width + 1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const actions: Record<string, () => void> = {
      '+': () => zoom(0.6),
      '=': () => zoom(0.6),
      '-': () => zoom(1.7),
      ArrowLeft: () => move(-0.2),
      ArrowRight: () => move(0.2),
      '0': () => setRange(whole),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  };
  return (
    <>
      <div class="bar">
        <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">
          −
        </button>
        <button type="button" onClick={() => setRange(whole)}>
          all
        </button>
        <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>
          as a table
        </button>
        <span class="dim">
          {duration(Math.round(range.to - range.from))} of {duration(Math.round(whole.to - whole.from))}
        </span>
        {hover && (
          <span>
            {hover.count > 1 ? `${count(hover.count)} calls` : nameOf(trace, hover.node)}{' '}
            <span class="dim">{hover.count > 1 ? '' : duration(trace.nodes.dt[hover.node])}</span>
          </span>
        )}
      </div>
      <div class="scroll flush" ref={box} tabIndex={0} role="region" aria-label="Timeline" onKeyDown={onKeyDown}>
        {table ? (
          <BarTable bars={bars} from={range.from} />
        ) : (
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${count(bars.length)} bars; "as a table" gives them as text`}
            onWheel={(event) => {
              if (
                !event.ctrlKey &&
                !event.metaKey &&
                Math.abs(event.deltaX) < Math.abs(event.deltaY) &&
                !event.shiftKey
              ) {
                event.preventDefault();
                zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / width);
              } else {
                event.preventDefault();
                move((event.deltaX || event.deltaY) / width);
              }
            }}
            onMouseMove={(event) => setHover(barAt(event))}
            onMouseLeave={() => setHover(undefined)}
            onClick={(event) => {
              const bar = barAt(event);
              if (bar) go({ node: bar.node });
            }}
            onDblClick={(event) => zoom(0.3, event.offsetX / width)}
          />
        )}
      </div>
    </>
  );
}

function BarTable({ bars, from }: { bars: readonly Bar[]; from: number }): JSX.Element {
  const { trace, go } = useViewer();
  return (
    <table class="plain-table">
      <thead>
        <tr>
          <th>after</th>
          <th>took</th>
          <th>what</th>
          <th>where</th>
        </tr>
      </thead>
      <tbody>
        {bars.slice(0, 2000).map((bar) => (
          <tr key={`${bar.lane} ${bar.node}`}>
            <td class="number">{duration(Math.max(0, Math.round(trace.nodes.t0[bar.node] - from)))}</td>
            <td class="number">{duration(trace.nodes.dt[bar.node])}</td>
            <td>
              <button type="button" class="link" onClick={() => go({ node: bar.node })}>
                {nameOf(trace, bar.node)}
              </button>
              {bar.count > 1 ? ` and ${count(bar.count - 1)} more` : ''}
            </td>
            <td class="place">{placeOf(trace, bar.node)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rangeOf(trace: { nodes: { t0: Float64Array; dt: Float64Array } }, lanes: readonly Int32Array[]): Range {
  let [from, to] = [Infinity, -Infinity];
  for (const list of lanes) {
    for (const node of list) {
      const start = trace.nodes.t0[node];
      if (start < from) from = start;
      if (start + Math.max(0, trace.nodes.dt[node]) > to) to = start + Math.max(0, trace.nodes.dt[node]);
    }
  }
  return from < to ? { from, to } : { from: 0, to: MIN_SPAN };
}

function within(whole: Range, from: number, span: number): Range {
  const start = Math.max(whole.from, Math.min(from, whole.to - span));
  return { from: start, to: start + span };
}

function draw(
  canvas: HTMLCanvasElement | null,
  trace: Parameters<typeof nameOf>[0],
  bars: readonly Bar[],
  { from, to }: Range,
  width: number,
  height: number,
  selected: number,
): void {
  if (!canvas) return;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = Math.min(height, 16_000) * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(canvas);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const shades = [color('--bar-1'), color('--bar-2'), color('--bar-3')];
  const [text, dim, line, bad, http] = ['--text', '--dim', '--line', '--bad', '--accent'].map(color);
  context.scale(ratio, ratio);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const step = niceStep((to - from) / Math.max(2, width / 110));
  for (let at = 0; at < to - from; at += step) {
    const x = (at / (to - from)) * width;
    context.fillStyle = line;
    context.fillRect(x, 0, 1, height);
    context.fillStyle = dim;
    context.fillText(duration(Math.round(at)), x + 4, AXIS / 2);
  }
  let labels = 0;
  for (const bar of bars) {
    const y = AXIS + bar.lane * LANE;
    const isExchange = trace.isExchange(bar.node);
    context.fillStyle = bar.failed ? bad : isExchange ? http : shades[trace.nodes.func[bar.node] % 3];
    context.fillRect(bar.x, y + 1, Math.max(1, bar.width - (bar.width > 3 ? 1 : 0)), LANE - 2);
    if (bar.node === selected) {
      context.strokeStyle = text;
      context.lineWidth = 2;
      context.strokeRect(bar.x, y + 1, bar.width, LANE - 2);
    }
    if (bar.width < 34 || labels++ > MAX_LABELS) continue;
    context.save();
    context.beginPath();
    context.rect(bar.x, y, bar.width - 3, LANE);
    context.clip();
    context.fillStyle = bar.failed || isExchange ? '#fff' : text;
    context.fillText(bar.count > 1 ? `× ${bar.count}` : nameOf(trace, bar.node), bar.x + 4, y + LANE / 2);
    context.restore();
  }
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(ns: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ns)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= ns) ?? power * 10;
}
