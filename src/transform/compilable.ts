import { boundNames } from './analyse.js';
import { applyEdits } from './edits.js';
import type { Compilable, Edit, Node } from './types.js';

/** The body of a strict async function, which is what tools make of a module. */
export function bodyAsScript(code: string): Compilable {
  return { as: 'script', text: `(async function(){"use strict";${code}\n})` };
}

/**
 * A module as a script: nothing but a module may have `import` and `export`, and no way to compile one is open to a
 * program that was not started with `--experimental-vm-modules`.
 *
 * @param edits those that made the module, in their order, without the import of the probe functions
 * @param metas the `import.meta` in it
 */
export function moduleAsScript(
  source: string,
  program: Node,
  edits: readonly Edit[],
  metas: readonly Node[],
  prefix: string,
): Compilable {
  const masks: Edit[] = metas.map(({ start, end }) => ({ at: start, remove: end - start, insert: `${prefix}m` }));
  if (program.hashbang) masks.push({ at: program.hashbang.start, remove: 2, insert: '//' });
  for (const statement of program.body as Node[]) mask(statement, prefix, masks);
  // What closes before a statement comes before the mask, what opens in it after.
  const all = [...edits, ...masks].sort((a, b) => a.at - b.at);
  return bodyAsScript(applyEdits(source, all));
}

function mask(statement: Node, prefix: string, into: Edit[]): void {
  const { type, start, end, declaration, specifiers } = statement;
  const replace = (until: number, insert: string): void => {
    into.push({ at: start, remove: until - start, insert });
  };
  switch (type) {
    case 'ImportDeclaration': {
      const names = (specifiers as Node[]).flatMap(({ local }) => boundNames(local));
      return replace(end, names.length > 0 ? `let ${names.join(',')};` : ';');
    }
    case 'ExportAllDeclaration':
      return replace(end, ';');
    case 'ExportNamedDeclaration':
      return declaration ? replace(declarationStart(declaration), '') : replace(end, ';');
    case 'ExportDefaultDeclaration':
      if (declaration.id) return replace(declarationStart(declaration), '');
      replace(declarationStart(declaration), `${prefix}m=`);
      if (!declaration.type.endsWith('Expression')) into.push({ at: end, remove: 0, insert: ';' });
  }
}

/** Decorators may come first. */
function declarationStart({ start, decorators }: Node): number {
  return Math.min(start, decorators?.[0]?.start ?? start);
}
