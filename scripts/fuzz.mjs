// Runs generated programs as they are and recorded, until a difference or the end of the time.
//   --minutes 10   how long
//   --seed 1       the first program; a difference tells the seed of its batch
//   --batch 200    programs a process
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** A program that ends and prints the same each time. Every other one has no blank that it can do without. */
export function generateProgram(seed) {
  const random = randomFrom(seed);
  const text = new Program(random).text();
  return seed % 2 === 0 ? tight(text) : loose(text, random);
}

/** A module that runs such programs in turn, and prints what each of them prints. */
export function batchOf(first, count) {
  const files = {};
  for (let seed = first; seed < first + count; seed++) files[`p${seed}.cjs`] = generateProgram(seed);
  const names = Object.keys(files);
  files['all.cjs'] = `(async () => { for (const name of ${JSON.stringify(names)}) {
    console.log('==', name);
    try { await require('./' + name) } catch (error) { console.log('ends with', error && error.name, error && error.message) }
    await new Promise(setImmediate);
  } })();`;
  return { files, names };
}

function randomFrom(seed) {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const NAMES = ['a', 'b', 'c', 'd'];

/** Words and signs with a blank between them; a statement ends in `;` or `}`. */
class Program {
  /** Statements that may still be made. */
  left = 60;
  labels = 0;

  constructor(random) {
    this.random = random;
  }

  text() {
    const kinds = [...Array(4)].map((_, i) => this.fn({ name: `f${i}` }));
    const calls = kinds.map(({ kind }, i) => `await use ( f${i} ( 1 , { x : 2 , y : [ 3 , 4 ] } ) , "${kind}" ) ;`);
    return `${SUPPORT} ${kinds.map(({ text }) => text).join(' ')} module.exports = ( async ( ) => { ${calls.join(' ')} } ) ( ) ;`;
  }

  pick(list) {
    return list[this.random(list.length)];
  }

  fn({ name = '', scope = {} }) {
    const kind = this.pick(['function', 'function', 'async function', 'function *', 'async function *']);
    const inside = {
      async: kind.startsWith('async'),
      generator: kind.endsWith('*'),
      depth: (scope.depth ?? 0) + 1,
      loop: false,
      label: '',
    };
    const parameters = this.pick(['a , b', 'a , { x , y : [ c , ...d ] } = { x : 1 , y : [ ] }', '...a', 'a = 1 , b']);
    return { kind, text: `${kind} ${name} ( ${parameters} ) { ${this.body(inside)} }` };
  }

  body(scope) {
    const strict = this.random(12) === 0 && scope.depth > 5 ? '"use strict" ; ' : '';
    return strict + this.list(scope, 2 + this.random(4));
  }

  list(scope, count) {
    const statements = [];
    for (let i = 0; i < count && this.left > 0; i++) statements.push(this.statement(scope));
    return statements.join(' ');
  }

  block(scope) {
    return `{ ${this.list({ ...scope, nested: true }, 1 + this.random(2))} }`;
  }

  statement(scope) {
    this.left--;
    const make = STATEMENTS[this.random(STATEMENTS.length)];
    return make.call(this, scope) ?? `log ( ${this.value(scope)} ) ;`;
  }

  value(scope, depth = 0) {
    if (depth > 3) return this.pick(['1', '"s"', 'this === undefined', 'typeof a']);
    return this.pick(VALUES).call(this, scope, depth + 1) ?? '2';
  }
}

const VALUES = [
  () => '1',
  () => '"text"',
  function () {
    return `typeof ${this.pick(NAMES)}`;
  },
  function (scope, depth) {
    return `( ${this.value(scope, depth)} , ${this.value(scope, depth)} )`;
  },
  function (scope, depth) {
    return `[ ${this.value(scope, depth)} , ...[ ${this.value(scope, depth)} ] ] . length`;
  },
  function (scope, depth) {
    return `( ( a ) => ( ${this.value({ ...scope, async: false, generator: false }, depth)} ) ) ( 1 )`;
  },
  function (scope) {
    if (scope.depth > 3 || this.left < 1) return undefined;
    return `( function ( ) { ${this.body({ depth: scope.depth + 1 })} } ) ( )`;
  },
  function (scope, depth) {
    return scope.async ? `( await ${this.value(scope, depth)} )` : undefined;
  },
  function (scope, depth) {
    return scope.generator
      ? this.pick([`( yield ${this.value(scope, depth)} )`, '( yield )', '( yield * [ 1 , 2 ] )'])
      : undefined;
  },
  function (scope, depth) {
    return `( ${this.value(scope, depth)} ) ?. x ?. y`;
  },
  function (scope, depth) {
    return `\`t\${ ${this.value(scope, depth)} }\``;
  },
  function (scope, depth) {
    return `( ${this.value(scope, depth)} ? ${this.value(scope, depth)} : ${this.value(scope, depth)} )`;
  },
  function (scope, depth) {
    return `new ( class { #p = ${this.value({ depth: 9 }, depth)} ; get p ( ) { return this . #p } } ) ( ) . p`;
  },
];

const STATEMENTS = [
  () => undefined,
  function (scope) {
    return `if ( ${this.value(scope)} ) ${this.block(scope)} else ${this.block(scope)}`;
  },
  function (scope) {
    return `if ( ${this.value(scope)} ) ${this.statement({ ...scope, nested: true, single: true })}`;
  },
  function (scope) {
    return `for ( const e of [ 1 , 2 ] ) { ${this.list({ ...scope, loop: true, nested: true }, 2)} }`;
  },
  function (scope) {
    return `for ( var b in { k : 1 } ) ${this.block({ ...scope, loop: true })}`;
  },
  function (scope) {
    if (!scope.async) return undefined;
    const label = this.pick(['', `l${this.labels++} : `]);
    return `${label}for await ( const e of [ 1 , Promise . resolve ( 2 ) ] ) ${this.block({ ...scope, loop: true })}`;
  },
  function (scope) {
    const label = `l${this.labels++}`;
    return `${label} : for ( let i = 0 ; i < 2 ; i ++ ) { ${this.list({ ...scope, loop: true, label, nested: true }, 2)} }`;
  },
  function (scope) {
    return `do ${this.block({ ...scope, loop: false, label: '' })} while ( 0 ) ;`;
  },
  function (scope) {
    return scope.loop
      ? this.pick([
          'continue ;',
          'break ;',
          ...(scope.label ? [`continue ${scope.label} ;`, `break ${scope.label} ;`] : []),
        ])
      : undefined;
  },
  function (scope) {
    return `switch ( ${this.value(scope)} ) { case 1 : ${this.list({ ...scope, nested: true, loop: false, cases: true }, 1)} default : log ( "default" ) }`;
  },
  function (scope) {
    return `try ${this.block(scope)} catch ( e ) ${this.block(scope)} finally ${this.block({ ...scope, loop: false })}`;
  },
  function (scope) {
    return `try { throw ${this.value(scope)} } catch ( e ) { log ( e ) ; }`;
  },
  function (scope) {
    return this.random(3) === 0 ? `return ${this.value(scope)} ;` : this.random(3) === 0 ? 'return ;' : undefined;
  },
  function (scope) {
    return scope.single || scope.nested ? undefined : `var ${this.pick(NAMES)} = ${this.value(scope)} ;`;
  },
  function (scope) {
    return `var { x : ${this.pick(NAMES)} } = { x : ${this.value(scope)} } ;`;
  },
  function (scope) {
    if (scope.single || scope.cases || scope.depth > 4) return undefined;
    return this.fn({ name: this.pick(NAMES), scope }).text;
  },
  function (scope) {
    return scope.single
      ? 'function d ( ) { return 1 }'
      : `function d ( ) { return ${this.value({ depth: 9 })} } function d ( b ) { return 2 }`;
  },
  function (scope) {
    if (scope.single || scope.cases) return undefined;
    const name = `C${this.labels++}`;
    return `class ${name} { static s = 1 ; static { log ( this . s ) ; } constructor ( ) { log ( new . target === ${name} ) ; } m ( ) { return ${this.value({ depth: 9 })} } } log ( new ${name} ( ) . m ( ) ) ; class D${name} extends ${name} { constructor ( ) { super ( ) ; ${this.list({ depth: 9 }, 1)} } } log ( new D${name} ( ) . s ) ;`;
  },
  function (scope) {
    return scope.generator ? 'yield ;' : undefined;
  },
  function (scope) {
    return scope.async ? `await ${this.value(scope)} ;` : undefined;
  },
  function (scope) {
    return `log ( ( function ( ) { return arguments . length } ) ( 1 , ${this.value(scope)} ) ) ;`;
  },
];

const SUPPORT = `let logged = 0 ; function log ( value ) { if ( logged ++ < 200 ) console . log ( typeof value === "function" ? String ( value ) . length : value instanceof Error ? String ( value ) : value ) ; }
async function use ( made , kind ) {
try { if ( kind . endsWith ( "*" ) ) { for ( let i = 0 ; i < 5 ; i ++ ) { const step = await made . next ( i ) ; log ( step . value ) ; if ( step . done ) break ; } log ( ( await made . return ( 7 ) ) . value ) ; } else log ( await made ) ; }
catch ( e ) { log ( String ( e ) ) ; } }`;

/** Without the blanks that it can do without. */
function tight(text) {
  return text.split(/\s+/).reduce((before, word) => {
    const apart = /[\w$]$/.test(before) && /^[\w$#]/.test(word);
    const signs = /[+-]$/.test(before) && /^[+-]/.test(word);
    return before + (apart || signs ? ' ' : '') + word;
  }, '');
}

/** With line ends after some statements, in the place of their semicolons too. */
function loose(text, random) {
  return text
    .replace(/ ; (?!i [<+])/g, () => [' ; ', ';\n', '\n', ';'][random(4)])
    .replace(/ \} /g, () => [' } ', '}\n'][random(2)]);
}

function run(folder, args, env) {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [...args, 'all.cjs'], {
    ...{ cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 120_000 },
    env: { ...process.env, ...env },
  });
  // Columns in stacks count the inserted text: docs/limitations.md.
  const errors = stderr.replaceAll(/\(node:\d+\)/g, '(node)').replaceAll(/(\.cjs:\d+):\d+/g, '$1');
  return `${stdout}\n${errors}\n${status} ${signal}`;
}

function main() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, batch: { type: 'string' } },
  });
  const until = Date.now() + Number(values.minutes ?? 10) * 60_000;
  const batch = Number(values.batch ?? 200);
  const register = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/register.cjs');
  let seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  for (; Date.now() < until; seed += batch) {
    const folder = mkdtempSync(join(tmpdir(), 'handit-fuzz-'));
    mkdirSync(join(folder, 'node_modules'));
    const { files } = batchOf(seed, batch);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const bare = run(folder, [], {});
    const output = join(folder, 'trace.jsonl');
    const recorded = run(folder, ['--require', register], { HANDIT_OUTPUT_FILE: output, HANDIT_CACHE_DIR: 'off' });
    const skipped = readFileSync(output, 'utf8').match(/^.*"type":"skipped".*because V8.*$/m);
    if (bare !== recorded || skipped) {
      const [one, other] = [bare.split('\n'), recorded.split('\n')];
      const at = one.findIndex((line, i) => line !== other[i]);
      const name = one.slice(0, at + 1).findLast((line) => line.startsWith('== '));
      console.error(`fuzz: seed ${seed}, ${name}: ${one[at]} became ${other[at]}; ${skipped?.[0] ?? ''}\n${folder}`);
      process.exitCode = 1;
      return;
    }
    rmSync(folder, { recursive: true });
    console.log(`${batch} programs from seed ${seed}: the same`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
