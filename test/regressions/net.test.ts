import { nodes } from '../helpers/node-versions.js';
import type { TraceRecord } from '../../src/trace-format.js';
import { programs, withoutPid } from '../helpers/programs.js';
import { repository, runNode, type RunResult } from '../helpers/run.js';

// Whatever the rewriting makes of a text, a program that starts without handit starts with it, and runs once.

/** Functions of all kinds, each declared twice without white space, after what ends in an inserted text. */
const doubled = (before: string): string => `${before}function d(a){return 1}function d(b){return 2}`;
const withoutSpace = [
  `function f(){log();${doubled('')}return d()}log(f());`,
  `function f(){${doubled('')}function d(c){return 3}return d()}log(f());`,
  `async function f(){${doubled('a:for await(const x of [1]){log(x)}')}return d()}f().then(log);`,
  `class A{constructor(){${doubled('log();')}this.d=d()}}log(new A().d);`,
  `class B extends Array{constructor(){super();${doubled('')}this.d=d()}}log(new B().d);`,
  `const f=()=>{${doubled('log();')}return d()};log(f());`,
  `function*g(){${doubled('yield;')}return d()}log([...g()]);`,
  `function f(a){${doubled('if(a)return;else{}')}log(d())}f(0);f(1);`,
  `function f(){${doubled('try{log(1)}finally{log(2)}')}return d()}log(f());`,
  `function f(){${doubled('do;while(0)')}return d()}log(f());`,
  `function f(){${doubled('{log(1)}')}}f();`,
  `async function f(){${doubled('await 1;')}for await(const x of[1])b:for await(const y of[2])log(x,y)}f();`,
  `function f(){var d=1;${doubled('')}return typeof d}log(f());`,
  `async function*g(){${doubled('if(0)return;')}yield await 1;return}(async()=>{for await(const x of g())log(x)})();`,
];

const deep: Record<string, string> = {
  'chain.cjs': `const a={b(f){f();return a}};a${'.b(()=>1)'.repeat(800)};log('chain');`,
  'elseif.cjs': `function f(a){if(a===0)return 0;${Array.from({ length: 1500 }, (_, i) => `else if(a===${i + 1})return ${i + 1};`).join('')}}log(f(1400));`,
  'if.cjs': `function f(a){${'if(a){'.repeat(800)}log('deep')${'}'.repeat(800)}}f(1);`,
  'callbacks.cjs': `let n=0;const f=(g)=>g();${'f(function(){n++;'.repeat(300)}log(n)${'})'.repeat(300)};`,
};

/** Too much for the rewritten text, or for the parser: as without handit. */
const tooDeep: Record<string, string> = {
  'arrows.cjs': `let f=${'a=>'.repeat(600)}1;for(let i=0;i<600;i++)f=f(i);log(f);`,
  'arrows.mjs': `let f=${'a=>'.repeat(600)}1;for(let i=0;i<600;i++)f=f(i);console.log(f);`,
  'caught.cjs': `try{require('./nested.js')}catch(error){log(error.name)}function f(){return 1}log(f());`,
};
const nested = `module.exports=${'function(){return '.repeat(3000)}1${'}'.repeat(3000)}`;

/** V8 finds the error on a line that was edited. */
const errors: Record<string, string> = {
  'regexp.cjs': `const a = 1;\nconst f = () => /(?<a>.)(?<a>.)(/;\nlog(f());`,
  'regexp.mjs': `const a = 1;\nconst f = () => /[b-a]/;\nconsole.log(f());`,
  'decorator.cjs': `const f = () => 1; @f class A { m() { return f() } }`,
  'module.cjs': `const f = () => 1; import 'node:fs'; f();`,
};

const log = 'const log = console.log;';
const spaced = Object.fromEntries(withoutSpace.map((text, i) => [`space-${i}.cjs`, text]));
const required = Object.entries({ ...spaced, ...deep, ...tooDeep }).filter(([name]) => name.endsWith('.cjs'));
const files: Record<string, string> = {
  'all.mjs': `
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const name of ${JSON.stringify(required.map(([name]) => name))}) {
      console.log(name);
      try { require('./' + name) } catch (error) { console.log(error.message) }
    }
    await import('./arrows.mjs');`,
  ...Object.fromEntries(required.map(([name, text]) => [name, log + text])),
  'arrows.mjs': tooDeep['arrows.mjs'],
  'nested.js': nested,
  ...Object.fromEntries(
    Object.entries(errors).map(([name, text]) => [name, name.endsWith('.cjs') ? log + text : text]),
  ),
};

describe.each(nodes())('on Node $version', ({ path }) => {
  const { bare, traced } = programs(files);
  const skipped = (records: TraceRecord[]): string[] =>
    records.flatMap((each) => (each.type === 'skipped' ? [each.file] : [])).sort();

  test('prints the same, and records what is not refused', async () => {
    const expected = withoutPid(await bare(path, ['all.mjs']));
    // Twice: the verdict is kept beside the rewritten text.
    for (const cache of ['cold', 'warm']) {
      const { records, ...run } = await traced(path, ['all.mjs']);
      expect({ cache, ...withoutPid(run) }).toEqual({ cache, ...expected });
      expect(skipped(records)).toEqual(
        [...Object.keys(tooDeep), 'nested.js'].filter((name) => name !== 'caught.cjs').sort(),
      );
      const called = new Set(records.flatMap((each) => (each.type === 'call' ? [each.file] : [])));
      expect(required.map(([name]) => name).filter((name) => !called.has(name))).toEqual(['arrows.cjs']);
    }
  });

  test.each(Object.keys(errors))('shows the syntax error of %s', async (name) => {
    // Before `registerHooks` there is a frame of ours in the stack below the message.
    const told = ({ stderr }: RunResult): string => withoutPid({ stderr } as RunResult).stderr.split('\n    at ')[0];
    const expected = await bare(path, [name]);
    expect(told(expected)).toContain('SyntaxError');
    const { records, ...run } = await traced(path, [name]);
    expect({ told: told(run), code: run.code }).toEqual({ told: told(expected), code: expected.code });
    expect(skipped(records)).toEqual([name]);
  });
});

test('nesting that would end the process in the parser is refused, on a thread too', async () => {
  const texts = [
    ...['f(function(){', '(class{m(){', 'x={a:', '[', '(', 'if(a){', '`${'].map((open) => open.repeat(20_000)),
    ...['else if(a);', 'a?b:', 'a=>', 'a=', '.b(()=>1)', '+a', '!', 'new ', 'a**'].map(
      (part) => `if(a);${part.startsWith('.') || part === '+a' ? 'a' : ''}${part.repeat(40_000)}`,
    ),
  ];
  const { folder } = programs({
    'thread.cjs': `
      const { Worker, isMainThread, workerData } = require('node:worker_threads');
      if (isMainThread) new Worker(__filename, { workerData: process.argv.slice(2) });
      else {
        const { instrument } = require(workerData[0]);
        for (const text of JSON.parse(require('node:fs').readFileSync(workerData[1], 'utf8'))) {
          try { instrument(text, 'a.js', { kind: 'commonjs', runtimeUrl: '' }); console.log('read') }
          catch (error) { console.log(error.message) }
        }
      }`,
    'texts.json': JSON.stringify(texts),
  });
  const thread = ['thread.cjs', `${repository}/dist/transform.cjs`, 'texts.json'];
  const { code, signal, stdout } = await runNode(process.execPath, thread, { cwd: folder });
  const answers = stdout.trimEnd().split('\n');
  expect({ code, signal, answers }).toEqual({
    code: 0,
    signal: null,
    answers: texts.map(() => 'it is nested too deeply'),
  });
});
