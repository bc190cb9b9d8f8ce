import type { ProcessTree, TreeNode } from '../reader/call-tree.js';
import type { DurationNs } from '../trace-format.js';

export interface Filters {
  /** Over `func` and `file::func`. */
  fn?: RegExp;
  /** Only HTTP exchanges. */
  http?: boolean;
  /** Only what threw, rejected, failed, or was answered with a status from 400. */
  errors?: boolean;
  /** Over the title of the test. */
  test?: RegExp;
  /** Only what took at least so long. */
  slowNs?: DurationNs;
}

/**
 * The trees with only those nodes that pass every filter, and what leads to them.
 *
 * @returns the same trees when there is no filter; processes of which nothing is left are left out
 */
export function selectNodes(trees: readonly ProcessTree[], filters: Filters): readonly ProcessTree[] {
  if (Object.values(filters).every((filter) => filter === undefined || filter === false)) return trees;
  return trees.flatMap((tree) => {
    const roots = keep(tree.roots, filters);
    return roots.length === 0 ? [] : [{ ...tree, roots }];
  });
}

function keep(nodes: readonly TreeNode[], filters: Filters): TreeNode[] {
  // A stack of our own: the tree of a deep recursion is deeper than the program stack.
  const result: TreeNode[] = [];
  const waiting: { node: TreeNode; into: TreeNode[]; children: TreeNode[] | null }[] = [];
  for (const node of nodes.toReversed()) waiting.push({ node, into: result, children: null });
  while (waiting.length > 0) {
    const task = waiting.at(-1)!;
    if (task.children === null) {
      const children: TreeNode[] = (task.children = []);
      for (const child of task.node.children.toReversed())
        waiting.push({ node: child, into: children, children: null });
      continue;
    }
    waiting.pop();
    if (task.children.length > 0 || passes(task.node, filters)) {
      task.into.push({ ...task.node, children: task.children });
    }
  }
  return result;
}

function passes(node: TreeNode, { fn, http, errors, test, slowNs }: Filters): boolean {
  if (http && node.type !== 'http') return false;
  if (fn && !(node.type === 'call' && (fn.test(node.func) || fn.test(`${node.call?.file ?? ''}::${node.func}`)))) {
    return false;
  }
  if (test && !test.test(testOf(node) ?? '')) return false;
  if (errors && !hasFailed(node)) return false;
  return slowNs === undefined || (durationOf(node) ?? 0) >= slowNs;
}

function testOf(node: TreeNode): string | undefined {
  if (node.type === 'test') return node.test;
  return node.type === 'call' ? node.call?.test : node.request.test;
}

function hasFailed(node: TreeNode): boolean {
  if (node.type === 'test') return node.ends.at(-1)?.outcome === 'failed';
  if (node.type === 'call') {
    return (
      node.outcome.state === 'threw' || (node.outcome.state === 'returned' && node.outcome.settled?.error !== undefined)
    );
  }
  return node.end !== undefined && (node.end.type === 'http_error' || node.end.status >= 400);
}

/** Undefined while it is open. For a call that handed out a promise, until that settled. */
function durationOf(node: TreeNode): DurationNs | undefined {
  if (node.type === 'test') return node.ends.at(-1)?.dt_ns;
  if (node.type === 'http') return node.end?.dt_ns;
  const { outcome } = node;
  if (outcome.state === 'open') return undefined;
  if (outcome.state === 'threw') return outcome.durationNs;
  return outcome.settled?.durationNs ?? outcome.durationNs;
}
