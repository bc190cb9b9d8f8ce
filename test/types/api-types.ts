// Compiled, not run: every overload of what a program may import, with the types that the declarations give it.
import {
  annotate,
  currentCall,
  flush,
  flushSync,
  session,
  tracing,
  version,
  type Call,
  type CurrentCall,
  type Session,
  type SessionOptions,
  type TraceRecord,
  type TracingOptions,
} from 'handit';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

// session()
const sync = session({ tag: 'a' }, () => 1);
same<typeof sync, number>(true);
// The check itself.
// @ts-expect-error
same<typeof sync, string>(true);
const promised = session({ tag: 'a', attrs: { customer: 'ada' } }, async () => 'x');
same<typeof promised, Promise<string>>(true);
const open = session({ tag: 'a' });
same<typeof open, Session>(true);
same<typeof open.id, string | undefined>(true);
open.end();
open.end(new Error('why'));
export async function scoped(): Promise<void> {
  using one = session({ tag: 'a' });
  await using two = session({ tag: one.tag });
  void two;
}
const options: SessionOptions = { tag: 'a' };
session(options, () => undefined);
// @ts-expect-error
session({}, () => 1);
// @ts-expect-error
session({ tag: 1 }, () => 1);
// @ts-expect-error
session({ tag: 'a', atrs: {} });
// @ts-expect-error
session({ tag: 'a' }, 1);
// @ts-expect-error
session({ tag: 'a' }, (argument: string) => argument);

// tracing(options, fn)
const add = tracing({ agent: 'a' }, (a: number, b?: number) => a + (b ?? 0));
same<typeof add, (a: number, b?: number) => number>(true);
add(1);
// @ts-expect-error
add('1');
const generic = tracing({ agent: 'a', name: 'id' }, <T>(value: T): T => value);
same<typeof generic, <T>(value: T) => T>(true);
const later = tracing({ agent: 'a' }, async (id: string) => id.length);
same<typeof later, (id: string) => Promise<number>>(true);
const numbers = tracing({ agent: 'a' }, function* (n: number): Generator<number, string, boolean> {
  return (yield n) ? 'yes' : 'no';
});
same<ReturnType<typeof numbers>, Generator<number, string, boolean>>(true);
const stream = tracing({ agent: 'a' }, async function* (n: number) {
  yield n;
});
same<Parameters<typeof stream>, [n: number]>(true);
const method = tracing({ agent: 'a' }, function (this: { rate: number }, n: number) {
  return n * this.rate;
});
same<ThisParameterType<typeof method>, { rate: number }>(true);
class Plain {
  constructor(readonly n: number) {}
  static of(n: number): Plain {
    return new Plain(n);
  }
}
const Traced = tracing({ agent: 'a' }, Plain);
same<typeof Traced, typeof Plain>(true);
abstract class Abstract {
  abstract work(): void;
}
same<typeof Abstract, ReturnType<typeof abstractly>>(true);
function abstractly() {
  return tracing({ agent: 'a' }, Abstract);
}
const named: TracingOptions = { agent: 'a', name: 'b' };
tracing(named, () => 1);
// @ts-expect-error
tracing({}, () => 1);
// @ts-expect-error
tracing({ agent: 'a' }, 1);
// @ts-expect-error
tracing('a');

// @tracing(options)
@tracing({ agent: 'a' })
export class Decorated {
  private n = 1;
  @tracing({ agent: 'a' }) method(a: number): number {
    return a + this.n;
  }
  @tracing({ agent: 'a' }) async later(): Promise<void> {}
  @tracing({ agent: 'a' }) *generator() {
    yield 1;
  }
  @tracing({ agent: 'a' }) static make(): Decorated {
    return new Decorated();
  }
  @tracing({ agent: 'a' }) get size(): number {
    return this.n;
  }
  @tracing({ agent: 'a' }) set size(n: number) {
    this.n = n;
  }
  // @ts-expect-error
  @tracing({ agent: 'a' }) field = 1;
}

// The rest
annotate({ model: 'small' });
annotate('text');
const call = currentCall();
same<typeof call, CurrentCall | null>(true);
if (call) {
  same<typeof call.id, number | null>(true);
  same<typeof call.session_id, string | undefined>(true);
}
const flushed = flush();
same<typeof flushed, Promise<void>>(true);
void flush('a.jsonl');
flushSync();
flushSync('a.jsonl');
// @ts-expect-error
flushSync(1);
same<typeof version, string>(true);
export const isCall = (record: TraceRecord): record is Call => record.type === 'call';
