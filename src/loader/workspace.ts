import * as fs from 'node:fs';
import * as paths from 'node:path';
import { jsonParse } from '../intrinsics.js';

const { existsSync, readFileSync } = fs;
const { dirname, join, relative, sep } = paths;

/** Files that only the root of a monorepo has. */
const ROOT_FILES = ['pnpm-workspace.yaml', 'lerna.json', 'nx.json', 'rush.json'];

/**
 * The folder of the monorepo that a folder is part of: the nearest one above it whose `package.json` has `workspaces` that
 * take the folder in, or which has a file of a monorepo tool. Looked for no further up than the repository and the home
 * folder.
 *
 * @param last no folder above this one is looked into
 * @returns null where the folder is the root itself, and where there is none
 */
export function workspaceRoot(folder: string, last = process.getBuiltinModule('node:os').homedir()): string | null {
  for (let root = folder; ; root = dirname(root)) {
    if (isRootOf(root, folder)) return root === folder ? null : root;
    if (root === last || root === dirname(root) || existsSync(join(root, '.git'))) return null;
  }
}

function isRootOf(root: string, folder: string): boolean {
  if (ROOT_FILES.some((name) => existsSync(join(root, name)))) return true;
  const turbo = read(join(root, 'turbo.json'));
  // A workspace may have one as well, which extends the root's.
  if (turbo !== undefined && !/"extends"\s*:/.test(turbo)) return true;
  const manifest = read(join(root, 'package.json'));
  return manifest !== undefined && covers(patternsOf(manifest), relative(root, folder).split(sep));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function patternsOf(manifest: string): string[] {
  try {
    type Workspaces = string[] | { packages?: string[] };
    const { workspaces } = jsonParse(manifest) as { workspaces?: Workspaces };
    const patterns = Array.isArray(workspaces) ? workspaces : workspaces?.packages;
    return Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether the patterns name the folder, one above it, or the root itself. */
function covers(patterns: string[], parts: string[]): boolean {
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const named = (pattern: string): boolean => folders.some((folder) => toRegExp(pattern).test(folder));
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && (parts[0] === '' || named(pattern))) &&
    !patterns.some((pattern) => pattern.startsWith('!') && named(pattern.slice(1)))
  );
}

/** The patterns of package managers: `*`, `**`, `?` and `{a,b}`. */
function toRegExp(pattern: string): RegExp {
  const text = pattern
    .replace(/^\.?\/|(?<!\/)\/+$/g, '')
    .replace(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[.+^$()|[\]\\{}]/g, (found) => {
      if (found === '**/') return '(?:[^/]+/)*';
      if (found === '**') return '.*';
      if (found === '*') return '[^/]*';
      if (found === '?') return '[^/]';
      if (found.length > 1) return `(?:${found.slice(1, -1).split(',').map(toText).join('|')})`;
      return `\\${found}`;
    });
  return new RegExp(`^${text}$`);
}

const toText = (text: string): string => text.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&');
