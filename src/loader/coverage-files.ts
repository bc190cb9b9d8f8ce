import * as fs from 'node:fs';
import * as paths from 'node:path';
import * as urls from 'node:url';
import { jsonParse, jsonStringify } from '../intrinsics.js';
import { threadId } from '../thread.js';
import { originalCoverage, type ScriptCoverage } from './coverage.js';
import { requireOwn } from './own-files.js';
import type * as sourceMap from './source-map.js';
import type { SourceTable } from './source-table.js';

const { readdirSync, readFileSync, renameSync, writeFileSync } = fs;
const { dirname, join, sep } = paths;
const { fileURLToPath, pathToFileURL } = urls;

/** A file that Node writes where NODE_V8_COVERAGE says. */
interface CoverageFile {
  result: ScriptCoverage[];
  'source-map-cache'?: Record<string, sourceMap.CachedMap>;
}

export interface CoverageFiles {
  /** Turns what this thread has written so far into what it would have been without handit. */
  translate(folder: string): void;
  /** The same at the end of the process: Node writes its last file now, after which no code of the program may run. */
  finish(): void;
}

/**
 * Coverage that Node itself writes.
 *
 * @param ownFolder where this package's built files lie
 */
export function createCoverageFiles(ownFolder: string, sources: SourceTable): CoverageFiles {
  const done = new Set<string>();
  // Node has made it absolute by now, and keeps to it whatever the program does to the variable.
  const folder = process.env.NODE_V8_COVERAGE;
  // Taken now where it is needed: to load the module takes 2 ms of each start.
  const takeCoverage = folder ? process.getBuiltinModule('node:v8').takeCoverage : undefined;

  const mapOf: typeof sourceMap.cachedMap = (...args) => {
    const { cachedMap } = requireOwn(ownFolder, './source-map.cjs') as typeof sourceMap;
    return cachedMap(...args);
  };

  function translate(where: string): void {
    for (const name of readdirSync(where)) {
      const [, pid, time, thread] = NAME.exec(name) ?? [];
      if (
        Number(pid) !== process.pid ||
        Number(thread) !== threadId ||
        Number(time) < Math.floor(performance.timeOrigin)
      )
        continue;
      const file = join(where, name);
      if (done.has(file)) continue;
      done.add(file);
      const coverage = jsonParse(readFileSync(file, 'utf8')) as CoverageFile;
      // Readers take the maps of the last file by name, which has to be ours.
      const later = join(where, name.replace(time, String(Number(time) + LATER)));
      done.add(later);
      writeFileSync(file, jsonStringify(original(coverage, ownFolder, sources, mapOf)));
      renameSync(file, later);
    }
  }

  let finished = false;
  return {
    translate,
    finish() {
      if (!folder || !takeCoverage || finished || sources.size === 0) return;
      finished = true;
      // Node writes one file more when the process has ended (it complains on stderr if it is stopped). In that are what
      // ran since, which is not the program's, and again the maps of all modules, as Node knows them.
      takeCoverage();
      translate(folder);
    },
  };
}

/** Milliseconds; the names keep as many digits. */
const LATER = 1e9;
const NAME = /^coverage-(\d+)-(\d+)-(\d+)\.json$/;

function original(
  coverage: CoverageFile,
  ownFolder: string,
  sources: SourceTable,
  mapOf: typeof sourceMap.cachedMap,
): CoverageFile {
  const own = ownScripts(ownFolder);
  const result = originalCoverage(
    coverage.result.filter(({ url }) => !own(url)),
    sources,
  );
  const { 'source-map-cache': maps, ...rest } = coverage;
  if (!maps) return { ...rest, result };
  const kept = Object.entries(maps).map(([url, map]) => {
    const pair = url.startsWith('file:') ? sources.byFilename(fileURLToPath(url)) : undefined;
    return [url, pair ? mapOf(pair.file.filename, pair.original) : map] as const;
  });
  return { ...rest, result, 'source-map-cache': Object.fromEntries(kept) };
}

/** Scripts of this package and of the parser. */
function ownScripts(ownFolder: string): (url: string) => boolean {
  const folders = [pathToFileURL(ownFolder + sep).href];
  const register = pathToFileURL(join(dirname(ownFolder), 'register.mjs')).href;
  return (url) => url === register || folders.some((folder) => url.startsWith(folder)) || PARSER.test(url);
}

const PARSER = /\/node_modules\/(?:oxc-parser|@oxc-parser|@oxc-project)\//;
