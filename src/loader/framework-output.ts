/** Where a framework puts what it has built for the server, and how its source maps are switched on. */
const OUTPUTS = [
  { folder: '.next', maps: 'experimental: { serverSourceMaps: true } in next.config.js' },
  { folder: '.nuxt', maps: 'sourcemap: { server: true } in nuxt.config.ts' },
  { folder: '.output', maps: 'sourcemap: { server: true } in nuxt.config.ts, or sourceMap: true in that of nitro' },
  { folder: '.svelte-kit', maps: 'build: { sourcemap: true } in vite.config.js' },
].map(({ folder, maps }) => ({
  maps,
  below: new RegExp(`^(?:.*/)?${folder.replaceAll('.', '\\.')}/`),
}));

/** Parts of an output that hold nothing of the user's, and have no map in any case. */
const GLUE = /\[externals\]|\[turbopack\]|\/_next-internal|runtime\.js$|manifest\.js$|\/standalone\/server\.js$/;
const HAS_FUNCTION = /\bfunction\b|=>/;

/** A file that a framework has built: the user's code, minified, together with that of libraries. */
export interface FrameworkOutput {
  /** The folder, as the trace names it. */
  folder: string;
  /** Why its functions are not recorded where it has no map; undefined: nobody misses them. */
  unmapped: string | undefined;
}

/** @param path of a file as the trace names it */
export function frameworkOutput(path: string, source: string): FrameworkOutput | undefined {
  // Nearly every file.
  if (
    !path.includes('.next/') &&
    !path.includes('.nuxt/') &&
    !path.includes('.output/') &&
    !path.includes('.svelte-kit/')
  )
    return undefined;
  for (const { below, maps } of OUTPUTS) {
    const folder = below.exec(path)?.[0].slice(0, -1);
    if (folder === undefined) continue;
    const reason = `built without source maps for the server, nothing in it is recorded; they come with ${maps}`;
    return { folder, unmapped: GLUE.test(path) || !HAS_FUNCTION.test(source) ? undefined : reason };
  }
  return undefined;
}
