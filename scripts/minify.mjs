// What the bundler leaves to shorten in its output: about a twentieth of the packed size.
import { minify } from '@swc/core';

/**
 * @param {string} file name of the bundle
 * @param options pureReads: a property that is read and not used is left out, as most of `src/intrinsics.ts` is in a file
 *   that needs little of it
 */
export async function minified(code, file, { pureReads = false } = {}) {
  const { code: small } = await minify(code, {
    module: file.endsWith('.mjs'),
    ecma: 2022,
    compress: {
      ecma: 2022,
      passes: 3,
      toplevel: true,
      // Commas in place of semicolons and braces are shorter, but not once packed.
      sequences: false,
      pure_getters: pureReads,
      // The number of a function's parameters is its `length`.
      keep_fargs: true,
      // One that is called in a single place would be put there, and be made again at each call: 5 % of a request.
      keep_fnames: true,
    },
    mangle: { toplevel: true },
    format: { ecma: 2022, ascii_only: true },
  });
  return small.trimEnd();
}
