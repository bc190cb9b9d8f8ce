import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository } from '../helpers/run.js';

/** What the compiler says of one file, by the declarations that the package ships. */
function problemsOf(file: string, extra: ts.CompilerOptions = {}): string[] {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository);
  const program = ts.createProgram([join(repository, file)], {
    ...options,
    noEmit: true,
    ...extra,
  });
  const shipped = program.getSourceFiles().map(({ fileName }) => fileName);
  expect(shipped).toContain(join(repository, 'dist/esm/index.d.ts'));
  return ts
    .getPreEmitDiagnostics(program)
    .filter((problem) => problem.file === undefined || !problem.file.fileName.includes('node_modules'))
    .map((problem) => ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
}

test('every overload has the types that test/types/api-types.ts expects, and refuses what it must', () => {
  expect(problemsOf('test/types/api-types.ts')).toEqual([]);
});

test('the decorator has the types of experimentalDecorators too', () => {
  expect(problemsOf('test/types/legacy-decorators.ts', { experimentalDecorators: true })).toEqual([]);
});
