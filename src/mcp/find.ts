import type { Side } from '../compare/side.js';
import type { Trace } from '../reader/trace.js';
import { type Arguments, ToolError } from './arguments.js';
import { nearest, nodeText, oneLine, quoted } from './text.js';

/** Whether a name is meant by a text: a part of it, else a regular expression. */
export function matcher(text: string, names: Iterable<string>): (name: string) => boolean {
  const small = text.toLowerCase();
  const has = (name: string): boolean => name.toLowerCase().includes(small);
  for (const name of names) if (has(name)) return has;
  try {
    const pattern = new RegExp(text, 'i');
    return (name) => pattern.test(name);
  } catch {
    return has;
  }
}

/** Calls by function, file, test, value, time and outcome. */
export function* findCalls(side: Side, args: Arguments): Generator<string> {
  const { trace } = side;
  const filter = callFilter(trace, args);
  let found = 0;
  let same = { text: '', first: '', count: 0 };
  const folded = (): string => `${same.first}${same.count > 1 ? `  x ${same.count} in a row` : ''}`;
  for (let node = 0; node < trace.nodes.count; node++) {
    if (trace.isExchange(node) || !side.has(node) || !filter(node)) continue;
    found++;
    const text = nodeText(trace, node, { id: false }).replace(/ {2}[\d.e+-]+ ms/, '');
    if (text === same.text) {
      same.count++;
      continue;
    }
    if (same.count > 0) yield folded();
    same = { text, first: nodeText(trace, node), count: 1 };
  }
  if (same.count > 0) yield folded();
  if (found === 0) yield* nothing(side, args);
}

function callFilter(trace: Trace, args: Arguments): (node: number) => boolean {
  const tests: ((node: number) => boolean)[] = [];
  const { fn, file, test, value, failed, slow_ms } = args;
  if (typeof fn === 'string') {
    const matches = matcher(
      fn,
      trace.functions.map(({ func }) => func),
    );
    const known = trace.functions.map(({ func, file: path }) => matches(func) || matches(`${path}::${func}`));
    tests.push((node) => known[trace.nodes.func[node]]);
  }
  if (typeof file === 'string') {
    const matches = matcher(
      file,
      trace.functions.map(({ file: path }) => path),
    );
    const known = trace.functions.map(({ file: path }) => matches(path));
    tests.push((node) => known[trace.nodes.func[node]]);
  }
  if (typeof test === 'string') {
    const matches = matcher(
      test,
      trace.tests.map(({ name }) => name),
    );
    const known = trace.tests.map(({ name }) => matches(name));
    tests.push((node) => trace.testOf(node) !== -1 && known[trace.testOf(node)]);
  }
  if (failed !== undefined) tests.push((node) => trace.hasFailed(node) === failed);
  if (typeof slow_ms === 'number') tests.push((node) => trace.durationOf(node) >= slow_ms * 1e6);
  if (typeof value === 'string') tests.push(valueFilter(trace, value));
  return (node) => tests.every((passes) => passes(node));
}

/** In the lines of a call, as they are written. */
export function valueFilter(trace: Trace, value: string): (node: number) => boolean {
  if (value === '') throw new ToolError('value must not be empty');
  const bytes = Buffer.from(JSON.stringify(value).slice(1, -1));
  return (node) => {
    for (const place of trace.placesOf(node)) {
      if (!place) continue;
      const line = trace.bytesAt(place);
      if (Buffer.from(line.buffer, line.byteOffset, line.length).includes(bytes)) return true;
    }
    return false;
  };
}

function* nothing(side: Side, { fn, file, test }: Arguments): Generator<string> {
  const { trace } = side;
  yield 'No call matches.';
  const near: [unknown, string, string[]][] = [
    [fn, 'functions', trace.functions.map(({ func, file: path }) => `${func} (${path})`)],
    [file, 'files', trace.functions.map(({ file: path }) => path)],
    [test, 'tests', trace.tests.map(({ name }) => name)],
  ];
  for (const [given, what, names] of near) {
    if (typeof given !== 'string') continue;
    const like = nearest(given, names).map((name) => (what === 'tests' ? quoted(name) : oneLine(name)));
    yield `${what} with a name like it: ${like.join('; ') || 'none'}`;
  }
}
