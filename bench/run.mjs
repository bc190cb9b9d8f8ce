// Measures what recording costs, beside bare node and beside what else there is. Writes the results as JSON and fills the
// tables of the report. Nothing here passes or fails.
//   --rounds 5          each tool's turns
//   --only calls,http   only these rows; the others keep what was measured before
//   --node 20,22,24,26  majors. 24, or else the last one, is measured in full; the others in the rows that differ by version,
//                       without other tools, in three rounds
//   --quick             everything once and small, on the running Node: tells whether the benchmark works, and writes only where told
//   --render            measures nothing, makes the report of the results again
//   --results FILE      bench/results.json
//   --reports FOLDER    where README.md, docs/performance.md and bench/README.md are written, if not here
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureNodes, majors, nodes } from '../scripts/node-versions.mjs';
import { createBench } from './lib/bench.mjs';
import { handitVersion, machine } from './lib/machine.mjs';
import { allTables, fillIn, formatted } from './lib/report.mjs';
import { register } from './lib/tools.mjs';
import { rows } from './rows/index.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = ['README.md', 'docs/performance.md', 'bench/README.md'];
const FULL = 24;

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  const before =
    options.results && existsSync(options.results) ? JSON.parse(readFileSync(options.results, 'utf8')) : null;
  const results = before ?? { version: 1, nodes: {} };
  if (options.render) await save(results, options);
  else {
    if (!existsSync(register.require)) throw new Error(`${register.require} is missing: run "npm run build" first`);
    // After each row, so that a run that is ended early has what it measured.
    for (const node of options.nodes) await measure(node, results, options, () => save(results, options));
  }
  if (!options.reports) for (const tables of Object.values(allTables(results))) console.log(`${tables}\n`);
}

async function measure({ major, version, path }, results, { rounds, only, quick, full }, save) {
  const started = Date.now();
  const measuredInFull = major === full;
  const chosen = rows.filter(({ name, onEveryNode }) => (only ? only.includes(name) : onEveryNode || measuredInFull));
  const entry = { node: version, machine: machine(), rows: results.nodes[major]?.rows ?? {} };
  results.nodes[major] = entry;
  const turns = measuredInFull ? rounds : Math.min(rounds, 3);
  const bench = await createBench({ node: path, rounds: turns, quick, full: measuredInFull, progress });
  try {
    for (const row of chosen) {
      const measured = rounded(await row.measure(bench));
      entry.rows[row.name] = { measured: today(), handit: handitVersion(), rounds: turns, results: measured };
      await save();
      progress('');
      console.error(`Node ${version}, ${row.name}: ${Math.round((Date.now() - started) / 1000)} s since the start`);
    }
  } finally {
    bench.close();
  }
}

/** What the last digits say is noise. */
function rounded(results) {
  return JSON.parse(
    JSON.stringify(results, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value)),
  );
}

async function save(results, { results: file, reports: folder, render }) {
  if (file && !render) writeFileSync(file, await formatted(JSON.stringify(results), 'json'));
  if (!folder) return;
  const texts = await fillIn(
    reports.map((report) => readFileSync(join(root, report), 'utf8')),
    results,
  );
  for (const [i, report] of reports.entries()) {
    mkdirSync(dirname(join(folder, report)), { recursive: true });
    writeFileSync(join(folder, report), texts[i]);
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      node: { type: 'string', default: majors.join(',') },
      quick: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      results: { type: 'string' },
      reports: { type: 'string' },
    },
  });
  const { quick, render } = values;
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !rows.some((row) => row.name === name));
  if (unknown) throw new Error(`--only ${unknown} is none of ${rows.map(({ name }) => name).join(', ')}`);
  const rounds = quick ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds} is not a number of at least 1`);
  const file = (given, usual) => (given ? resolve(given) : quick ? undefined : usual);
  const chosen = quick || render ? [] : wantedNodes(values.node.split(',').map(Number));
  const running = {
    major: Number(process.versions.node.split('.')[0]),
    version: process.versions.node,
    path: process.execPath,
  };
  return {
    ...{ rounds, only, quick, render },
    nodes: quick ? [running] : chosen,
    full: quick ? running.major : chosen.some(({ major }) => major === FULL) ? FULL : chosen.at(-1)?.major,
    results: file(values.results, join(root, 'bench/results.json')),
    reports: file(values.reports, root),
  };
}

function wantedNodes(wanted) {
  ensureNodes();
  const newest = nodes().filter(({ label, major }) => label === String(major));
  const found = newest.filter(({ major }) => wanted.includes(major));
  const missing = wanted.find((major) => !found.some((each) => each.major === major));
  if (missing !== undefined)
    throw new Error(`--node ${missing}: there is none; there are ${newest.map(({ major }) => major).join(', ')}`);
  // The one that is measured in full comes first: whoever ends the run early has the most.
  return found.sort((a, b) => Number(b.major === FULL) - Number(a.major === FULL) || a.major - b.major);
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
