import { loadSourceMap } from '../loader/linked-code.js';
import type { Loader } from '../loader/loader.js';
import type { SourceTable } from '../loader/source-table.js';
import { printUncaughtLine } from '../loader/uncaught.js';
import type { watchChildren } from '../process/children.js';
import { watchCredentials } from '../process/credentials.js';
import { watchProcessEnd } from '../process/process-end.js';
import type { createPromiseEnds } from '../recorder/promise-ends.js';
import type { Guards } from './guards.js';
import type { Recording } from './recording.js';
import type { Unmatched } from './unmatched.js';

export interface EndParts {
  folder: string;
  guards: Guards;
  recording: Recording;
  sources: SourceTable;
  loader: Loader;
  children: ReturnType<typeof watchChildren>;
  unmatched: Unmatched;
  ends: ReturnType<typeof createPromiseEnds>;
  rest: () => void;
  finishCoverage: () => void;
  /** All of the trace is written. */
  ended: () => void;
}

/** Writes the end of the trace when the process ends. */
export function watchEnd(parts: EndParts): { end(code: number | undefined): void; unwatch(): void } {
  const { folder, guards, recording, sources, loader, children, unmatched, ends, rest, finishCoverage } = parts;
  const { guarded } = guards;
  const { recorder } = recording;
  let ended = false;
  const end = guarded((code: number | undefined): void => {
    loader.registerPending();
    loader.finish();
    children.look();
    if (!ended && sources.size === 0) unmatched.tell(recording.skipped);
    if (ended || (!recording.hasSeen && recorder.counts.events === 0)) return;
    ended = true;
    ends.sweep(true);
    recorder.finish();
    recording.writeEnd(code, sources.size);
    parts.ended();
  });
  // Afterwards the file may be out of reach.
  const unwatchCredentials = watchCredentials(
    guarded(() => {
      recorder.drain();
      if (recording.hasSeen) recording.keepOpen();
    }),
  );
  const unwatchEnd = watchProcessEnd({
    guarded,
    drain: guarded(rest),
    save: guarded(recorder.drain),
    end(code) {
      end(code);
      finishCoverage();
    },
    uncaught: guarded((error: unknown, fromPromise: boolean) => {
      loader.registerPending();
      recorder.restoreAssertion(error);
      printUncaughtLine(error, fromPromise, sources, recorder.lastThrow(), (file, name) =>
        loadSourceMap(folder).originalNamed(file, name),
      );
    }),
  });
  return {
    end,
    unwatch() {
      unwatchCredentials();
      unwatchEnd();
    },
  };
}
