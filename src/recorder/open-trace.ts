import * as fs from 'node:fs';
import * as paths from 'node:path';
import { makeFolder } from '../files/make-folder.js';
import { Error } from '../intrinsics.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { dirname } = paths;
const { openSync, closeSync, fstatSync, lstatSync } = fs;
const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0, S_IFMT, S_IFREG } = fs.constants;
const userId = process.geteuid;

/** Opening a FIFO without a reader waits for one unless told not to. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
const WORLD_WRITABLE = 0o002;

export interface OpenTrace {
  fd: number;
  /** Tells one file from another at the same path. */
  identity: string;
  /** Nobody has written to it yet. */
  isEmpty: boolean;
  /** Or another thing that is no file with a place for each byte. */
  isPipe: boolean;
}

let trusted = '';

/**
 * Opens a file to append to; what is missing is made, readable by its owner only. Whoever may write to the folder could
 * have put something at that path to have the trace, or to have it appended to a file of another's: a symbolic link is
 * followed only where the path was given, and in a folder that all may write to nothing of a stranger's is used.
 */
export function openTrace(path: string, followLinks: boolean): OpenTrace {
  const fd = open(path, followLinks);
  try {
    const stats = fstatSync(fd);
    const identity = `${stats.dev}:${stats.ino}`;
    const isPipe = (stats.mode & S_IFMT) !== S_IFREG;
    if (!isPipe && identity !== trusted && isStrange(path, stats.uid)) {
      throw new Error('it belongs to another user, in a folder that anybody may write to');
    }
    trusted = identity;
    return { fd, identity, isEmpty: !isPipe && stats.size === 0, isPipe };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function open(path: string, followLinks: boolean): number {
  try {
    return openSync(path, FLAGS | O_NOFOLLOW, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      makeFolder(dirname(path));
      return openSync(path, FLAGS | O_NOFOLLOW, 0o600);
    }
    if (code !== 'ELOOP' && code !== 'EMLINK') throw error;
    if (!followLinks)
      throw new Error('a symbolic link is not followed where HANDIT_OUTPUT_FILE is not set', { cause: error });
    if (isStrange(path, lstatSync(path).uid)) {
      throw new Error('a symbolic link of another user, in a folder that anybody may write to', { cause: error });
    }
    return openSync(path, FLAGS, 0o600);
  }
}

/** Whether somebody else has put it there, as anybody could. */
function isStrange(path: string, owner: number): boolean {
  if (userId === undefined || owner === userId()) return false;
  const folder = lstatSync(dirname(path));
  return (folder.mode & WORLD_WRITABLE) !== 0 && folder.uid !== owner;
}
