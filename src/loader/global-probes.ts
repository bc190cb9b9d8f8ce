import { PROBE_NAMES, type Probes } from '../probes.js';

/**
 * Makes the probes globals under a prefix that occurs in no source of the modules which call them so. A module that imported
 * them would have to be evaluated after what it imports them from, which a cycle of imports does not promise, and the
 * program's own hooks would see that import.
 */
export function createGlobalProbes(probes: () => Probes): (prefix: string) => void {
  const published = new Set<string>();
  return (prefix) => {
    if (published.has(prefix)) return;
    published.add(prefix);
    for (const name of PROBE_NAMES) {
      Object.defineProperty(globalThis, prefix + name, { value: probes()[name], configurable: true });
    }
  };
}
