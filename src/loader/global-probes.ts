/** What rewritten code may call, by its short names. */
const PROBES = 'e0 e1 e2 e3 en x t n d q w fa fg s sa k r rc ax at an'.split(' ');

/**
 * Makes the probes globals under a prefix that occurs in no source of the modules which call them so. A module that imported
 * them would have to be evaluated after what it imports them from, which a cycle of imports does not promise, and the
 * program's own hooks would see that import.
 */
export function createGlobalProbes(probes: () => Record<string, unknown>): (prefix: string) => void {
  const published = new Set<string>();
  return (prefix) => {
    if (published.has(prefix)) return;
    published.add(prefix);
    for (const name of PROBES) {
      Object.defineProperty(globalThis, prefix + name, { value: probes()[name], configurable: true });
    }
  };
}
