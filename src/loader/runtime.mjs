// What a rewritten ES module imports: bindings are there before any of its functions can be called, even in a cycle.
export const { e0, e1, e2, e3, en, x, t, n, d, q, w, fa, fg, s, sa, k, r, rc, ax, at, an } = globalThis.__handit__;

// Where another thread rewrites modules, what it has told by now is known before the first of them runs.
globalThis.__handit__.pending?.();
