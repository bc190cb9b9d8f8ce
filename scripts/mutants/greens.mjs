// What differs between runs of the same code: it should be next to nothing, and nothing once a run has told what is noise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { outcomes, record, root } from './suites.mjs';

/** Three runs: in how many tests the first two differ, and in how many by a rule that the third one taught. */
export function measureGreen(name, work, command, traces, through) {
  const runs = [1, 2, 3].map((run) => join(traces, `green-${run}.jsonl`));
  for (const run of runs) record(work, command, [], run, through);
  return { name, ...compareGreen(runs, join(traces, 'noise.json')) };
}

/** Of three traces of the same code. */
export function compareGreen([one, two, three], rules) {
  const none = `${rules}.none.json`;
  diff('--learn', one, one, '-o', none);
  diff('--learn', one, three, '-o', rules);
  const [plain, learned] = [none, rules].map((file) => differing(diff(one, two, '--noise', file, '--all', '--json')));
  // A test that ended in another way is flaky by itself.
  const [before, after] = [one, two].map(outcomes);
  const flaky = [...before].filter(([test, outcome]) => after.get(test) !== outcome).length;
  const tests = [...before.values()].filter((outcome) => outcome === 'passed').length;
  return { tests, plain, learned, flaky };
}

/** Of those that passed: what failed is listed in any case. */
function differing(lines) {
  return lines.filter(({ type, base, new: next }) => type === 'unit' && base === 'passed' && next === 'passed').length;
}

function diff(...args) {
  const run = [join(root, 'dist/cli.cjs'), 'diff', ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, run, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status > 1) throw new Error(`handit diff ${args.join(' ')} ended with ${status}: ${stderr}`);
  if (!args.includes('--json')) return [];
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

export function greenTable(rows) {
  const share = (part, all) => (all === 0 ? '-' : `${part} (${((100 * part) / all).toFixed(1)} %)`);
  const lines = rows.map(({ name, tests, plain, learned, flaky }) => {
    return `| ${[name, tests, share(plain, tests), share(learned, tests), flaky].join(' | ')} |`;
  });
  const head = '|  | tests | differ without rules | with those of a third run | of these ended in another way |';
  return [head, '|---|---|---|---|---|', ...lines].join('\n');
}
