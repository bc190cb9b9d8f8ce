import * as fs from 'node:fs';
import * as paths from 'node:path';
import { readSmall } from '../files/read-small.js';

const { statSync } = fs;
const { dirname, isAbsolute, join, resolve, sep } = paths;

/** The commit that the program was started at. */
export interface Git {
  sha: string;
  /** Absent where HEAD names none: a detached one. */
  branch?: string;
}

/** Folders above the working directory that are looked into. */
const MAX_LEVELS = 64;
/** Names of branches that point to another one, one after the other. */
const MAX_LINKS = 5;
const MAX_NAME = 4096;
/** Of a repository with very many branches, the packed ones are not searched: each start would pay for it. */
const MAX_PACKED = 512 * 1024;

const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const REF = /^ref: (\S+)$/;

/**
 * Reads what git keeps of the current commit, without git: a process of it takes longer than a small program. Whether
 * files were changed since is not said, for that takes a look at each of them.
 */
export function readGit(cwd: string, gitDir: string | undefined): Git | undefined {
  const folder = gitDir ? resolve(cwd, gitDir) : gitFolder(cwd);
  if (folder === undefined) return undefined;
  // A worktree has a HEAD of its own, and its branches in the repository.
  const common = line(join(folder, 'commondir'));
  const folders = [folder, ...(common === undefined ? [] : [resolve(folder, common)])];
  const head = line(join(folder, 'HEAD'));
  if (head === undefined) return undefined;
  if (SHA.test(head)) return { sha: head };
  const ref = REF.exec(head)?.[1];
  const sha = ref === undefined ? undefined : shaOf(ref, folders, MAX_LINKS);
  if (ref === undefined || sha === undefined) return undefined;
  return ref.startsWith('refs/heads/') ? { sha, branch: ref.slice('refs/heads/'.length) } : { sha };
}

function gitFolder(cwd: string): string | undefined {
  let folder = cwd;
  for (let level = 0; level < MAX_LEVELS; level++) {
    const path = `${folder}${sep}.git`;
    const kind = kindOf(path);
    if (kind === 'folder') return path;
    if (kind === 'file') {
      // A worktree or a submodule.
      const target = /^gitdir: (.+)$/.exec(line(path) ?? '')?.[1];
      return target === undefined ? undefined : resolve(folder, target);
    }
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return undefined;
}

function kindOf(path: string): 'folder' | 'file' | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isDirectory() ? 'folder' : stats?.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

function shaOf(ref: string, folders: readonly string[], links: number): string | undefined {
  // Whatever is in these files, nothing else is read.
  if (isAbsolute(ref) || ref.split(/[\\/]/).includes('..')) return undefined;
  for (const folder of folders) {
    const text = line(join(folder, ref));
    if (text === undefined) continue;
    if (SHA.test(text)) return text;
    const next = REF.exec(text)?.[1];
    return next !== undefined && links > 0 ? shaOf(next, folders, links - 1) : undefined;
  }
  const packed = readSmall(join(folders[folders.length - 1], 'packed-refs'), MAX_PACKED);
  const end = packed?.indexOf(` ${ref}\n`) ?? -1;
  if (packed === undefined || end < 0) return undefined;
  const sha = packed.slice(packed.lastIndexOf('\n', end) + 1, end);
  return SHA.test(sha) ? sha : undefined;
}

/** The only line of a file. */
function line(path: string): string | undefined {
  return readSmall(path, MAX_NAME)?.trim();
}
