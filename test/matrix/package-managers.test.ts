import { matrix, type MatrixRun } from './matrix.js';

const managers: Record<string, Partial<MatrixRun> & { title: string }> = {
  pnpm: { title: 'pnpm 12, in a workspace' },
  pnpm10: { title: 'pnpm 10, in a workspace' },
  yarn1: { title: 'Yarn 1, in a workspace' },
  yarn: { title: 'Yarn 4 with `node_modules`, in a workspace' },
  pnp: {
    title: "Yarn 4 with Plug'n'Play, in a workspace",
    partial: 'on Node 22, the CommonJS modules of a program that Yarn starts out of an archive are not recorded',
  },
};

for (const [name, run] of Object.entries(managers)) {
  matrix({
    app: 'package-managers',
    group: 'Package managers',
    build: [['node', 'drive.mjs', 'install', name]],
    command: ['node', 'drive.mjs', 'run', name],
    env: { HANDIT_EXCLUDE: '^drive\\.mjs$' },
    normalise: (text) => text.replace(/Done in .*/g, 'Done'),
    expect({ records, calls, node }) {
      const funcs = (file: string) => new Set(calls(file).map(({ func }) => func));
      expect(funcs('src/prepare.mjs')).toEqual(new Set(['prepare']));
      expect(funcs('src/test.cjs')).toEqual(new Set(['test']));
      expect(funcs('src/total.cjs')).toEqual(new Set(['total', 'names.reduce callback']));
      expect(funcs('../lib/src/price.cjs')).toEqual(new Set(['price']));
      expect(new Set(calls().map(({ file }) => file)).size).toBe(4);
      // The two scripts and two runs of the tool; no package manager.
      const processes = records.filter(({ type }) => type === 'process_start');
      expect(processes).toHaveLength(name === 'pnp' && /^22\.(?!12\.)/.test(node) ? 2 : 4);
      expect(records.filter(({ type }) => type === 'http_request' || type === 'skipped')).toEqual([]);
    },
    ...run,
  });
}
