import type { CallNode, HttpNode, ProcessTree, TestNode, TreeNode } from '../reader/call-tree.js';
import type { DurationNs, Preview } from '../trace-format.js';
import { duration as durationText } from './format-duration.js';
import { formatError, formatPreview } from './format-preview.js';

export interface PrintOptions {
  /** Whether to use ANSI colours. */
  color?: boolean;
}

/** Yields the lines of the call tree, without line ends. */
export function* printTrees(trees: readonly ProcessTree[], { color = false }: PrintOptions = {}): Generator<string> {
  const paint = color ? ansi : plain;
  for (const [index, tree] of trees.entries()) {
    if (index > 0) yield '';
    yield paint.bold(headline(tree));
    // A stack of our own: the tree of a deep recursion is deeper than the program stack.
    const waiting = tree.roots.map((node) => ({ node, depth: 0 })).reverse();
    for (let next; (next = waiting.pop());) {
      const { node, depth } = next;
      yield indent(depth) + nodeLine(node, paint);
      for (const child of node.children.toReversed()) waiting.push({ node: child, depth: depth + 1 });
    }
    for (const { file, reason } of tree.skipped) yield paint.yellow(`not recorded: ${file}: ${reason}`);
    for (const { func, file, line, calls, recorded } of tree.summaries) {
      yield paint.yellow(`in part: ${func}  ${file}:${line}  ${recorded} of ${calls} calls recorded in full`);
    }
    const lost = Object.entries(tree.end?.dropped ?? {});
    if (lost.length > 0) yield paint.yellow(`lost: ${lost.map(([why, count]) => `${count} (${why})`).join(', ')}`);
    for (const [why] of lost) if (why in REMEDIES) yield paint.yellow(`  ${why}: ${REMEDIES[why]}`);
  }
}

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

const same = (text: string) => text;
const plain: Paint = { bold: same, dim: same, red: same, yellow: same };
const ansi: Paint = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  red: (text) => `\x1b[31m${text}\x1b[39m`,
  yellow: (text) => `\x1b[33m${text}\x1b[39m`,
};

/** What lifts the limit that a reason in `dropped` names. */
const REMEDIES: Record<string, string> = {
  max_calls: 'set HANDIT_MAX_CALLS to a larger number, or to 0 for no limit',
  max_file: 'set HANDIT_MAX_FILE_MB to a larger number, or to 0 for no limit',
  not_sampled: 'set HANDIT_SAMPLE_RATE=1 to record every process',
  not_written: 'the file could not be written for a while; stderr of that process says why',
};

const MAX_INDENT = 40;
const ARGUMENT_WIDTH = 40;
const RESULT_WIDTH = 80;

function headline({ proc, start, end, calls }: ProcessTree): string {
  const parts = [`process ${proc}`];
  if (start) {
    parts.push(`node ${start.node}`, `pid ${start.pid}`);
    if (start.tid !== 0) parts.push(`worker ${start.tid}`);
  }
  parts.push(calls === 1 ? '1 call' : `${calls} calls`);
  if (!end) parts.push('has not ended');
  else if (end.signal) parts.push(`ended by ${end.signal}`);
  else if (end.exit_code !== null) parts.push(`exit code ${end.exit_code}`);
  return parts.join('  ');
}

function indent(depth: number): string {
  if (depth <= MAX_INDENT) return '  '.repeat(depth);
  return `${'  '.repeat(MAX_INDENT)}[${depth}] `;
}

function nodeLine(node: TreeNode, paint: Paint): string {
  if (node.type === 'test') return testLine(node, paint);
  return node.type === 'call' ? callLine(node, paint) : httpLine(node, paint);
}

function testLine({ test, ends }: TestNode, paint: Paint): string {
  const head = paint.bold(`test ${test}`);
  const last = ends.at(-1);
  if (!last) return `${head} ${paint.yellow('... has not ended')}`;
  const tries = ends.length > 1 ? ` (${ends.length} tries)` : '';
  const { outcome, error, dt_ns } = last;
  if (outcome === 'skipped' || outcome === 'todo') return `${head} ${paint.yellow(outcome)}`;
  const why = error ? ` ${formatError(error, RESULT_WIDTH)}` : '';
  const told = outcome === 'failed' ? paint.red(`failed${tries}${why}`) : `passed${tries}`;
  return `${head} ${told}${duration(dt_ns)}`;
}

function callLine(node: CallNode, paint: Paint): string {
  const { call, func, outcome } = node;
  const head = `${func}(${call ? argumentList(call.args_preview) : '…'})`;
  const place = call ? paint.dim(`  ${call.file}:${call.line}`) : '';
  if (outcome.state === 'open') return `${head} ${paint.yellow('... still open')}${place}`;
  if (outcome.state === 'threw') {
    const time = outcome.durationNs === undefined ? '' : duration(outcome.durationNs);
    return `${head} ${paint.red(`threw ${formatError(outcome.error, RESULT_WIDTH)}`)}${time}${place}`;
  }
  const { value, durationNs, pending, settled } = outcome;
  const tail = [
    `${head} -> ${formatPreview(value, RESULT_WIDTH)}${pending ? ' (pending)' : ''}${duration(durationNs)}`,
  ];
  if (settled?.error) tail.push(paint.red(`rejected ${formatError(settled.error, RESULT_WIDTH)}`));
  else if (settled) tail.push(`fulfilled ${formatPreview(settled.value ?? { $type: 'undefined' }, RESULT_WIDTH)}`);
  return `${tail.join(', ')}${settled ? duration(settled.durationNs) : ''}${place}`;
}

function argumentList(args: { [parameter: string]: Preview }): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${formatPreview(value, ARGUMENT_WIDTH)}`)
    .join(', ');
}

function httpLine({ request, end }: HttpNode, paint: Paint): string {
  const head = `${request.side === 'server' ? 'answers ' : ''}${request.method} ${request.url}`;
  const place = paint.dim(`  ${request.client}`);
  if (!end) return `${head} ${paint.yellow('... still open')}${place}`;
  if (end.type === 'http_response') return `${head} -> ${end.status}${duration(end.dt_ns)}${place}`;
  const verb = end.aborted ? 'aborted' : 'failed';
  return `${head} ${paint.red(`${verb} ${formatError(end.error, RESULT_WIDTH)}`)}${duration(end.dt_ns)}${place}`;
}

function duration(ns: DurationNs): string {
  return `  ${durationText(ns)}`;
}

/** The same tree for programs: a value for each node, with its depth, in the order of the lines. */
export function* treesAsJson(trees: readonly ProcessTree[]): Generator<string> {
  for (const { proc, start, end, roots } of trees) {
    yield JSON.stringify({ type: 'process', proc, start, end });
    const waiting = roots.map((node) => ({ node, depth: 0 })).reverse();
    for (let next; (next = waiting.pop());) {
      const { children, ...node } = next.node;
      yield JSON.stringify({ proc, depth: next.depth, ...node });
      for (const child of children.toReversed()) waiting.push({ node: child, depth: next.depth + 1 });
    }
  }
}
