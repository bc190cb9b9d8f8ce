import type { ParserOptions } from 'oxc-parser';
import { parseSync } from 'oxc-parser/src-js/bindings.js';
import visitorKeys from 'oxc-parser/src-js/generated/visit/keys.js';
import { isNestedTooDeeply } from './nesting.js';
import type { Node } from './types.js';

export { visitorKeys };

/** A source that was read. */
export interface Parsed {
  /** Made when it is asked for, which takes twice as long as to parse. */
  readonly program: Node;
  /** What the parser says against it; undefined: nothing. */
  readonly error: string | undefined;
  /** Whether it has `import`, `export` or `import.meta`. */
  readonly hasModuleSyntax: boolean;
}

/** The way from the root to a node whose value JSON cannot hold. */
type Path = (string | number)[];

/**
 * Calls the native part of `oxc-parser` directly: its own function makes objects of all comments and regular expressions
 * as well, which takes a fifth of the time, and loads a walker of which nothing is used here.
 */
export function parseSource(filename: string, source: string, options: ParserOptions): Parsed {
  if (isNestedTooDeeply(source)) {
    const program = { type: 'Program', start: 0, end: source.length, body: [] };
    return { program, error: 'it is nested too deeply', hasModuleSyntax: false };
  }
  const result = parseSync(filename, source, options);
  let program: Node | undefined;
  return {
    get program() {
      return (program ??= treeOf(result.program));
    },
    error: result.errors.find(({ severity }) => severity === 'Error')?.message,
    get hasModuleSyntax() {
      return result.module.hasModuleSyntax;
    },
  };
}

function treeOf(json: string): Node {
  const { node: program, fixes } = JSON.parse(json) as { node: Node; fixes: Path[] };
  for (const path of fixes) {
    let node = program;
    for (const key of path) node = node[key] as Node;
    // Of a regular expression nobody wants the value. That of `1n` may be a name.
    if (node.bigint != null) node.value = node.bigint;
  }
  return program;
}
