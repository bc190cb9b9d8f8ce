// Looking into what a row has measured, and showing it.
import { figure, over, ratio, spread } from './stats.mjs';
import { tools } from './tools.mjs';

/** @returns {import('./bench.mjs').Result | undefined} */
export function find(results, title, tool, label) {
  return results.find((each) => each.case === title && each.tool === tool && each.label === label);
}

/** The titles of the cases, in the order of measuring. */
export function cases(results) {
  return [...new Set(results.map((each) => each.case))];
}

/** Tools and their labels, in the order of measuring: `[{ tool, label }]`. */
export function variants(results) {
  const seen = new Map();
  for (const { tool, label } of results) seen.set(`${tool} ${label ?? ''}`, { tool, label });
  return [...seen.values()];
}

export function nameOf({ tool, label }) {
  return label ? `${tools[tool].title}, ${label}` : tools[tool].title;
}

/** A measured value, or why there is none. `of`: from one result and that of bare node to the numbers to show. */
export function cell(result, of, unit) {
  if (!result) return '';
  if (result.problem) return `${result.problem}`;
  const numbers = of(result.values);
  return numbers?.length ? spread(numbers, unit) : '';
}

/** The value over that of bare node in the same case. */
export function overBare(results, result, name) {
  const bare = find(results, result?.case, 'bare');
  return result && !result.problem && bare && !bare.problem ? over(result.values[name], bare.values[name]) : undefined;
}

export function timesBare(results, result, name) {
  const bare = find(results, result?.case, 'bare');
  return result && !result.problem && bare && !bare.problem ? ratio(result.values[name], bare.values[name]) : undefined;
}

/** `94 %` of what happened where a tool has recorded less than all of it, else nothing. */
export function shareRecorded({ recorded, values }) {
  const calls = values.calls?.at(-1);
  if (!calls || recorded === undefined || recorded >= calls * 0.99) return '';
  return ` (${figure((100 * recorded) / calls)} % recorded)`;
}

/** Figures are at the right, and before them `texts` columns at the left. */
export function table(head, rows, texts = 1) {
  const rule = head.map((_, i) => (i < texts ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
