import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScriptCoverage } from '../../src/loader/coverage.js';
import { nodes } from '../helpers/node-versions.js';
import { programs, type Programs } from '../helpers/programs.js';

/** Statements with which a function ends, each in functions of every kind, which are called once. */
const endings = [
  'if (x) return 1',
  'if (x) { return 1 } else return 2;',
  'if (x) { return 1 } else if (y) { return 2 }',
  'for (;;) return 1;',
  'for (let i = 0;;) { return 1 }',
  'for (const a of [1]) { if (a) return 1 }',
  'for (var b in { z: 1 }) { return 1 }',
  'a: for (const k of [1]) { return 1 }',
  'a: { if (x) break a; y = 2 }',
  'while (true) { if (x) return 1 }',
  'switch (x) { case true: return 1; default: return 2 }',
  'try { return 1 } catch { return 2 }',
  'try { throw 1 } catch { return 2 } finally { y = 2 }',
  'try { if (x) return 1 } finally { y = 2 }',
  'if (!x) { y = 1 } /* behind it */',
  'return 1; function g() {}',
  'throw 1; function g() {}',
  'if (x) { return 1 } function g() {}',
  'return x ? 1 : y || 2',
  'const z = (q) => q ? 1 : 2; z(x) /* without a semicolon */',
];
const asyncEndings = [
  'await Promise.reject()',
  'await Promise.reject(); y = 1;',
  'return await Promise.reject();',
  'if (x) await Promise.reject()',
  'const z = await Promise.reject(); return z',
  'for await (const a of [1]) { if (a) return 1 }',
  'for await (const a of [1]) { y = a; }',
  'try { return await Promise.reject() } catch { return 1 }',
  'try { await Promise.reject() } catch { y = 1 } finally { y = 2 }',
  'y = [await 1, await 2]; return y;',
];
const generatorEndings = [
  'yield 1',
  'yield 1; y = 2;',
  'return yield 1',
  'for (const a of [1]) yield 1',
  'yield; y = 1',
  'try { yield 1 } finally { y = 1 }',
];

const bodies = [
  ...endings.map((end) => `function NAME(x, y) { ${end}\n}`),
  ...endings.map((end) => `async function NAME(x, y) {\n  ${end} }`),
  ...asyncEndings.map((end) => `async function NAME(x, y) { ${end} }`),
  ...generatorEndings.map((end) => `function* NAME(x, y) { ${end} }`),
  ...generatorEndings.map((end) => `async function* NAME(x, y) { ${end} }`),
  'const NAME = (x) => x ? 1 : 2;',
  'const NAME = async (x) => (await x) ? 1 : 2;',
  'function NAME() { function never() { if (1) return 2 } }',
  'class NAME_ { constructor(x) { if (x) return; this.y = 1 } static at(x) { return x ? new NAME_(x) : 0 } }; const NAME = NAME_.at;',
];
const program = [
  ...bodies.map((body, index) => body.replaceAll('NAME', `f${index}`)),
  `const settle = (r) => { if (r && r.catch) r.catch(() => 0); else if (r && r.next) settle(r.next()) };`,
  ...bodies.map((_, index) => `try { settle(f${index}(true)) } catch {}`),
  '',
].join('\n');

const files = {
  'main.cjs': program,
  'main.mjs': program,
  'session.cjs': `
    const { Session } = require('node:inspector');
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    require('./main.cjs');
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      console.log(JSON.stringify(result.filter(({ url }) => /main/.test(url)).map(({ functions }) => functions)));
    });
    console.log(Session.prototype.post.name, Session.prototype.post.length);
  `,
  'several.cjs': `
    const { takeCoverage } = require('node:v8');
    require('./main.cjs');
    takeCoverage();
    // Node names the files by the millisecond: the one of the end would take the place of this one.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    process.exitCode = 3;
  `,
};

/** What Node writes of the project's own files, one text for each file that says anything. */
async function written(project: Programs, how: 'bare' | 'traced', node: string, file: string): Promise<string[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'handit-coverage-')));
  try {
    const { stderr } = await project[how](node, [file], { env: { NODE_V8_COVERAGE: folder }, flag: '--require' });
    expect(stderr).toBe('');
    return readdirSync(folder)
      .sort()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: ScriptCoverage[] })
      .map(({ result }) => result.filter(({ url }) => /\/handit-test-[^/]*\/[^/]*$/.test(url)))
      .filter((result) => result.length > 0)
      .map((result) => result.map(text).join('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function text({ url, functions }: ScriptCoverage): string {
  const lines = functions.map(({ functionName, isBlockCoverage, ranges }) =>
    [
      functionName,
      isBlockCoverage,
      ...ranges.map(({ startOffset, endOffset, count }) => `${startOffset}-${endOffset}:${count}`),
    ].join(' '),
  );
  return [url.slice(url.lastIndexOf('/')), ...lines].join('\n');
}

describe.each(nodes())('Coverage by V8 on Node $label', ({ path }) => {
  const project = programs(files);

  test.each(['main.cjs', 'main.mjs', 'several.cjs'])('is of the text that the user wrote: %s', async (file) => {
    const bare = await written(project, 'bare', path, file);
    expect(bare.join()).toContain(`\nf${bodies.length - 1} `.replace(/f\d+ /, 'at '));
    expect(await written(project, 'traced', path, file)).toEqual(bare);
  });

  test('is so for an inspector session of the program', async () => {
    const bare = await project.bare(path, ['session.cjs'], { flag: '--require' });
    const { records, ...traced } = await project.traced(path, ['session.cjs'], { flag: '--require' });
    expect(bare.stdout).toContain('"functionName":"f1"');
    expect(traced).toEqual(bare);
    expect(records.filter(({ type }) => type === 'call').length).toBeGreaterThan(bodies.length);
  });
});
