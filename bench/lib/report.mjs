// The tables of the report, made of the results and of nothing else.
import { format, resolveConfig } from 'prettier';
import { rows } from '../rows/index.mjs';
import { table } from './results.mjs';
import { median, spread } from './stats.mjs';
import { comparison, resultsTable } from './summary.mjs';
import { tools } from './tools.mjs';

/**
 * Puts the tables between their markers, `<!-- bench: calls -->` and `<!-- /bench: calls -->`; all other text stays.
 *
 * @param {string[]} texts of the reports so far, which together have every table
 * @param {object} results as in results.json
 */
export async function fillIn(texts, results) {
  let filled = texts;
  for (const [name, tables] of Object.entries(allTables(results))) {
    const marked = new RegExp(`(<!-- bench: ${name} -->)[^]*?(<!-- /bench: ${name} -->)`);
    if (!filled.some((text) => marked.test(text)))
      throw new Error(`no report has the markers <!-- bench: ${name} --> and <!-- /bench: ${name} -->`);
    filled = filled.map((text) => text.replace(marked, (_, start, end) => `${start}\n\n${tables}\n\n${end}`));
  }
  return Promise.all(filled.map((text) => formatted(text, 'markdown')));
}

/** As the project's files are, wherever this one is written. */
export async function formatted(text, parser) {
  return format(text, { ...(await resolveConfig(import.meta.filename)), parser });
}

/** One string for each marker; for the docs and for the terminal. */
export function allTables(results) {
  const measured = Object.values(results.nodes);
  return {
    comparison: comparison(measured),
    results: resultsTable(measured),
    budgets: budgets(measured),
    machine: conditions(measured),
    ...Object.fromEntries(rows.map((row) => [row.name, tablesOf(row, measured)])),
  };
}

function tablesOf(row, measured) {
  const here = measured.filter((each) => each.rows[row.name]);
  if (here.length === 0) return '_Not measured yet._';
  const tables = here.map(
    ({
      node,
      rows: {
        [row.name]: { rounds, results },
      },
    }) => {
      const title = `**Node ${node}**, ${rounds === 1 ? 'one round' : `${rounds} rounds`}`;
      return `${title}\n\n${row.render(results)}`;
    },
  );
  return tables.join('\n\n');
}

function budgets(measured) {
  if (measured.length === 0) return '_Not measured yet._';
  const lines = rows.flatMap((row) =>
    row.budgets.map(({ title, most, least, mostOn = {}, unit, of }) => {
      const cells = measured.map(({ node, rows: { [row.name]: found } }) => {
        const numbers = found && of(found.results);
        if (!numbers?.length) return '';
        const here = mostOn[node.split('.')[0]] ?? most;
        const met = here === undefined ? median(numbers) >= least : median(numbers) <= here;
        return met ? spread(numbers, unit) : `**${spread(numbers, unit)}**`;
      });
      const others = Object.entries(mostOn).map(([major, on]) => `, Node ${major}: ${on}`);
      const usual = most === undefined ? `at least ${least} ${unit}` : `${most} ${unit}`;
      return [title, usual + others.join(''), ...cells];
    }),
  );
  return table(['', 'budget', ...measured.map(({ node }) => `Node ${node}`)], lines);
}

function conditions(measured) {
  if (measured.length === 0) return '_Not measured yet._';
  const lines = measured.map(({ node, machine: { processor, cores, memory, system } }) => [
    ...[`Node ${node}`, processor, String(cores), memory, system],
  ]);
  const others = Object.values(tools)
    .filter(({ records }) => records)
    .map(({ title, packages, records }) => [title, versionsOf(packages), records]);
  return [
    table(['', 'processor', 'cores', 'memory', 'system'], lines, Infinity),
    table(['compared', 'version', 'records'], others, Infinity),
  ].join('\n\n');
}

function versionsOf(packages = {}) {
  return Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
