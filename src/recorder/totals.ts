import { arrayFilter, arrayForEach, byteLength, fromEntries, objectEntries } from '../intrinsics.js';
import { epoch, now } from './clock.js';
import type { KnownFunctions } from './known-functions.js';
import { TOTALS, type Limits } from './limits.js';
import { quote } from './quote.js';
import type { RecorderOptions } from './types.js';

/** Bytes of a `process_end`, about. */
const END_OF_PROCESS = 600;

/** What has no line of its own. */
export class Totals {
  /** Lines in the file. */
  readonly counts = { events: 0 };
  /** Calls left out because their root context had its share. */
  byShare = 0;
  lines = 0;
  errors = 0;
  private totals = 0;
  /** Events for which there was no room in memory, or that could not be written. */
  lost = 0;
  /** Calls, lines and whole contexts that were left out because nothing failed, or because too many waited. */
  byKeep = 0;
  whileWaiting = 0;
  waitingLines = 0;
  contexts = 0;
  /** Calls of segments that were deleted. */
  gone = 0;
  /** A call that has been counted, and is about to be recorded. */
  entering = 0;
  /** Calls left out before the file had its full size; -1: it has not. */
  private before = -1;
  private byKeepBefore = 0;

  constructor(
    private readonly options: RecorderOptions,
    private readonly functions: KnownFunctions,
    private readonly limits: Limits,
  ) {}

  /** The file has its full size now. */
  full(): void {
    this.before = this.omittedCalls() - this.entering;
    this.byKeepBefore = this.byKeep + this.whileWaiting;
  }

  private omittedCalls(): number {
    this.functions.registerPending();
    const { table, calls, recorded } = this.functions;
    let sum = 0;
    // Not all of the lists: V8 would compile this loop at the end of each program (3 ms).
    for (let fn = 0; fn < table.length; fn++) sum += calls[fn] - recorded[fn];
    return sum;
  }

  /** How much has no line, by reason. */
  dropped(): Record<string, number> {
    const all = this.omittedCalls();
    const before = this.before < 0 ? all : this.before;
    const notKept = this.byKeep + this.whileWaiting;
    const keptBefore = this.before < 0 ? notKept : this.byKeepBefore;
    const counted = {
      [this.options.sampleRate < 1 ? 'not_sampled' : 'max_calls']: before - this.byShare - keptBefore - this.gone,
      older_segments: this.gone,
      context_share: this.byShare,
      max_file: all - before - notKept + keptBefore,
      not_kept: this.byKeep,
      not_kept_contexts: this.contexts,
      waiting_lines: this.waitingLines,
      max_file_lines: this.lines,
      equal_exceptions: this.errors,
      no_room_for_totals: this.totals,
      lost: this.lost,
      not_written: this.options.sink.lost,
    };
    return fromEntries(arrayFilter(objectEntries(counted), (entry) => entry[1] > 0));
  }

  summaries(): string {
    const { proc, sink, segments } = this.options;
    const { table, calls, recorded, exceptions } = this.functions;
    const ts = epoch.text(now());
    let text = '';
    let size = sink.bytes + END_OF_PROCESS;
    const most = segments === null ? Infinity : segments.size / 2;
    arrayForEach(table, (known, fn) => {
      if (!known || !(recorded[fn] < calls[fn])) return;
      const { entry, path } = known;
      const line =
        `{"type":"summary","proc":"${proc}","ts_ns":${ts},"func":${quote(entry.name)},"file":${quote(path)},"line":${entry.line},` +
        `"calls":${calls[fn]},"recorded":${recorded[fn]},"exceptions":${exceptions[fn]}}\n`;
      size += byteLength(line);
      if (!this.limits.fits(TOTALS, size) || size - sink.bytes > most) return void this.totals++;
      this.counts.events++;
      text += line;
    });
    return text;
  }
}
