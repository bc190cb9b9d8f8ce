import * as util from 'node:util';
import { each, regExpExec, stringReplace, stringStartsWith } from '../../src/intrinsics.js';

interface CallSite {
  scriptName?: string;
}
/** Since Node 22.9. It formats nothing, so no `Error.prepareStackTrace` of the program runs. */
const { getCallSites } = util as unknown as { getCallSites?: (frames: number) => CallSite[] };

/** As many as Node gives. */
const MAX_FRAMES = 200;
const BACKSLASH = /\\/;
const PACKAGE = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/**
 * The package that started what runs now, if there is no code of the program on the stack: an agent that reports to its
 * server, from a timer of its own. To be asked only where nothing recorded is above, for it takes 20 to 50 us.
 */
export function sendingPackage(): string | null {
  if (getCallSites === undefined) return null;
  const sites = getCallSites(MAX_FRAMES);
  const own = sites[0]?.scriptName;
  let found: string | null = null;
  for (const { scriptName } of each(sites)) {
    if (!scriptName || scriptName === own || stringStartsWith(scriptName, 'node:')) continue;
    const name = regExpExec(PACKAGE, scriptName)?.[1];
    if (name === undefined) return null;
    found = stringReplace(name, BACKSLASH, '/');
  }
  return found;
}
