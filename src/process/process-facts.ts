import * as paths from 'node:path';
import { readCi, type Ci } from './ci.js';
import { readGit, type Git } from './git.js';

const { relative, sep } = paths;

export interface ProcessFacts {
  git?: Git;
  ci?: Ci;
  /** The program's first file, from the working directory. */
  script?: string;
}

export interface FactsOptions {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** `process.argv[1]`. */
  program: string | undefined;
  execArgv: readonly string[];
  withoutSecrets: (text: string) => string;
  broken: (error: unknown) => void;
}

/** What tells one run from another. Never throws; costs less than a millisecond. */
export function processFacts(options: FactsOptions): ProcessFacts {
  try {
    return read(options);
  } catch (error) {
    options.broken(error);
    return {};
  }
}

function read({ cwd, env, program, execArgv, withoutSecrets }: FactsOptions): ProcessFacts {
  const { ci, git: fromCi } = readCi(env, withoutSecrets);
  const found = readGit(cwd, env.GIT_DIR);
  // CI services check out a commit alone, and images are built without `.git`.
  const branch = found && (found.branch ?? (fromCi?.sha === found.sha ? fromCi.branch : undefined));
  const git = found ? { sha: found.sha, branch: branch && withoutSecrets(branch) } : fromCi;
  // With a text to run, it is an argument of that text.
  const hasText = execArgv.some((flag) => EVAL.includes(flag.split('=')[0]));
  const script = program === undefined || hasText ? undefined : relative(cwd, program).split(sep).join('/');
  return { git, ci, script: script === '' ? undefined : script };
}

const EVAL = ['-e', '-p', '-pe', '--eval', '--print'];
