import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Puts an `npm` into the folder that prints a line and ends.
 *
 * @param line may have `%1` for the first argument
 * @returns the PATH on which it comes first
 */
export function npmStub(folder: string, line: string, status: number, stream: 'stdout' | 'stderr' = 'stdout'): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const to = stream === 'stderr' ? ' >&2' : '';
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "${line.replace('%1', '$1')}"${to}\nexit ${status}\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  writeFileSync(join(bin, 'npm.cmd'), `@echo ${line}${to}\r\n@exit /b ${status}\r\n`);
  return [bin, process.env.PATH].join(delimiter);
}
