import type { FunctionFacts } from './analyse.js';
import type { Description } from './describe.js';
import type { LineTable } from './lines.js';
import { simpleName } from './names.js';
import type { Origin } from './origins.js';
import { passedValues, type Argument } from './parameters.js';
import type { FunctionInfo, InstrumentOptions, Node } from './types.js';

export interface FunctionParts {
  node: Node;
  facts: FunctionFacts;
  /** As it is in the text. */
  own: Description;
  origin: Origin | undefined;
}

/** The function as the trace shows it, and the values that its calls show. */
export function functionInfo(
  { node, facts, own, origin }: FunctionParts,
  lines: LineTable,
  isSecret: InstrumentOptions['redactParameter'],
): { info: FunctionInfo; values: Argument[] } {
  const { member, ...place } = origin?.original.description ?? own;
  const secretName = isSecret?.(simpleName(place.name)) === true;
  const secretSetter = member?.kind === 'set' && secretName;
  const values = passedValues(node, facts, origin, isSecret).map((each) =>
    secretSetter ? { ...each, value: null } : each,
  );
  const begin = origin?.outer ?? node;
  const info: FunctionInfo = {
    ...place,
    params: values.map((each) => each.name),
    ...(origin && {
      path: origin.path,
      generated: { line: lines.lineOf(begin.start), column: lines.columnOf(begin.start) },
    }),
    ...(secretName && place.kind !== 'constructor' && place.kind !== 'setter' && { secret: true as const }),
  };
  return { info, values };
}
