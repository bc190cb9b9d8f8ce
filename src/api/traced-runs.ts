import type { RecorderCalls, SuspendableCall } from '../recorder/recorder.js';
import { describeFunction, registerFunction } from './described-function.js';
import { passOn, type ApiHost } from './host.js';
import { traceIterator, type IteratorProbe } from './traced-iterator.js';
import type { AnyFunction, TracedPlace, TracingOptions } from './types.js';
import { Error, isAsyncFunction, isGeneratorFunction } from '../intrinsics.js';

export type Invoke = () => unknown;

/** Runs one call of a traced function: `invoke` is the call itself. */
export type Run = (args: unknown[], invoke: Invoke) => unknown;

type Described = ReturnType<typeof describeFunction>;
type Change = { fn: number; as: number } | null;

/** How calls of traced functions are recorded. */
export class TracedRuns {
  private readonly recorder;
  private readonly calls: RecorderCalls;

  constructor(private readonly host: ApiHost) {
    this.recorder = host.recorder;
    this.calls = host.recorder.calls;
  }

  of({ agent, name }: TracingOptions, target: AnyFunction, place: TracedPlace): Run {
    const labels = { agent };
    const rewritten = this.host.rewrittenId(target);
    const generator = isGeneratorFunction(target);
    if (rewritten !== undefined) return this.ofRewritten(rewritten, name, labels, generator);
    const described = describeFunction(this.host, target, place, name);
    if (!generator) return this.ofOther(described, labels, isAsyncFunction(target));
    const { fn, values } = described;
    return (args, invoke) => {
      const kept = values(args);
      return traceIterator(invoke() as object, () => this.recordedIterator(fn, kept, labels));
    };
  }

  /** Of a function that records itself. */
  private ofRewritten(rewritten: number, name: string | undefined, labels: { agent: string }, generator: boolean): Run {
    const { recorder, host } = this;
    const known = recorder.functionOf(rewritten)!;
    const as =
      name === undefined || name === known.name ? null : registerFunction(host, { ...known, name }, known.path);
    const change = as === null ? null : { fn: rewritten, as };
    if (generator) return (_, invoke) => traceIterator(invoke() as object, () => this.labelled(labels, change));
    return (_, invoke) => {
      const before = recorder.pushScope(recorder.scope({ labels }));
      recorder.reportNextAs(change);
      try {
        return invoke();
      } finally {
        if (change !== null) recorder.reportNextAs(null);
        recorder.popScope(before);
      }
    };
  }

  private ofOther({ fn, values }: Described, labels: { agent: string }, isAsync: boolean): Run {
    const { recorder, host, calls } = this;
    return (args, invoke) => {
      const outer = recorder.pushScope(recorder.scope({ labels }));
      const call = isAsync ? calls.enterAsync(fn, 0, values(args)) : calls.enterMany(fn, 0, values(args));
      const id = typeof call === 'object' ? call.id : call;
      // What it starts is its own, also when it goes on later.
      const inner = id > 0 ? recorder.pushScope(recorder.scope({ parent: id })) : null;
      let result: unknown;
      try {
        result = invoke();
      } catch (error) {
        if (inner) recorder.popScope(inner);
        if (typeof call === 'object') recorder.settled((calls.suspend(call), call), host.now(), { error });
        else calls.leaveByError(call, error);
        recorder.popScope(outer);
        throw passOn(error, 'node-do-not-add-exception-line');
      }
      if (inner) recorder.popScope(inner);
      if (typeof call === 'object') {
        calls.suspend(call);
        this.watch(call, result);
      } else calls.leave(call, result);
      recorder.popScope(outer);
      return result;
    };
  }

  /** An async call ends with its promise. */
  private watch(call: SuspendableCall, promise: unknown): void {
    if (call.ended) return;
    this.host.ends.watch(promise, (end, time) => {
      if (end.state === 'fulfilled')
        this.recorder.settled(call, time, 'value' in end ? { value: end.value } : 'unknown');
      else this.recorder.settled(call, time, { error: 'value' in end ? end.value : new Error(NOT_HANDLED) });
    });
  }

  /** Of a function that records itself: its code runs in the scope. */
  private labelled(labels: { agent: string }, change: Change): IteratorProbe {
    const { recorder } = this;
    const scope = recorder.scope({ labels });
    let first = true;
    return {
      enter() {
        if (first) recorder.reportNextAs(change);
        first = false;
        return recorder.pushScope(scope);
      },
      leave: (before) => recorder.popScope(before as ReturnType<typeof recorder.pushScope>),
      done: () => undefined,
      failed: () => undefined,
      pending: () => undefined,
    };
  }

  private recordedIterator(fn: number, values: unknown[], labels: { agent: string }): IteratorProbe {
    const { recorder, host, calls } = this;
    const outer = recorder.pushScope(recorder.scope({ labels }));
    const call = calls.enterGenerator(fn, 0, values);
    const scope = recorder.scope(call.id > 0 ? { parent: call.id } : {});
    calls.suspend(call);
    recorder.popScope(outer);
    return {
      enter() {
        calls.resume(call);
        return recorder.pushScope(scope);
      },
      leave(before) {
        recorder.popScope(before as ReturnType<typeof recorder.pushScope>);
        calls.suspend(call);
      },
      done: (value) => recorder.settled(call, host.now(), { value }),
      failed: (error) => recorder.settled(call, host.now(), { error }),
      pending(promise) {
        host.ends.watch(promise, (end, time) => {
          if (!('value' in end)) return;
          if (end.state === 'rejected') recorder.settled(call, time, { error: end.value });
          else {
            const { done, value } = end.value as IteratorResult<unknown, unknown>;
            if (done) recorder.settled(call, time, { value });
          }
        });
      },
    };
  }
}

const NOT_HANDLED = 'the promise was rejected, and nothing waited for it';
