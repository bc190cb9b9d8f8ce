import type { MessagePort } from 'node:worker_threads';
import type { LibraryFile } from '../transform/library.js';
import type { CompiledBody, LinkedBody, RunnerCode, RunnerSource, SourceKind } from '../transform/types.js';
import type { LibraryFiles } from './library-files.js';
import type { MapFiles } from './map-files.js';
import type { Rewrite, RewrittenFile } from './rewrite.js';
import type { SourceFile } from './source-table.js';
import type { Probes } from '../probes.js';

/** What the thread of the asynchronous hooks sends. */
export type ThreadMessage =
  | {
      type: 'rewritten';
      filename: string;
      path: string;
      source: string;
      rewritten: Omit<RewrittenFile, 'code' | 'path'>;
      base: number;
      stride: number;
    }
  | { type: 'skipped'; path: string; reason: string }
  | { type: 'map unusable'; path: string; reason: string }
  | { type: 'library' }
  | { type: 'left alone'; filename: string; reason: string };

/** What the thread is started with. */
export interface ThreadData {
  port: MessagePort;
  folder: string;
  libraryRules: readonly LibraryFile[];
}

/** Hooks of the program, which ours are put around. */
export interface InnerHooks {
  specifier: string;
  parentURL: string;
  data: unknown;
}

export interface LoaderOptions {
  folder: string;
  rewrite: Rewrite;
  /** The same for modules that a test runner compiles: they import the probes from elsewhere. */
  rewriteForRunner: Rewrite;
  mapFiles: MapFiles;
  /** Called with each rewritten module before it runs. */
  register: (file: SourceFile, rewritten: Omit<RewrittenFile, 'code' | 'path'>) => void;
  skipped: (path: string, reason: string) => void;
  /** The same for any file; nothing is said about one that is not the user's. */
  skippedFile: (filename: string, reason: string) => void;
  mapUnusable: (path: string, reason: string) => void;
  /** The rules of `library`, for the hooks' thread. */
  libraryRules: readonly LibraryFile[];
  library: LibraryFiles;
  /** Called with a library's file that stays as it is. */
  leftAlone: (filename: string, reason: string) => void;
  /** Told, more than once, that the program has loaded code from `node_modules`. */
  libraryLoaded: () => void;
  /** Texts that are looked for in each module before it runs, until the first that has one; then its callback runs. */
  lookouts: Lookout[];
  /** What rewritten code calls. */
  probes: () => Probes;
  /** Gives a function that we put in the place of one of Node's the text of that. */
  looksLike: (original: object, replacement: object) => void;
  /** Called with an error in the rewriting itself. */
  broken: (error: unknown) => void;
  /** Use `module.registerHooks`. */
  syncHooks: boolean;
}

export interface Lookout {
  isIn: (source: string) => boolean;
  seen: () => void;
}

export interface Loader extends Installed {
  /** Rewrites what a tool is about to run by itself; null: it stays as it is. */
  rewriteBody(body: CompiledBody): LinkedBody | null;
  /** Tells lookouts of a text that does not pass through here. */
  lookOut(source: string): void;
  /** An id for a function that is recorded without being rewritten. */
  newFunctionId(): number;
  /** What a test runner is to compile instead of what it has loaded; null: nothing else. */
  forRunner(source: RunnerSource): RunnerCode | null;
}

/** The part of a loader that differs by what hooks Node has. */
export interface Installed {
  /** Takes over what the hooks' thread has rewritten so far. */
  registerPending(): void;
  /** Called when the process ends. */
  finish(): void;
  uninstall(): void;
}

/** The text to run instead of a loaded one; null: the same. */
export type Rewriting = (filename: () => string, source: () => string, kind: SourceKind) => string | null;
