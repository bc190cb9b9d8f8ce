import { COLUMNS, type IndexData } from './index-data.js';
import type { Trace } from './trace.js';

/** Of a trace of one input. Its columns are not copied: they are longer than `count`, and no longer the trace's own. */
export function indexDataOf(trace: Trace): IndexData {
  const { nodes } = trace;
  const { count } = nodes;
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, nodes[name]]));
  const settled: number[] = [];
  for (let node = 0; node < count; node++) if (trace.settlementOf(node)) settled.push(node);
  const all = settled.map((node) => trace.settlementOf(node)!);
  const { functions, scopes, tests, sessions, exchanges, processes, folders, annotations } = trace;
  const { limits, modules, summaries, skipped, damage, inputs, lateEnds } = trace;
  return {
    count,
    columns: columns as unknown as IndexData['columns'],
    settles: {
      node: Int32Array.from(settled),
      at: Float64Array.from(all, ({ at }) => at),
      length: Uint32Array.from(all, ({ length }) => length),
      dt: Float64Array.from(all, ({ dt }) => dt),
    },
    tables: {
      ...{ functions, scopes, tests, sessions, exchanges, processes, folders, annotations },
      ...{ limits, modules, summaries, skipped, damage, lateEnds },
      inputs: inputs.map(({ name, size, lines }) => ({ name, base: 0, size, lines })),
      baseSecond: Number(trace.baseNs / 1_000_000_000n),
    },
  };
}
