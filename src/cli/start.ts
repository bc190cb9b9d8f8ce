import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

// The command itself is `main.ts`: a third of the package as text, a seventh when it is packed.
const file = join(__dirname, 'cli.br');
const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
// ASCII, as the minifier makes it.
const code = brotliDecompressSync(readFileSync(file)).toString('latin1');
const run = compileFunction(code, parameters, { filename: file }) as (...all: unknown[]) => void;
run(exports, require, module, __filename, __dirname);
