/**
 * Whether this package, which is a preload, is all that Node was told on its command line: no code of others has run, and V8
 * has no flags of its own.
 */
export function isAlone(): boolean {
  const options = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  // One option, which loads one file.
  const words = options.split(' ').filter((word) => word !== '');
  if (words.length === 2) return PRELOADS.includes(words[0]);
  return words.length === 1 && PRELOADS.some((each) => words[0].startsWith(`${each}=`));
}

const PRELOADS = ['--import', '--require', '-r'];
