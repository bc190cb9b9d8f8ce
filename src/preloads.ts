/** One option, which loads one file. */
const ONE_PRELOAD = /^\s*(?:--import|--require|-r)[\s=]\S+\s*$/;

/**
 * Whether this package, which is a preload, is all that Node was told on its command line: no code of others has run, and V8
 * has no flags of its own.
 */
export function isAlone(): boolean {
  return ONE_PRELOAD.test(`${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`);
}
