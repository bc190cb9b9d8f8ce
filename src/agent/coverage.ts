import { createCoverageFiles } from '../loader/coverage-files.js';
import { watchCoverageReports } from '../loader/coverage-reports.js';
import { watchCoverageSessions } from '../loader/coverage-sessions.js';
import { originalCoverage } from '../loader/coverage.js';
import type { Disguise } from '../loader/function-source.js';
import type { SourceTable } from '../loader/source-table.js';
import type { Guards } from './guards.js';
import type { Lookouts } from './lookouts.js';

export interface CoverageParts {
  folder: string;
  guards: Guards;
  sources: SourceTable;
  disguise: Disguise;
  whenImported: Lookouts['whenImported'];
  registerPending: () => void;
}

/** Coverage is that of the program as it was written, wherever it is read. */
export function showOriginalCoverage(parts: CoverageParts): { finish(): void; undo(): void } {
  const { folder, guards, sources, disguise, whenImported, registerPending } = parts;
  const { guarded, broken } = guards;
  const watchSessions = (): void =>
    watchCoverageSessions((result) => {
      try {
        registerPending();
        return originalCoverage(result, sources);
      } catch (error) {
        broken(error);
        return result;
      }
    }, disguise.looksLike);
  // Another preload may have loaded it before; and vitest's vm pools import it past the loader.
  const { moduleLoadList = [] } = process as { moduleLoadList?: string[] };
  if (process.env.VITEST !== undefined || moduleLoadList.includes('NativeModule inspector')) guarded(watchSessions)();
  else whenImported('inspector', watchSessions);
  const files = createCoverageFiles(folder, sources);
  return { finish: guarded(files.finish), undo: watchCoverageReports(guarded(files.translate)) };
}
