/**
 * Whether this package, which is a preload, is all that Node was told on its command line: no code of others has run, and V8
 * has no flags of its own.
 */
export function isAlone(): boolean {
  const options = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`.trim();
  // One option, which loads one file.
  const end = PRELOADS.find((each) => options.startsWith(`${each}=`) || options.startsWith(`${each} `))?.length;
  return (
    end !== undefined &&
    !options
      .slice(end + 1)
      .trim()
      .includes(' ')
  );
}

const PRELOADS = ['--import', '--require', '-r'];
