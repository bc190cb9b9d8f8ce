// The types of what can be imported, as one file: the declarations that src/index.ts exports, and those they need.
// For `import` and for `require`: TypeScript tells the two apart by the nearest package.json.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** @returns {Record<string, string>} path below dist/ -> text */
export function declarationFiles(root) {
  const text = bundleDeclarations(emitDeclarations(root, 'src/index.ts'), join(root, 'src/index.d.ts'));
  // The compiler indents by four.
  const index = text.replace(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2));
  // Exports nothing: it is imported for what it does.
  const register = 'export {};\n';
  return {
    // The same types: one text is enough.
    'esm/index.d.ts': "export * from '../cjs/index.js';\n",
    'esm/register.d.ts': register,
    'cjs/index.d.ts': index,
    'cjs/register.d.ts': register,
    'cjs/package.json': '{ "type": "commonjs" }\n',
  };
}

/** @returns {Map<string, string>} what the compiler writes for a file and for those it imports */
function emitDeclarations(root, entry) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const emitting = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: root, types: ['node'] };
  const program = ts.createProgram([join(root, entry)], { ...options, ...emitting });
  const files = new Map();
  const { diagnostics } = program.emit(undefined, (file, text) => files.set(join(file), text));
  if (diagnostics.length === 0) return files;
  const host = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
  throw new Error(`the declarations could not be written\n${ts.formatDiagnostics(diagnostics, host)}`);
}

export function bundleDeclarations(files, entry) {
  const modules = new Map([...files].map(([file, text]) => [file, readModule(file, text)]));
  const exported = exportsOf(modules, entry);
  // Name -> where it is declared, in the order of the output.
  const needed = new Map();
  const need = ({ module, name }) => {
    const other = needed.get(name);
    if (other === module) return;
    if (other) throw new Error(`${name} is declared in ${other.file} and in ${module.file}`);
    needed.set(name, module);
    for (const { references } of module.declared.get(name))
      for (const found of references.map((reference) => find(modules, module, reference))) if (found) need(found);
  };
  exported.forEach(need);
  const isExported = (name, module) => exported.some((one) => one.name === name && one.module === module);
  const lines = [...needed].flatMap(([name, module]) =>
    module.declared.get(name).map(({ text }) => (isExported(name, module) ? text : text.replace(/^export /m, ''))),
  );
  // `Symbol.dispose` is in no `lib` of a target up to ES2025. Without an export of nothing, TypeScript takes every
  // declaration of the file as exported.
  return ['/// <reference lib="esnext.disposable" />', ...lines, 'export {};\n'].join('\n');
}

function readModule(file, text) {
  const module = { file, declared: new Map(), imported: new Map(), reexported: new Map(), stars: [], exported: [] };
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const fileOf = ({ text }) => (text.startsWith('.') ? join(dirname(file), text.replace(/js$/, 'd.ts')) : undefined);
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) readImport(module, statement, fileOf(statement.moduleSpecifier));
    else if (ts.isExportDeclaration(statement))
      readExport(module, statement, statement.moduleSpecifier && fileOf(statement.moduleSpecifier));
    else readDeclaration(module, statement);
  }
  return module;
}

function readImport({ imported }, { importClause }, file) {
  const bindings = importClause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return;
  for (const { name, propertyName } of bindings.elements)
    imported.set(name.text, { file, name: (propertyName ?? name).text });
}

function readExport(module, { exportClause }, file) {
  if (!exportClause) module.stars.push(file);
  for (const { name, propertyName } of exportClause?.elements ?? []) {
    if (propertyName) throw new Error(`${module.file} exports ${propertyName.text} by another name`);
    if (file) module.reexported.set(name.text, { file, name: name.text });
    module.exported.push(name.text);
  }
}

function readDeclaration({ declared, exported }, statement) {
  const names = ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name.text)
    : [statement.name?.text].filter((name) => name !== undefined);
  const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  for (const name of names) {
    const overload = { text: statement.getFullText().trim(), references: identifiersIn(statement) };
    declared.set(name, [...(declared.get(name) ?? []), overload]);
    if (isExported && !exported.includes(name)) exported.push(name);
  }
}

function identifiersIn(node) {
  const names = new Set();
  const visit = (child) => {
    if (ts.isIdentifier(child)) names.add(child.text);
    ts.forEachChild(child, visit);
  };
  visit(node);
  return [...names];
}

/** Where each export of a file is declared, its own first. */
function exportsOf(modules, file) {
  const module = modules.get(file);
  const own = module.exported.map((name) => {
    const found = find(modules, module, name);
    if (!found) throw new Error(`${file} exports ${name}, which is not declared in this package`);
    return found;
  });
  return [...own, ...module.stars.flatMap((star) => exportsOf(modules, star))];
}

/** Where a name that is used in a file is declared; undefined for what is global or from another package. */
function find(modules, module, name) {
  if (module.declared.has(name)) return { module, name };
  const from = module.imported.get(name) ?? module.reexported.get(name);
  return from?.file && find(modules, modules.get(from.file), from.name);
}
