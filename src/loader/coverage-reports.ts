import * as fs from 'node:fs';

const { Dir } = fs;
type Dir = fs.Dir;

/**
 * Where Node's test runner reports coverage of its own process, it reads the files as soon as they are written. It lists
 * their folder first.
 *
 * @param translate turns the files of that folder into what they would be without handit
 */
export function watchCoverageReports(translate: (folder: string) => void): () => void {
  if (![...process.execArgv, process.env.NODE_OPTIONS].some((text) => text?.includes('--experimental-test-coverage')))
    return () => undefined;
  const prototype = Dir.prototype as { readSync: (this: Dir) => unknown };
  const { readSync } = prototype;
  const seen = new WeakSet<Dir>();
  const replacement = {
    readSync(this: Dir): unknown {
      if (!seen.has(this)) {
        seen.add(this);
        if (this.path === process.env.NODE_V8_COVERAGE) translate(this.path);
      }
      return Reflect.apply(readSync, this, []);
    },
  };
  prototype.readSync = replacement.readSync;
  return () => void (prototype.readSync = readSync);
}
