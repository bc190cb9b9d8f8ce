import type { Call, ErrorInfo, Preview, TraceRecord } from '../../src/trace-format.js';

/**
 * The calls of a trace as indented text, one a line, in the order of their start: place, name, arguments and how it
 * ended. A call without an end ends with `...`, one with several ends names each.
 *
 *     main.cjs:3 async Cart.total(discount=10) -> 90
 *       main.cjs:9 price(item={"id":1}) ! RangeError: no such item
 */
export function callText(records: readonly TraceRecord[]): string {
  const calls = records.filter((record) => record.type === 'call');
  const children = new Map<string, Call[]>();
  for (const call of calls) children.set(parentOf(call), [...(children.get(parentOf(call)) ?? []), call]);
  const ends = new Map<string, string>();
  for (const record of records) {
    if (record.type !== 'return' && record.type !== 'exception') continue;
    const key = `${record.proc} ${record.id}`;
    const end = record.type === 'return' ? ` -> ${short(record.return_preview)}` : ` ! ${errorText(record.error)}`;
    ends.set(key, (ends.get(key) ?? '') + end);
  }
  const lines: string[] = [];
  const add = (call: Call, depth: number): void => {
    const args = Object.entries(call.args_preview).map(([name, value]) => `${name}=${short(value)}`);
    const flags = `${call.async ? 'async ' : ''}${call.generator ? 'generator ' : ''}`;
    const end = ends.get(`${call.proc} ${call.id}`) ?? ' ...';
    lines.push(`${'  '.repeat(depth)}${call.file}:${call.line} ${flags}${call.func}(${args.join(', ')})${end}\n`);
    for (const child of children.get(`${call.proc} ${call.id}`) ?? []) add(child, depth + 1);
  };
  const known = new Set(calls.map((call) => `${call.proc} ${call.id}`));
  for (const call of calls) if (!known.has(parentOf(call))) add(call, 0);
  if (lines.length !== calls.length) throw new Error(`${calls.length} calls, but ${lines.length} in the tree`);
  return lines.join('');
}

/** Just the names, nested: `main(inner(), later(inner()))`. */
export function callNames(records: readonly TraceRecord[]): string {
  const names = [...new Set(records.flatMap((record) => (record.type === 'call' ? [record.func] : [])))];
  names.sort((a, b) => b.length - a.length);
  const lines = callText(records)
    .split('\n')
    .filter((line) => line !== '');
  let text = '';
  lines.forEach((line, index) => {
    const depth = depthOf(line);
    const told = line.replace(/^ *\S+ (?:async )?(?:generator )?/, '');
    // Names may have brackets of their own: `import().then callback`.
    text += names.find((name) => told.startsWith(`${name}(`))!;
    const next = index + 1 < lines.length ? depthOf(lines[index + 1]) : 0;
    if (next > depth) text += '(';
    else text += ')'.repeat(depth - next) + (index + 1 < lines.length ? ', ' : '');
  });
  return text;
}

const depthOf = (line: string): number => (line.length - line.trimStart().length) / 2;

const parentOf = ({ proc, parent }: Call): string => `${proc} ${parent}`;

function short(preview: Preview): string {
  if (typeof preview === 'object' && preview !== null && '$type' in preview && Object.keys(preview).length === 1) {
    return preview.$type as string;
  }
  const text = JSON.stringify(preview);
  return text.length > 70 ? `${text.slice(0, 70)}...` : text;
}

/** V8 words the messages of its own errors differently in each version. */
function errorText({ name, message }: ErrorInfo): string {
  return /^(TypeError|ReferenceError)$/.test(name) ? name : `${name}: ${message}`;
}
