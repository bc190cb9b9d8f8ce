import * as fs from 'node:fs';
import * as paths from 'node:path';

// Taken when the agent starts: programs put file system mocks in their place.
const { mkdirSync } = fs;
const { dirname } = paths;

/** Nobody else may write to it, whatever the program's umask is. */
const MODE = 0o755;

/**
 * Makes a folder and those above it. Node's own `recursive` option never returns where a folder exists but takes no
 * others, as `/proc`: "no such file" for the inner one and "exists" for the outer one alternate for ever.
 *
 * @param mode of the folder itself
 */
export function makeFolder(path: string, mode = MODE): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path) throw error;
    makeFolder(above);
    makeAgain(path, mode);
  }
}

function makeAgain(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
