import type { Config } from '../config.js';
import type { Disguise } from '../loader/function-source.js';
import type { SourceTable } from '../loader/source-table.js';
import type { Guards } from './guards.js';
import type { Recording } from './recording.js';

/** What most parts of the agent need of the others. */
export interface Parts {
  /** Where this package's built files are. */
  folder: string;
  config: Config;
  guards: Guards;
  recording: Recording;
  sources: SourceTable;
  disguise: Disguise;
}
