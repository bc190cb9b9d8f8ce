import type { Config } from '../config.js';
import { textHash } from '../files/text-hash.js';
import { debug, warn } from '../log.js';
import { now } from '../recorder/clock.js';
import { drainWhenIdle } from '../recorder/idle.js';
import { createJsonlSink } from '../recorder/jsonl-sink.js';
import { createPreviewer, type Previewer } from '../recorder/preview.js';
import { createRecorder, type Recorder } from '../recorder/recorder.js';
import { secretKeys } from '../recorder/redact.js';
import { createSegmentSink, type SegmentSink } from '../recorder/segments.js';
import type { Sink } from '../recorder/sink.js';
import { threadId } from '../thread.js';
import type { Guards } from './guards.js';
import { line, processStart } from './lines.js';

/** It is in the share of the process, whatever loads it. */
const OF_A_FILE = { is: 'note', scope: null } as const;

export interface Recording {
  readonly proc: string;
  readonly isSecret: (key: string) => boolean;
  readonly preview: Previewer;
  readonly recorder: Recorder;
  /** Where the trace is, one file or several. */
  outputFiles(): readonly string[];
  keepOpen(): void;
  /** Stops the timer that writes while the program waits. */
  stop(): void;
  /**
   * With the first module of the user's or the first exchange there is something to write; other processes leave no trace.
   */
  seen(): void;
  readonly hasSeen: boolean;
  /** A line about a file of the program. */
  note(record: Record<string, unknown>): void;
  skipped(path: string, reason: string): void;
  /** Totals and the last line. */
  writeEnd(code: number | undefined, files: number): void;
}

export interface RecordingNeeds {
  registerPending(): void;
  /** Whether the program can see that timers and promises exist. */
  hasObservers(): boolean;
  /** To be done before what was recorded is written while the program waits. */
  beforeIdle(): void;
}

/** The recorder and where it writes. */
export function createRecording(config: Config, { broken }: Guards, needs: RecordingNeeds): Recording {
  const proc = textHash(`${process.pid} ${threadId} ${process.hrtime.bigint()} ${Date.now()}`).slice(0, 8);
  const isSecret = secretKeys(config.redact, warn);
  const { sink, segments } = createSinks(config, proc, () => opening);
  const { maxString, maxItems, maxDepth, maxCalls, sampleRate, maxFileBytes, keep } = config;
  const preview = createPreviewer({ maxString, maxItems, maxDepth }, isSecret);
  const recorder = createRecorder({
    ...{ proc, sink, preview, maxString, maxCalls, sampleRate, maxFileBytes, keep, segments, broken },
    waiting: () => idle.waiting(),
    registerPending: () => needs.registerPending(),
    hasObservers: () => needs.hasObservers(),
  });
  const idle = drainWhenIdle(
    (newTurn) => {
      needs.beforeIdle();
      return recorder.idle(newTurn);
    },
    broken,
    () => needs.hasObservers(),
    () => recorder.waitingEvents(),
  );
  // Made now, for at the first drain the program may have patched what this uses.
  const opening = processStart({ proc, config, started: recorder.epoch(now()), isSecret, broken });
  let hasSeen = false;
  const note = (record: Record<string, unknown>): void => {
    const { type, ...rest } = record;
    recorder.raw(line({ type, proc, ts_ns: recorder.epoch(now()), ...rest }), 0, OF_A_FILE);
  };
  return {
    ...{ proc, isSecret, preview, recorder, note },
    outputFiles: () => segments?.files() ?? [config.outputFile],
    keepOpen: () => sink.keepOpen(),
    stop: () => idle.stop(),
    seen: () => void (hasSeen = true),
    get hasSeen() {
      return hasSeen;
    },
    skipped(path, reason) {
      hasSeen = true;
      note({ type: 'skipped', file: path, reason });
      if (config.debug) debug(`skipped ${path}: ${reason}`);
    },
    writeEnd: (code, files) => writeEnd({ proc, recorder, sink }, code, files),
  };
}

function createSinks(config: Config, proc: string, opening: () => string) {
  const { outputFile, maxFileBytes } = config;
  const options = {
    path: outputFile,
    followLinks: !config.defaultOutputFile,
    opening,
    failed: (reason: string) =>
      warn(
        `cannot write ${outputFile} (${reason}); nothing is recorded until that works. Set HANDIT_OUTPUT_FILE to a file that can be written`,
      ),
  };
  const inSegments = config.keepNewest && maxFileBytes < Infinity;
  const segments: SegmentSink | null = inSegments ? createSegmentSink(options, proc, maxFileBytes) : null;
  return { segments, sink: segments ?? createJsonlSink(options) };
}

interface Ending {
  proc: string;
  recorder: Recorder;
  sink: Sink;
}

function writeEnd({ proc, recorder, sink }: Ending, code: number | undefined, files: number): void {
  const totals = recorder.summaries();
  // The first batch brings the opening, and that may be this one.
  const events = recorder.counts.events - sink.lost + (sink.openings || 1);
  const last = line({
    type: 'process_end',
    proc,
    ts_ns: recorder.epoch(now()),
    exit_code: code ?? null,
    events,
    files,
    dropped: recorder.dropped(),
  });
  sink.write(Buffer.from(totals + last));
}
