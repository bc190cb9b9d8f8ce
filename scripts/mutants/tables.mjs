// The figures of the benchmark as Markdown.

/** A table with a row for each library and one for each operator. */
export function tables(rows) {
  const head =
    '|  | mutants | broken tests | first | in three | by values: first | in three | first in all its tests |';
  const groups = [...grouped(rows, ({ name }) => name), ...grouped(rows, ({ operator }) => operator), ['all', rows]];
  return [head, '|---|---|---|---|---|---|---|---|', ...groups.map(line)].join('\n');
}

function line([name, rows]) {
  const sum = (of) => rows.reduce((total, row) => total + of(row), 0);
  const share = (part, all) => (all === 0 ? '-' : `${((100 * part) / all).toFixed(1)} %`);
  const broken = sum(({ source }) => source.broken);
  const cells = ['source', 'values'].flatMap((by) => [
    share(
      sum((row) => row[by].first),
      broken,
    ),
    share(
      sum((row) => row[by].inThree),
      broken,
    ),
  ]);
  const whole = rows.filter(({ source }) => source.first === source.broken).length;
  return `| ${[name, rows.length, broken, ...cells, `${whole} of ${rows.length}`].join(' | ')} |`;
}

function grouped(rows, key) {
  const found = new Map();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return [...found];
}
