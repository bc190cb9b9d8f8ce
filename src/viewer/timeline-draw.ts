import type { Trace } from '../reader/trace.js';
import { duration, nameOf, testTitle } from './format.js';
import type { Bar } from './timeline-bars.js';
import type { Lanes } from './timeline-lanes.js';

export const LANE = 18;
export const AXIS = 24;
const MAX_LABELS = 800;
const MIN_LABEL = 34;

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Picture extends Range {
  readonly trace: Trace;
  readonly lanes: Lanes;
  readonly bars: readonly Bar[];
  readonly width: number;
  /** The node. */
  readonly selected: number;
  /** What is in view of it: rows above and below are not drawn. */
  readonly top: number;
  readonly height: number;
}

/** The part of the chart that is in view. */
export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const { width, height, bars, top, lanes, trace, from, to } = picture;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext('2d');
  if (!context) return;
  const colors = colorsOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const y = (row: number): number => AXIS + row * LANE - top;
  for (const { row, name } of lanes.groups) {
    context.fillStyle = colors.panel;
    context.fillRect(0, y(row), width, LANE);
    context.fillStyle = colors.dim;
    context.fillText(name, 6, y(row) + LANE / 2);
  }
  const step = niceStep((to - from) / Math.max(2, width / 110));
  context.fillStyle = colors.line;
  for (let at = step; at < to - from; at += step) {
    context.fillRect(Math.round((at / (to - from)) * width), 0, 1, height);
  }
  let labels = 0;
  for (const bar of bars) {
    const line = y(bar.lane.row);
    if (line < AXIS - LANE || line > height) continue;
    drawBar(context, bar, picture, line, colors);
    if (bar.width >= MIN_LABEL && labels++ < MAX_LABELS) label(context, bar, trace, line, colors);
  }
  context.fillStyle = colors.bg;
  context.fillRect(0, 0, width, AXIS);
  context.fillStyle = colors.dim;
  for (let at = 0; at < to - from; at += step) {
    const x = Math.round((at / (to - from)) * width);
    context.fillRect(x, AXIS - 5, 1, 5);
    context.fillText(at === 0 ? '0' : duration(Math.round(at)), x + 4, AXIS / 2);
  }
}

type Colors = Record<
  'bg' | 'panel' | 'line' | 'text' | 'dim' | 'bad' | 'accent' | 'good' | 'on-accent' | 'bar-1' | 'bar-2' | 'bar-3',
  string
>;

function colorsOf(canvas: HTMLCanvasElement): Colors {
  const style = getComputedStyle(canvas);
  // Where the system chooses the colors, a canvas must take them by name.
  const forced = matchMedia('(forced-colors: active)').matches;
  const system: Partial<Record<string, string>> = {
    ...{ bg: 'Canvas', panel: 'Canvas', line: 'GrayText', text: 'CanvasText', dim: 'CanvasText', bad: 'Mark' },
    ...{ accent: 'Highlight', good: 'GrayText', 'on-accent': 'HighlightText' },
    ...{ 'bar-1': 'ButtonFace', 'bar-2': 'ButtonFace', 'bar-3': 'ButtonFace' },
  };
  const names = ['bg', 'panel', 'line', 'text', 'dim', 'bad', 'accent', 'good', 'on-accent', 'bar-1', 'bar-2', 'bar-3'];
  return Object.fromEntries(
    names.map((name) => [name, (forced && system[name]) || style.getPropertyValue(`--${name}`).trim()]),
  ) as Colors;
}

function drawBar(
  context: CanvasRenderingContext2D,
  { x, width, lane, item, count, failed }: Bar,
  { trace, from, to, width: whole, selected }: Picture,
  y: number,
  colors: Colors,
): void {
  const [top, height] = [y + 1, LANE - 2];
  const wide = Math.max(1, width - (width > 3 ? 1 : 0));
  if (lane.kind === 'tests') {
    context.fillStyle = failed ? colors.bad : colors.good;
    context.globalAlpha = 0.22;
    context.fillRect(x, top, wide, height);
    context.globalAlpha = 1;
    context.fillRect(x, top, Math.min(2, wide), height);
    return;
  }
  const node = lane.items[item];
  const isExchange = trace.isExchange(node);
  context.fillStyle = failed
    ? colors.bad
    : isExchange
      ? colors.accent
      : colors[`bar-${(trace.nodes.func[node] % 3) + 1}` as 'bar-1'];
  // What it waited for after it had returned its promise is hollow.
  const ran = trace.settlementOf(node) ? (trace.nodes.dt[node] / (to - from)) * whole : wide;
  if (count === 1 && ran < wide - 2) {
    context.fillRect(x, top, Math.max(1, ran), height);
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, top + 0.5, wide - 1, height - 1);
  } else context.fillRect(x, top, wide, height);
  if (node !== selected) return;
  context.strokeStyle = colors.text;
  context.lineWidth = 2;
  context.strokeRect(x + 1, top + 1, Math.max(2, wide - 2), height - 2);
}

function label(
  context: CanvasRenderingContext2D,
  { x, width, lane, item, count, failed }: Bar,
  trace: Trace,
  y: number,
  colors: Colors,
): void {
  const of = lane.items[item];
  const isTest = lane.kind === 'tests';
  const isSolid = !isTest && (failed || trace.isExchange(of)) && !trace.settlementOf(of);
  context.save();
  context.beginPath();
  context.rect(x, y, width - 3, LANE);
  context.clip();
  context.fillStyle = isSolid ? colors['on-accent'] : colors.text;
  const name = isTest ? testTitle(trace.tests[of].name) : nameOf(trace, of);
  context.fillText(count > 1 ? `× ${count}` : name, x + 5, y + LANE / 2 + 0.5);
  context.restore();
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(ns: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ns)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= ns) ?? power * 10;
}
