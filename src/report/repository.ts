import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Side } from '../compare/side.js';
import type { RepositoryData } from './report-data.js';

/** The page of the repository that a run was of, where its commit is known: from what CI says, else from `.git/config`. */
export function repositoryOf({ trace, processes }: Side): RepositoryData | undefined {
  const start = trace.processes.find(({ index, start: one }) => processes.has(index) && one?.git)?.start;
  if (!start?.git) return undefined;
  const { cwd, ci, git } = start;
  const folder = folderOfRepository(cwd) ?? cwd;
  const url = /^https:\/\/[^/@]+\/[^/]+\/[^/]+(?=\/actions\/runs\/)/.exec(ci?.url ?? '')?.[0] ?? remoteOf(folder);
  return url === undefined ? undefined : { url, sha: git.sha, folder };
}

function folderOfRepository(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (statSync(join(folder, '.git'), { throwIfNoEntry: false })) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function remoteOf(folder: string): string | undefined {
  try {
    return webAddressOf(readFileSync(join(folder, '.git/config'), 'utf8'));
  } catch {
    // A worktree, a submodule, or none of it on this machine.
    return undefined;
  }
}

/** Of `origin`, else of the first remote; what is before the host may be a password. */
export function webAddressOf(config: string): string | undefined {
  const remotes = [...config.matchAll(/^\[remote "([^"\n]*)"\]([^[]*)/gm)];
  const [, , section = ''] = remotes.find(([, name]) => name === 'origin') ?? remotes[0] ?? [];
  const setting = section.split('\n').find((line) => /^\s*url\b/.test(line)) ?? '';
  const remote = setting.slice(setting.indexOf('=') + 1).trim();
  const [, authority, path] =
    /^(?:https?|ssh|git):\/\/([^/]+)\/(.+)$/.exec(remote) ?? /^([^/:]+):(?!\/)(.+)$/.exec(remote) ?? [];
  const host = authority?.slice(authority.lastIndexOf('@') + 1).replace(/:\d+$/, '');
  return host?.includes('.') && path && /^[\w.-]+$/.test(host) && /^[\w.~/-]+$/.test(path)
    ? `https://${host}/${path.replace(/\.git\/?$/, '')}`
    : undefined;
}
