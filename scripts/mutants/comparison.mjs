// Whether `handit diff` names the function that was changed.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './suites.mjs';

/**
 * What was found for the tests that a change broke: in how many of them the changed function comes first, and among the
 * first three; and what came first in its place.
 *
 * @param withSource whether the traces may say of which functions the source text changed
 */
export function judged(green, red, { file, func, broken }, withSource) {
  const { units: found, seconds } = withSource ? compare(green, red) : compareByValues(green, red);
  const isChanged = (suspect) => suspect.file === file && suspect.line === func.line;
  const units = broken.map((test) => found.find((unit) => unit.test === test) ?? { test, suspects: [] });
  const places = units.map(({ suspects }) => suspects.findIndex(isChanged));
  const missed = units
    .map(({ test, suspects }, at) => ({ test, place: places[at], instead: suspects[0] && told(suspects[0]) }))
    .filter(({ place }) => place !== 0);
  return {
    ...{ broken: units.length, first: places.filter((place) => place === 0).length },
    inThree: places.filter((place) => place >= 0 && place < 3).length,
    ...{ seconds, missed },
  };
}

function told({ func, file, line, reason, found }) {
  return `${func} ${file}:${line} ${reason}; ${found}`;
}

function compare(green, red) {
  const before = process.hrtime.bigint();
  const args = [join(root, 'dist/cli.cjs'), 'diff', green, red, '--json'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status > 1) throw new Error(`handit diff ended with ${status}: ${stderr}`);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const units = lines.filter(({ type, new: outcome }) => type === 'unit' && outcome === 'failed');
  return { units, seconds: Number(process.hrtime.bigint() - before) / 1e9 };
}

/** With a trace that does not tell the source texts of functions, as traces of built files without maps. */
function compareByValues(green, red) {
  const bytes = readFileSync(red);
  const start = '{"type":"module"';
  for (let at = bytes.indexOf(start); at !== -1; at = bytes.indexOf(start, at + 1)) {
    const field = bytes.indexOf('"functions":', at);
    if (field !== -1 && field < bytes.indexOf(10, at)) bytes.write('"functionz":', field);
  }
  const copy = `${red}.values`;
  writeFileSync(copy, bytes);
  try {
    return compare(green, copy);
  } finally {
    rmSync(copy);
  }
}
