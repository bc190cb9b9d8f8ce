import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import type { DetailsCache } from './details-cache.js';
import { count, outcomeText, short } from './format.js';
import { countsOf } from './function-table.js';
import { Part } from './part.js';

const MOST_LINES = 60;

/** The lines of a function, with the values of the selected call beside them. */
export function SourceOf({ node }: { node: number }): JSX.Element | null {
  const { trace, page, details } = useViewer();
  const info = trace.functionOf(node);
  const source = info && page.sources.find(({ file }) => file === info.file);
  const lines = useMemo(() => source?.text.split('\n') ?? [], [source]);
  const counts = useMemo(() => countsBeside(trace, info?.file), [trace, info?.file]);
  if (!info || !source) return null;
  const end = Math.min(endOf(lines, info.line), info.line + MOST_LINES);
  const beside = valuesBeside(trace, details, node, lines, info.line, end);
  const rows: JSX.Element[] = [];
  for (let number = Math.max(1, info.line - 1); number <= end; number++) {
    rows.push(
      <tr key={number} class={number === info.line ? 'marked' : ''}>
        <td class="number">{number}</td>
        <td class="counts">{counts.get(number)}</td>
        <td class="code">{visible((lines[number - 1] ?? '').slice(0, 400)) || ' '}</td>
        <td class="beside">{beside.get(number) ?? ''}</td>
      </tr>,
    );
  }
  return (
    <Part title="Source">
      {source.same === false && <p class="warning">The file has changed since it ran.</p>}
      <div class="source-box" tabIndex={0} role="region" aria-label="Source">
        <table class="source">
          <tbody>{rows}</tbody>
        </table>
      </div>
    </Part>
  );
}

/** By line, the calls of the functions that begin there, and how many of them failed. */
function countsBeside(trace: Trace, file: string | undefined): Map<number, JSX.Element> {
  const { calls, errors } = countsOf(trace);
  const byLine = new Map<number, [calls: number, errors: number]>();
  for (const [fn, info] of trace.functions.entries()) {
    if (info.file !== file || calls[fn] === 0) continue;
    const [before, failed] = byLine.get(info.line) ?? [0, 0];
    byLine.set(info.line, [before + calls[fn], failed + errors[fn]]);
  }
  const text = ([all, failed]: [number, number]): JSX.Element => (
    <span title={`called ${count(all)} times${failed > 0 ? `, ${count(failed)} failed` : ''}`}>
      {count(all)}×{failed > 0 && <b class="bad"> {count(failed)}✕</b>}
    </span>
  );
  return new Map([...byLine].map(([line, counts]) => [line, text(counts)]));
}

function endOf(lines: readonly string[], line: number): number {
  const indent = (text: string): number => /^\s*/.exec(text)![0].length;
  const own = indent(lines[line - 1] ?? '');
  for (let number = line + 1; number <= lines.length; number++) {
    const text = lines[number - 1];
    if (text.trim() !== '' && indent(text) <= own) return /^\s*[\])}]/.test(text) ? number : number - 1;
  }
  return lines.length;
}

function valuesBeside(
  trace: Trace,
  details: DetailsCache,
  node: number,
  lines: readonly string[],
  line: number,
  end: number,
): Map<number, string> {
  const found = new Map<number, string>();
  const put = (at: number, text: string): void =>
    void found.set(at, found.has(at) ? `${found.get(at)}  ${text}` : text);
  const detail = details.get(node);
  if (!detail || !('call' in detail)) return found;
  for (const [name, value] of Object.entries(detail.call.args ?? {})) put(line, `${name} = ${short(value, 60)}`);
  for (const child of trace.childrenOf(node).subarray(0, 40)) {
    const name = trace.functionOf(child)?.func.split(/[.\s]/).at(-1) ?? '';
    if (!/^[\w$]+$/.test(name)) continue;
    const at = lines.findIndex((one, index) => index >= line && index < end && one.includes(`${name}(`));
    const text = `${name}() → ${outcomeText(trace, child, details.get(child), 60)}`;
    if (at !== -1 && !found.get(at + 1)?.includes(`${name}()`)) put(at + 1, text);
  }
  put(end, `→ ${outcomeText(trace, node, detail, 80)}`);
  return found;
}
