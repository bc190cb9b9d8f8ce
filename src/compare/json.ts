import type { Cause, Comparison, UnitResult } from './compare.js';
import type { NoiseRule } from './noise.js';
import type { Suspect } from './suspects.js';

/** The result for programs: a value for each unit, one for each cause, and a summary. */
export function* comparisonJson(comparison: Comparison): Generator<object> {
  for (const result of comparison.units) yield unitJson(result);
  for (const cause of comparison.causes) yield causeJson(cause);
  const { compared, failed, units, causes, withoutBase, redacted, capped, noise } = comparison;
  yield {
    ...{ type: 'summary', compared, failed, different: units.length, causes: causes.length },
    ...{ not_in_base: withoutBase, redacted, capped, noise: noise.map(ruleText) },
  };
}

export function unitJson({ unit, suspects, differing }: UnitResult): object {
  const { kind, name, base, new: outcome } = unit;
  return {
    type: 'unit',
    [kind]: name,
    ...{ base: base ?? null, new: outcome ?? null, differing, suspects: suspects.map(suspectJson) },
  };
}

function suspectJson({ func, file, line, column, reason, ...rest }: Suspect): object {
  const { base, new: next, differences, calls, source, sure, found, follows } = rest;
  return { func, file, line, column, reason, base, new: next, differences, calls, source, sure, found, follows };
}

export function causeJson({ suspect, units, follows, values }: Cause): object {
  const { func, file, line, column, reason, source, differences, found } = suspect;
  return {
    ...{ type: 'cause', func, file, line, column, reason, source, differences, found },
    ...{ units: units.length, first: units[0], follows, values },
  };
}

export function ruleText({ func, path }: NoiseRule): string {
  return `${func} ${path}`;
}
