import * as fs from 'node:fs';
import * as paths from 'node:path';
import { makeFolder } from '../files/make-folder.js';
import { Error } from '../intrinsics.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { dirname, join, resolve } = paths;
const { openSync, closeSync, fchmodSync, fstatSync, lstatSync, readlinkSync } = fs;
const {
  O_WRONLY,
  O_APPEND,
  O_CREAT,
  O_NOFOLLOW = 0,
  O_NONBLOCK = 0,
  O_NOCTTY = 0,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} = fs.constants;
const userId = process.geteuid;

/** Opening a FIFO without a reader waits for one unless told not to. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
const WORLD_WRITABLE = 0o002;
/** What anyone but the owner may do. */
const OTHERS = 0o077;
/** Made for the trace, so it is as private as that. */
const FOLDER = 0o700;
/** Symbolic links that lead to others, on the way to a file. */
const MAX_LINKS = 8;

export interface OpenTrace {
  fd: number;
  /** Tells one file from another at the same path. */
  identity: string;
  /** In bytes, when it was opened; 0 for a pipe. */
  size: number;
  /** Or another thing that is no file with a place for each byte. */
  isPipe: boolean;
}

let trusted = '';
/** The path of which the folders have been looked at. */
let checked = '';

/**
 * Opens a file to append to; what is missing is made, readable by its owner only, and so is a file that was there
 * (unless a link leads to it: then it may be another program's). Whoever may write to the folder could
 * have put something at that path to have the trace, or to have it appended to a file of another's: a symbolic link is
 * followed only where the path was given, and in a folder that all may write to nothing of a stranger's is used.
 */
export function openTrace(path: string, followLinks: boolean): OpenTrace {
  // Before anything is made there.
  if (checked !== path) checkLinksAbove(path, MAX_LINKS);
  checked = path;
  const { fd, linked } = open(path, followLinks);
  try {
    const stats = fstatSync(fd);
    const identity = `${stats.dev}:${stats.ino}`;
    const isPipe = (stats.mode & S_IFMT) !== S_IFREG;
    if (!isPipe && identity !== trusted) {
      if (isStrange(path, stats.uid)) {
        throw new Error('it belongs to another user, in a folder that anybody may write to');
      }
      if (!linked && (stats.mode & OTHERS) !== 0 && stats.uid === userId?.()) fchmodSync(fd, stats.mode & ~OTHERS);
    }
    trusted = identity;
    return { fd, identity, size: isPipe ? 0 : stats.size, isPipe };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function open(path: string, followLinks: boolean): { fd: number; linked: boolean } {
  try {
    return { fd: openSync(path, FLAGS | O_NOFOLLOW, 0o600), linked: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      checkLinksAbove(path, MAX_LINKS);
      makeFolder(dirname(path), FOLDER);
      return { fd: openSync(path, FLAGS | O_NOFOLLOW, 0o600), linked: false };
    }
    if (code !== 'ELOOP' && code !== 'EMLINK') throw error;
    if (!followLinks)
      throw new Error('a symbolic link is not followed where HANDIT_OUTPUT_FILE is not set', { cause: error });
    if (isStrange(path, lstatSync(path).uid)) {
      throw new Error('a symbolic link of another user, in a folder that anybody may write to', { cause: error });
    }
    return { fd: openSync(path, FLAGS, 0o600), linked: true };
  }
}

/** Whoever may write to a folder on the way can have the trace written to a place of their choice. */
function checkLinksAbove(path: string, links: number): void {
  const folder = dirname(path);
  if (folder === path || userId === undefined) return;
  checkLinksAbove(folder, links);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & S_IFMT) !== S_IFLNK) return;
  if (isStrange(folder, stats.uid)) {
    throw new Error(`${folder} is a symbolic link of another user, in a folder that anybody may write to`);
  }
  // Opening the file says what is wrong with a ring of links.
  if (links === 0) return;
  const target = resolve(dirname(folder), readlinkSync(folder));
  checkLinksAbove(join(target, 'file'), links - 1);
}

/** Whether someone else has put it there, as anyone could. */
function isStrange(path: string, owner: number): boolean {
  if (userId === undefined || owner === userId()) return false;
  const folder = lstatSync(dirname(path));
  return (folder.mode & WORLD_WRITABLE) !== 0 && folder.uid !== owner;
}
