import { createRequire } from 'node:module';
import { join } from 'node:path';

const loaded = new Map<string, unknown>();

/**
 * Loads a file of this package without a trace of it in `require.cache`, which programs walk through and empty.
 *
 * @param folder of the built files
 */
export function requireOwn(folder: string, name: string): unknown {
  const file = join(folder, name);
  if (!loaded.has(file)) {
    // From a package, Node 22.12 does not warn of an ES module that is required.
    const require = createRequire(join(folder, 'node_modules', 'register.cjs'));
    const before = new Set(Object.keys(require.cache));
    try {
      loaded.set(file, require(file));
    } finally {
      for (const key of Object.keys(require.cache)) if (!before.has(key)) delete require.cache[key];
    }
  }
  return loaded.get(file);
}
