// Put in by scripts/build.mjs, from package.json.
declare const HANDIT_VERSION: string;

/** The version of this package: what `handit --version` prints and `process_start` names. */
export const version: string = HANDIT_VERSION;
