// Put in by scripts/build.mjs, from package.json.
declare const HANDIT_VERSION: string;
declare const HANDIT_BUILD: string;

/** The version of this package: what `handit --version` prints and `process_start` names. */
export const version: string = HANDIT_VERSION;

/** Another one for each state of the sources: what one build has stored is not for the next. */
export const build: string = HANDIT_BUILD;
