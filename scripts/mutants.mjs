// How often `handit diff` names the function that was changed: one function of a library is changed in one place, the
// library's own tests run under handit, and the red run is compared with a green one.
//   node scripts/mutants.mjs                      the libraries of the table, from the registry
//   node scripts/mutants.mjs --checkout <folder>  a checkout with its dependencies installed (again for more)
//   --count 10   mutants a library    --seed 1    --only <name>
//   --files 40: at most this number of test files, chosen at random; of a long suite, a run takes minutes
//   --keep <folder>: the traces are kept    --again <folder>: kept traces are compared again, and no tests are run
//   --green: no changes; three runs of the same code, and what differs between them, with and without rules of noise
//   --through <command>: test runs are started through it, such as "nice -n 10"
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judged } from './mutants/comparison.mjs';
import { greenTable, measureGreen } from './mutants/greens.mjs';
import { mutationsOf, seeded } from './mutants/operators.mjs';
import { checkout, installed, LIBRARIES } from './mutants/libraries.mjs';
import { filesIn, outcomes, record, testCommand, testFilesOf } from './mutants/suites.mjs';
import { tables } from './mutants/tables.mjs';

const { values: options } = parseArgs({
  options: {
    checkout: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    files: { type: 'string', default: 'Infinity' },
    keep: { type: 'string' },
    again: { type: 'string' },
    green: { type: 'boolean', default: false },
    through: { type: 'string' },
  },
});
const through = options.through?.split(' ') ?? [];

if (options.green) console.log(greenTable(projects().map(greenOf)));
else console.log(tables(rows()));

function rows() {
  return options.again ? again(resolve(options.again)) : projects().flatMap((project) => measure(project));
}

function projects() {
  if (options.checkout.length > 0) return options.checkout.map(checkout);
  return LIBRARIES.filter(({ name }) => !options.only || name === options.only).map(installed);
}

function greenOf(project) {
  const { work, traces, command, close } = prepared(project, seeded(Number(options.seed)));
  const row = measureGreen(project.name, work, command, traces, through);
  console.error(`${row.name}: of ${row.tests} tests ${row.plain} differ, ${row.learned} with the rules of a third run`);
  close();
  return row;
}

/** Works in a copy: the folder stays as it is. */
function prepared({ name, folder, tests }, random) {
  const work = mkdtempSync(join(tmpdir(), `handit-mutants-${name}-`));
  const traces = options.keep ? join(resolve(options.keep), name) : `${work}-traces`;
  cpSync(folder, work, { recursive: true, verbatimSymlinks: true });
  rmSync(traces, { recursive: true, force: true });
  mkdirSync(traces, { recursive: true });
  const command = testCommand(work, tests);
  while (command.files.length > Number(options.files)) {
    command.files.splice(Math.floor(random() * command.files.length), 1);
  }
  const close = () => {
    rmSync(work, { recursive: true, force: true });
    if (!options.keep) rmSync(traces, { recursive: true, force: true });
  };
  return { work, traces, command, close };
}

function measure(project) {
  const { name, sources } = project;
  const random = seeded(Number(options.seed));
  const { work, traces, command, close } = prepared(project, random);
  const green = join(traces, 'green.jsonl');
  const usualMs = record(work, command, [], green, through);
  if (!existsSync(green)) throw new Error(`nothing was recorded of the tests of ${name}`);
  const passed = outcomes(green);
  console.error(`${name}: ${[...passed.values()].filter((outcome) => outcome === 'passed').length} tests pass`);
  const candidates = mutationsIn(work, sources);
  const found = [];
  for (let tries = 0; found.length < Number(options.count) && tries < Number(options.count) * 12; tries++) {
    const [mutation] = candidates.splice(Math.floor(random() * candidates.length), 1);
    if (!mutation) break;
    const red = join(traces, `${found.length}.jsonl`);
    const mutant = tryMutation({ name, work, command, green, passed, red, usualMs }, mutation);
    if (!mutant) continue;
    if (options.keep) appendFileSync(join(traces, 'mutants.jsonl'), `${JSON.stringify(mutant)}\n`);
    found.push(compared(mutant, green, red));
    if (!options.keep) rmSync(red);
  }
  close();
  return found;
}

function mutationsIn(work, sources) {
  const isTest = /(^|\/)(tests?|__tests__|node_modules|fixtures)\/|\.(test|spec)\.\w+$|\.d\.[cm]?ts$/;
  return filesIn(work, sources)
    .filter((file) => /\.([cm]?js|[cm]?ts)x?$/.test(file) && !isTest.test(file))
    .flatMap((file) =>
      mutationsOf(file, readFileSync(join(work, file), 'utf8')).map((mutation) => ({ file, ...mutation })),
    );
}

/** Undefined where it breaks no test, or more than half of them. */
function tryMutation({ name, work, command, green, passed, red, usualMs }, { file, operator, start, end, text, func }) {
  const path = join(work, file);
  const source = readFileSync(path, 'utf8');
  const files = testFilesOf(green, file, func);
  if (files.length === 0) return undefined;
  writeFileSync(path, source.slice(0, start) + text + source.slice(end));
  try {
    record(work, command, files, red, through, usualMs);
  } finally {
    writeFileSync(path, source);
  }
  // Undefined also where nothing was recorded, as of a program that cannot start.
  if (!existsSync(red)) return undefined;
  const now = outcomes(red);
  const broken = [...now].filter(([test, outcome]) => outcome === 'failed' && passed.get(test) === 'passed');
  if (broken.length === 0 || broken.length > passed.size / 2) return undefined;
  const change = `${source.slice(start, end)} -> ${text}`.replace(/\s+/g, ' ').slice(0, 160);
  return { name, operator, file, func: { line: func.line }, change, broken: broken.map(([test]) => test) };
}

/** Traces that an earlier call kept. */
function again(folder) {
  return readdirSync(folder)
    .filter((name) => (!options.only || name === options.only) && existsSync(join(folder, name, 'mutants.jsonl')))
    .flatMap((name) => {
      const lines = readFileSync(join(folder, name, 'mutants.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const green = join(folder, name, 'green.jsonl');
      return lines.map((line, at) => compared(JSON.parse(line), green, join(folder, name, `${at}.jsonl`)));
    });
}

function compared(mutant, green, red) {
  const { name, operator, file, func, change } = mutant;
  const [source, values] = [true, false].map((withSource) => judged(green, red, mutant, withSource));
  const row = { ...mutant, source, values };
  console.error(
    `${name} ${basename(red)} ${operator} ${file}:${func.line}: first in ${source.first} of ${source.broken}, by values in ${values.first} (${source.seconds.toFixed(1)} s)`,
  );
  for (const [by, { missed }] of Object.entries({ source, values })) {
    if (missed.length === 0) continue;
    const [{ test, place, instead }] = missed;
    console.error(`  ${change}\n  ${by}: place ${place} in ${test}\n    instead: ${instead ?? 'nothing'}`);
  }
  return row;
}
