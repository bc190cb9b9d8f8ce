import { buildCallTrees, type CallNode, createTreeBuilder, type TreeNode } from '../../src/reader/call-tree.js';
import {
  call,
  httpError,
  processEnd,
  processStart,
  request,
  response,
  returned,
  settled,
  testEnd,
  threw,
} from '../helpers/records.js';

/** `f1(f2 f3(f4))`: who is below whom, in which order. */
function shape(nodes: readonly TreeNode[]): string {
  return nodes
    .map((node) => {
      const name = node.type === 'call' ? node.func : node.type === 'test' ? node.test : node.request.url;
      return node.children.length > 0 ? `${name}(${shape(node.children)})` : name;
    })
    .join(' ');
}

function only(nodes: readonly TreeNode[]): CallNode {
  expect(nodes).toHaveLength(1);
  expect(nodes[0].type).toBe('call');
  return nodes[0] as CallNode;
}

test('puts calls below their parents', () => {
  const [tree] = buildCallTrees([
    call(1, null, 0),
    call(2, 1, 1),
    call(3, 2, 2),
    returned(3, 3),
    returned(2, 4),
    call(4, 1, 5),
    returned(4, 6),
    returned(1, 7),
    call(5, null, 8),
  ]);
  expect(shape(tree.roots)).toBe('f1(f2(f3) f4) f5');
  expect(tree.calls).toBe(5);
});

test('orders siblings by their start, whatever the order of the lines', () => {
  const [tree] = buildCallTrees([call(1, null, 0), call(4, 1, 30), call(2, 1, 10), call(3, 1, 20)]);
  expect(shape(tree.roots)).toBe('f1(f2 f3 f4)');
});

test('keeps the order of the lines where starts are equal', () => {
  const [tree] = buildCallTrees([call(1, null, 0), call(9, 1, 5), call(2, 1, 5), call(5, 1, 5)]);
  expect(shape(tree.roots)).toBe('f1(f9 f2 f5)');
});

test('finds a parent whose line comes later', () => {
  const [tree] = buildCallTrees([call(2, 1, 10), call(1, null, 0)]);
  expect(shape(tree.roots)).toBe('f1(f2)');
});

test('makes a call whose parent is not in the file a root', () => {
  const [tree] = buildCallTrees([call(2, 1, 0), call(3, 2, 1)]);
  expect(shape(tree.roots)).toBe('f2(f3)');
});

test('makes a call that names itself as its parent a root', () => {
  expect(shape(buildCallTrees([call(1, 1, 0)])[0].roots)).toBe('f1');
});

test('tells the value and the duration of a call that returned', () => {
  const [tree] = buildCallTrees([call(1, null, 0), returned(1, 5, { dt_ns: 5000, return_preview: { a: 1 } })]);
  expect(only(tree.roots).outcome).toEqual({
    ...{ state: 'returned', value: { a: 1 }, durationNs: 5000, pending: false, settled: undefined },
  });
});

test('tells the error and the duration of a call that threw', () => {
  const error = { name: 'TypeError', message: 'no' };
  const [tree] = buildCallTrees([call(1, null, 0), threw(1, 5, { dt_ns: 5000, error })]);
  expect(only(tree.roots).outcome).toEqual({ state: 'threw', error, durationNs: 5000 });
});

test('leaves a call without an end open', () => {
  expect(only(buildCallTrees([call(1, null, 0)])[0].roots).outcome).toEqual({ state: 'open' });
});

test('joins a promise with how it settled', () => {
  const [tree] = buildCallTrees([
    call(1, null, 0),
    returned(1, 1, { pending: true, return_preview: { $type: 'Promise' } }),
    settled(1, 9, { return_preview: 42, dt_ns: 9000 }),
  ]);
  expect(only(tree.roots).outcome).toMatchObject({
    pending: true,
    settled: { value: 42, error: undefined, durationNs: 9000 },
  });
});

test('joins a promise with what it was rejected with', () => {
  const error = { name: 'Error', message: 'late' };
  const [tree] = buildCallTrees([call(1, null, 0), returned(1, 1, { pending: true }), settled(1, 9, { error })]);
  expect(only(tree.roots).outcome).toMatchObject({ pending: true, settled: { value: undefined, error } });
});

test('puts an exception beyond the cap where it ended', () => {
  const [tree] = buildCallTrees([
    call(1, null, 0),
    call(2, 1, 1),
    threw(7, 5, { capped: true, parent: 1, dt_ns: undefined }),
    call(3, 1, 9),
  ]);
  expect(shape(tree.roots)).toBe('f1(f2 f7 f3)');
  const capped = only([only(tree.roots).children[1]]);
  expect(capped.call).toBeUndefined();
  expect(capped.outcome).toEqual({ state: 'threw', error: { name: 'Error', message: 'no' }, durationNs: undefined });
  expect(tree.calls).toBe(4);
});

test('puts HTTP exchanges between the calls, and calls below exchanges', () => {
  const [tree] = buildCallTrees([
    call(1, null, 0),
    request(2, 1, 1),
    request(3, null, 2, { side: 'server', url: '/in' }),
    call(4, 3, 3),
    response(2, 9),
    httpError(3, 9),
  ]);
  expect(shape(tree.roots)).toBe('f1(http://a/) /in(f4)');
  expect(tree.calls).toBe(2);
  const [first, second] = [tree.roots[0].children[0], tree.roots[1]];
  expect(first).toMatchObject({ type: 'http', end: { type: 'http_response', status: 200 } });
  expect(second).toMatchObject({ type: 'http', end: { type: 'http_error' } });
});

test('keeps processes apart that use the same ids', () => {
  const other = { proc: 'aaaaaaaa' };
  const trees = buildCallTrees([
    processStart(),
    call(1, null, 0),
    processStart({ ...other, pid: 8 }),
    call(1, null, 1, { ...other, func: 'g1' }),
    call(2, 1, 2, { ...other, func: 'g2' }),
    returned(1, 3),
    call(2, 1, 4),
  ]);
  expect(trees.map(({ proc, start, roots }) => [proc, start?.pid, shape(roots)])).toEqual([
    ['5f0c9a1e', 7, 'f1(f2)'],
    ['aaaaaaaa', 8, 'g1(g2)'],
  ]);
  expect(only(trees[1].roots).outcome.state).toBe('open');
});

test('knows the end of a process, its totals and what was skipped', () => {
  const about = { proc: '5f0c9a1e', ts_ns: 1_767_600_000_000_000_000, file: 'a.js' };
  const summary = { type: 'summary', ...about, func: 'f', line: 1, calls: 9, recorded: 5, exceptions: 0 } as const;
  const skipped = { type: 'skipped', ...about, reason: 'no' } as const;
  const [tree] = buildCallTrees([skipped, summary, processEnd({ exit_code: 3 })]);
  expect(tree).toMatchObject({ start: undefined, end: { exit_code: 3 }, summaries: [summary], skipped: [skipped] });
});

test('passes over a type it does not know', () => {
  const odd = { type: 'weather', proc: '5f0c9a1e' } as never;
  expect(shape(buildCallTrees([odd, call(1, null, 0)])[0].roots)).toBe('f1');
});

test('builds the tree of a recursion that is 100,000 calls deep', () => {
  const deep = 100_000;
  const [tree] = buildCallTrees(Array.from({ length: deep }, (_, i) => call(i + 1, i || null, i)));
  let depth = 0;
  for (let node: TreeNode | undefined = tree.roots[0]; node; node = node.children[0]) depth++;
  expect(depth).toBe(deep);
});

test('gives out a tree that nobody can change', () => {
  const [tree] = buildCallTrees([call(1, null, 0), call(2, 1, 1)]);
  const node = only(tree.roots);
  expect([tree, tree.roots, node, node.children].map(Object.isFrozen)).toEqual([true, true, true, true]);
});

test('is built record by record as well', () => {
  const builder = createTreeBuilder();
  builder.add(call(1, null, 0));
  builder.add(call(2, 1, 1));
  expect(shape(builder.build()[0].roots)).toBe('f1(f2)');
});

describe('tests', () => {
  const inTest = (test: string) => ({ test });

  test('hold what they called, also where they ran at the same time', () => {
    const [tree] = buildCallTrees([
      call(1, null, 0),
      call(2, null, 10, inTest('a.test.js > one')),
      call(3, null, 11, inTest('a.test.js > two')),
      call(4, 2, 12, inTest('a.test.js > one')),
      request(5, null, 13, inTest('a.test.js > two')),
      testEnd('a.test.js > one', 20),
      testEnd('a.test.js > three', 21, { outcome: 'skipped', dt_ns: 0 }),
      testEnd('a.test.js > two', 22),
    ]);
    expect(tree.roots.map((root) => (root.type === 'test' ? root.test : root.type))).toEqual([
      'call',
      'a.test.js > one',
      'a.test.js > two',
      'a.test.js > three',
    ]);
    const [, one, two, three] = tree.roots;
    expect(one.children).toMatchObject([{ id: 2, children: [{ id: 4 }] }]);
    expect(two.children).toMatchObject([{ id: 3 }, { id: 5 }]);
    expect(three.children).toEqual([]);
  });

  test('have an end for each try, and none when the process died in them', () => {
    const [tree] = buildCallTrees([
      testEnd('a > b', 5, { outcome: 'failed' }),
      testEnd('a > b', 9),
      call(1, null, 12, inTest('a > c')),
    ]);
    expect(tree.roots).toMatchObject([
      { type: 'test', test: 'a > b', ends: [{ outcome: 'failed' }, { outcome: 'passed' }] },
      { type: 'test', test: 'a > c', ends: [], children: [{ id: 1 }] },
    ]);
  });
});
