import * as fs from 'node:fs';

const { readdirSync } = fs;

/** Where a framework puts what it has built for the server, and how its source maps are switched on. */
const OUTPUTS = [
  { folder: '.next', maps: 'experimental: { serverSourceMaps: true } in next.config.js' },
  { folder: '.nuxt', maps: 'sourcemap: { server: true } in nuxt.config.ts' },
  { folder: '.output', maps: 'sourcemap: { server: true } in nuxt.config.ts, or sourceMap: true in that of nitro' },
  { folder: '.svelte-kit', maps: 'build: { sourcemap: true } in vite.config.js' },
];

/** What only names the parts of a page has none, and says nothing about the others. */
export const HAS_FUNCTION = /\bfunction\b|=>/;

/** A file that a framework has built: the user's code, minified, together with that of libraries. */
export interface FrameworkOutput {
  /** The folder, as the trace names it. */
  folder: string;
  /** Why a file without a map is not recorded; undefined: others have maps, and nobody misses this one. */
  unmapped(filename: string): string | undefined;
}

/** @param path of a file as the trace names it */
export function frameworkOutput(path: string): FrameworkOutput | undefined {
  const below = `/${path}`;
  for (const { folder: name, maps } of OUTPUTS) {
    const at = below.lastIndexOf(`/${name}/`);
    if (at < 0) continue;
    const folder = path.slice(0, at + name.length);
    const reason = `built without source maps for the server, nothing in it is recorded; they come with ${maps}`;
    return {
      folder,
      unmapped: (filename) => (hasMaps(filename) ? undefined : reason),
    };
  }
  return undefined;
}

/** Whether anything beside it has a map; what is not for the server is none of the user's. */
function hasMaps(filename: string): boolean {
  const server = /^.*?[\\/]server(?=[\\/])/s.exec(filename)?.[0];
  if (server === undefined) return true;
  try {
    return (readdirSync(server, { recursive: true }) as string[]).some((name) => name.endsWith('.map'));
  } catch {
    return true;
  }
}
