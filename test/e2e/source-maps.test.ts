import { hasSyncHooks } from '../../src/node-features.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { installHandit, runNode, tempProject } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';
import { join } from 'node:path';

const preload = ['--require', 'handit/register'];

/** What one build step makes of `src/price.ts`: another line, other columns, and a map to it. */
const built = [
  '"use strict"; const cheap = (price) => price < 10; function check(price) { if (!cheap(price)) throw new RangeError("too dear"); return price; }',
  'check(20);',
  '//# sourceMappingURL=price.js.map',
  '',
].join('\n');
const source = [
  'const cheap = (price: number): boolean => price < 10;',
  '',
  'export function check(price: number): number {',
  '  if (!cheap(price)) throw new RangeError("too dear");',
  '  return price;',
  '}',
  'check(20);',
  '',
].join('\n');
const map = JSON.stringify({
  version: 3,
  file: 'price.js',
  sources: ['../src/price.ts'],
  names: [],
  // Line 1: `const` at 0:0, `function` at 2:7, `if` at 3:2, `throw` at 3:21, `new` at 3:27; line 2: `check` at 6:0.
  mappings: 'cAAA,qCAEO,wBACL,mBAAmB,MAAM;AAG3B',
});

test.each(nodes())(
  'columns of a stack are the original ones under --enable-source-maps on Node $label',
  async ({ path }) => {
    const project = tempProject({
      'main.cjs': [
        'function first(list) { return list.map(function size(item) { return item.name.length; }); }',
        'const later = async (list) => { await null; return first(list); };',
        'try { first([{}]); } catch (error) { console.log(error.stack.split("\\n").slice(0, 3).join("\\n")); }',
        'later([{ name: "a" }, {}]).catch((error) => console.log(error.stack.split("\\n").slice(0, 3).join("\\n")));',
        '',
      ].join('\n'),
    });
    installHandit(project);
    const bare = await runNode(path, ['--enable-source-maps', 'main.cjs'], { cwd: project });
    const traced = await runNode(path, ['--enable-source-maps', ...preload, 'main.cjs'], { cwd: project });
    expect(bare.stdout).toContain('main.cjs:1:79');
    expect(traced).toEqual(bare);
  },
);

test.each(nodes())(
  "a module's own source map still leads to what it was made of on Node $label",
  async ({ path, version }) => {
    const project = tempProject({ 'dist/price.js': built, 'dist/price.js.map': map, 'src/price.ts': source });
    installHandit(project);
    const bare = await runNode(path, ['--enable-source-maps', 'dist/price.js'], { cwd: project });
    const traced = await runNode(path, ['--enable-source-maps', ...preload, 'dist/price.js'], { cwd: project });
    expect(bare.stderr).toContain('src/price.ts:4:28');
    // There a frame of handit's is at the bottom of the stack (docs/limitations.md), and Node prints an empty line more.
    const withoutLoader = (text: string): string => text.replace(/^ +at (?!check).*\n/gm, '').replace(/\n+/g, '\n');
    if (!hasSyncHooks(version)) expect(withoutLoader(traced.stderr)).toBe(withoutLoader(bare.stderr));
    else expect(traced).toEqual(bare);
    expect(readTrace(join(project, 'handit_events.jsonl')).filter(({ type }) => type === 'exception')).toHaveLength(1);
  },
);

describe('an uncaught error of a built file', () => {
  const builtAs = (name: string): string =>
    `function f() {\n  throw new Error('x');\n}\nf();\n//# sourceMappingURL=${name}.map\n`;
  const map = (source: string, text?: string): string =>
    JSON.stringify({
      ...{ version: 3, sources: [source], names: [], mappings: 'AAAA;AACA;AACA;AACA' },
      ...(text === undefined ? {} : { sourcesContent: [text] }),
    });
  const written = `function f(): void {\n  throw new Error('x');\n}\nf();\n`;
  const project = programs({
    ...{ 'dist/absent.js': builtAs('absent.js'), 'dist/absent.js.map': map('../src/absent.ts') },
    ...{ 'dist/inside.js': builtAs('inside.js'), 'dist/inside.js.map': map('webpack://app/src/inside.ts', written) },
    ...{ 'dist/there.js': builtAs('there.js'), 'dist/there.js.map': map('../src/there.ts'), 'src/there.ts': written },
  });

  test.each(nodes())('shows its line whether or not its original is shipped on Node $version', async ({ path }) => {
    for (const name of ['absent', 'inside', 'there']) {
      for (const flag of ['--import', '--require'] as const) {
        const args = ['--enable-source-maps', `dist/${name}.js`];
        const [plain, recorded] = [
          await project.bare(path, args, { flag }),
          await project.traced(path, args, { flag }),
        ];
        const head = (text: string): string[] => text.split('\n').slice(0, 3);
        expect([name, flag, recorded.code, ...head(recorded.stderr)]).toEqual([name, flag, 1, ...head(plain.stderr)]);
        expect(head(plain.stderr)[1]).toContain('throw new Error');
        expect(recorded.stderr).not.toContain('handit:');
      }
    }
  });
});
