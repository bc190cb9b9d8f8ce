import type { Node } from './types.js';

/**
 * Goes through a tree without recursion, since sources may be nested more deeply than the stack allows. What is visited
 * asks for its children by `later`; they are visited in the order in which they were asked for, each with all that is
 * below it before the next one.
 */
export class Walk<Context> {
  /** The nodes around the one that is visited, outermost first. */
  readonly ancestors: Node[] = [];
  private readonly nodes: Node[] = [];
  private readonly contexts: Context[] = [];
  private readonly depths: number[] = [];
  private depth = 0;

  run(root: Node, context: Context, visit: (node: Node, context: Context) => void): void {
    const { nodes, contexts, depths, ancestors } = this;
    this.later(root, context);
    while (nodes.length > 0) {
      const node = nodes.pop()!;
      const inner = contexts.pop()!;
      const depth = depths.pop()!;
      ancestors.length = depth;
      this.depth = depth + 1;
      const first = nodes.length;
      visit(node, inner);
      ancestors[depth] = node;
      this.reverse(first);
    }
    ancestors.length = this.depth = 0;
  }

  later(node: Node, context: Context): void {
    this.nodes.push(node);
    this.contexts.push(context);
    this.depths.push(this.depth);
  }

  /** The last one in is the first one out. */
  private reverse(first: number): void {
    const { nodes, contexts } = this;
    for (let low = first, high = nodes.length - 1; low < high; low++, high--) {
      [nodes[low], nodes[high]] = [nodes[high], nodes[low]];
      [contexts[low], contexts[high]] = [contexts[high], contexts[low]];
    }
  }
}
