import type { HookHost } from '../../hooks/lib/hook.js';
import { otelJson } from '../../hooks/lib/trace-context.js';
import { createTests } from '../../hooks/lib/tests.js';
import { createApi } from '../api/index.js';
import type { Api } from '../api/types.js';
import { loadSourceMap } from '../loader/linked-code.js';
import type { Loader } from '../loader/loader.js';
import { createSourcePlaces } from '../loader/source-place.js';
import { warn } from '../log.js';
import { now } from '../recorder/clock.js';
import type { createPromiseEnds } from '../recorder/promise-ends.js';
import { simpleName } from '../transform/names.js';
import type { Parts } from './parts.js';

export interface HostParts extends Parts {
  loader: Loader;
  whenImported: HookHost['whenImported'];
  nameOf: Parameters<typeof createTests>[1];
  ends: ReturnType<typeof createPromiseEnds>;
  rest: () => void;
  enterRealm: HookHost['runners']['enterRealm'];
}

/** What hooks of protocols, libraries and test runners are given. */
export function hookHost(parts: HostParts): HookHost {
  const { config, guards, recording, sources, disguise, loader, whenImported, nameOf, rest, enterRealm } = parts;
  const { guarded, orNull, broken } = guards;
  const { proc, recorder, preview, isSecret, seen } = recording;
  const forHooks = {
    ...{ proc, recorder, now, isSecret, seen, broken, whenImported },
    errorJson: (error, withStack) => preview.error(error).toJson(withStack),
    failureJson: (error, stack) => preview.error(error, stack).toJson(false),
    previewJson: preview.value,
    maxBody: config.maxBody,
    propagate: config.propagate,
    flush: guarded(rest),
    save: guarded(recorder.drain),
    looksLike: disguise.looksLike,
    originalPlace: createSourcePlaces(nameOf, sources, () => undefined),
    probe: (name, step) => void (recorder.probes[name] = step),
    runners: {
      rewrite: orNull((source) => loader.forRunner(source)),
      rewriteBody: orNull((body) => loader.rewriteBody(body)),
      enterRealm: guarded(enterRealm),
    },
  } satisfies Omit<HookHost, 'tests'>;
  return { ...forHooks, tests: createTests(forHooks, nameOf) };
}

/** What `import 'handit'` reaches. */
export function programApi(parts: HostParts): Api {
  const { folder, config, guards, recording, sources, disguise, loader, nameOf, ends } = parts;
  const { proc, recorder, preview, isSecret, seen, outputFiles } = recording;
  return createApi({
    ...{ proc, recorder, preview, ends, now, isSecret, seen, broken: guards.broken, warn, otelJson, outputFiles },
    returnsSecret: (name) => isSecret(simpleName(name)),
    looksLike: disguise.looksLike,
    textOf: disguise.textOf,
    rewrittenId: (fn) =>
      disguise.idOf(fn, (id) => {
        const known = recorder.functionOf(id);
        return known?.generated ?? known;
      }),
    newFunctionId: loader.newFunctionId,
    sourcePlace: createSourcePlaces(nameOf, sources, (file, line, column) =>
      loadSourceMap(folder).originalPlace(file, config.cwd, line, column),
    ),
  });
}
