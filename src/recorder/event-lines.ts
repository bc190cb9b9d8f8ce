import { arrayMap, arrayPush } from '../intrinsics.js';
import { constant } from './constant.js';
import type { Encoder } from './encoder.js';
import {
  CALL,
  CAPPED_EXCEPTION,
  EXCEPTION,
  isErrorEvent,
  KINDS,
  LABELS,
  MADE,
  RETURN_PROMISE,
  SETTLE,
  SETTLE_ERROR,
  SLOTS,
  type EventBuffer,
} from './event-buffer.js';
import { HEADER_AND_VALUE, NAME_ARGUMENT, VALUE_ARGUMENT, type FunctionText } from './function-table.js';
import { isSoftSecret, mayBeSecret, type Softness } from './is-secret.js';
import type { KnownFunctions } from './known-functions.js';
import type { LastError } from './last-error.js';
import { DETAIL, ENDS, NOTES } from './limits.js';
import type { LineRoom } from './line-room.js';
import { RawLines } from './raw-lines.js';
import { REDACTED } from './replacement.js';
import type { Budget } from './scope.js';
import { namesNext, OF_HEADERS } from './secret-pairs.js';
import { createSeams, type Seams } from './segments.js';
import type { Line } from './sink.js';
import { ThrownValue } from './thrown-value.js';
import type { Totals } from './totals.js';
import type { LineKind, LineScope, RecorderOptions } from './types.js';
import { WaitingExceptions } from './waiting-exceptions.js';

/** What an end says for which there is little room. */
const OMITTED = '{"$type":"unavailable"}';
const OMITTED_ERROR = '{"name":"Unknown","message":"omitted: the file has its size"}';
const OPEN_CALL = ',"again":true,"args_preview":{}}\n';
const PARENT = constant(',"parent":');
const NO_PARENT = constant(',"parent":null');
const DURATION = constant(',"dt_ns":');
const RETURN_VALUE = constant(',"return_preview":');
const ERROR = constant(',"error":');
const CAPPED_ERROR = constant(',"capped":true,"error":');
const END_OF_LINE = constant('}\n');
const END_OF_PENDING = constant(',"pending":true}\n');
/** By kind of event. */
const TYPES = ['call', 'return', 'exception', 'return', 'settle', 'settle', 'exception'];

export interface EventLinesParts {
  options: RecorderOptions;
  out: Encoder;
  /** Of the process. */
  budget: Budget;
  buffer: EventBuffer;
  functions: KnownFunctions;
  lastError: LastError;
  room: LineRoom;
  totals: Totals;
}

/** Makes lines of the events in the buffer, at the drain. */
export class EventLines {
  /** The first event that is not in the file yet; with it, its values and its scope. */
  done = 0;
  private doneValues = 0;
  private doneScope: LineScope;
  /** Of the current event. */
  private valueAt = 0;
  private isCounted = false;
  private scope: LineScope;
  private newErrors: { root: Budget; key: string }[] = [];
  readonly waiting: WaitingExceptions;
  private readonly heads;
  private readonly seams: Seams | null;
  private readonly raw: RawLines;

  private readonly out: Encoder;
  private readonly buffer: EventBuffer;
  private readonly functions: KnownFunctions;
  private readonly room: LineRoom;
  private readonly lastError: LastError;
  private readonly totals: Totals;

  constructor(private readonly parts: EventLinesParts) {
    const { options, out, buffer, functions, room, lastError, totals } = parts;
    this.out = out;
    this.buffer = buffer;
    this.functions = functions;
    this.room = room;
    this.lastError = lastError;
    this.totals = totals;
    this.scope = this.doneScope = buffer.noScope;
    this.heads = arrayMap(TYPES, (type) => constant(`{"type":"${type}","proc":"${options.proc}","id":`));
    this.seams = this.seamsOf(options);
    this.waiting = new WaitingExceptions(buffer, lastError);
    this.raw = new RawLines({ ...parts, seams: this.seams });
  }

  private seamsOf({ segments }: RecorderOptions): Seams | null {
    const { out, room, functions, totals } = this;
    if (segments === null) return null;
    return createSeams({
      sink: segments,
      writeCall: (id, { fn, parent, t0, json }) => {
        this.callHead(id, fn, parent, t0, json);
        out.text(OPEN_CALL);
        room.count++;
      },
      writeAgain(line) {
        line.write(out, 'bare');
        // Before the end of the object.
        out.cut(out.at - 2);
        out.text(',"again":true}\n');
        room.count++;
      },
      writeKept(line) {
        out.text(line);
        room.count++;
      },
      gone(fn, calls) {
        functions.leftOut(fn, calls);
        totals.gone += calls;
      },
    });
  }

  /**
   * @param until  exceptions after it stay
   * @param atRest the last one stays, too
   */
  encode(until: number, atRest: boolean): void {
    const { out, buffer, room } = this;
    this.begin();
    for (let i = this.done; i < buffer.at; i += SLOTS) {
      const what = buffer.numbers[i];
      if (what === LABELS) {
        room.lineAt = i;
        this.scope = buffer.lineScopes[buffer.numbers[i + 1]];
        room.chargeTo(this.scope.budget);
        continue;
      }
      if (what < 0) {
        room.lineAt = i;
        const { values } = buffer;
        this.raw.write(values[this.valueAt++] as string | Line, values[this.valueAt++] as LineKind, this.scope.budget);
      } else {
        const kind = what & (KINDS - 1);
        const fn = (what - kind) / KINDS;
        if (isErrorEvent(kind) && this.hasToWait(i, kind, fn, until, atRest)) {
          this.waiting.add(i, this.valueAt++, this.scope);
          continue;
        }
        this.event(i, kind, fn);
      }
      if (out.endLine()) {
        this.commit(i + SLOTS);
        this.seams?.cross(out);
        room.chargeTo(this.scope.budget);
      } else if (what < 0) room.chargeTo(this.scope.budget);
    }
    this.end(buffer.at);
  }

  private begin(): void {
    const { out, room, seams, newErrors } = this;
    out.reset();
    this.raw.begin();
    // A drain that was cut off goes on where its last whole batch ended.
    this.valueAt = this.doneValues;
    this.scope = this.doneScope;
    seams?.forget();
    room.begin(this.scope.budget);
    seams?.cross(out);
    for (let i = 0; i < newErrors.length; i++) room.limits.forgetError(newErrors[i].root, newErrors[i].key);
    this.newErrors = [];
    room.chargeTo(this.scope.budget);
  }

  private end(to: number): void {
    this.room.writeLimits();
    this.out.flush();
    this.commit(to);
  }

  /** All up to that event is in the file. */
  private commit(to: number): void {
    this.room.commit();
    this.seams?.commit();
    if (this.newErrors.length > 0) this.newErrors = [];
    this.raw.commit();
    this.waiting.commit();
    this.done = to;
    this.doneScope = this.scope;
    this.doneValues = this.valueAt;
  }

  forget(): void {
    const { buffer } = this;
    this.done = 0;
    this.doneValues = 0;
    this.doneScope = buffer.noScope;
    this.room.forget();
    buffer.forget();
  }

  /** An exception whose stack nobody will read has no reason to. The first ones are told by the order of the events. */
  private hasToWait(i: number, kind: number, fn: number, until: number, atRest: boolean): boolean {
    const { buffer, valueAt, waiting, scope } = this;
    const { limits } = this.room;
    const thrown = buffer.values[valueAt] as ThrownValue;
    if (!waiting.mustWait(thrown, buffer.timeAt(i + 3), until, atRest)) return false;
    if (kind === CAPPED_EXCEPTION) return !limits.isKnownError(scope.budget, fn + thrown.key);
    const id = buffer.numbers[i + 1];
    if (!waiting.counted.has(id) && limits.isStackKnown(scope.budget, fn, thrown.key)) {
      buffer.values[valueAt] = thrown.withoutStack();
      return false;
    }
    waiting.counted.add(id);
    return true;
  }

  private event(i: number, kind: number, fn: number): void {
    const { room, buffer } = this;
    const { keeper } = room;
    const id = buffer.numbers[i + 1];
    this.isCounted = isErrorEvent(kind) && this.waiting.counted.delete(id);
    let { budget } = this.scope;
    if (keeper !== null) {
      room.lineAt = i;
      if (kind === CALL) keeper.called(id, budget);
      else if (kind !== CAPPED_EXCEPTION) {
        const root = keeper.ended(id, kind === RETURN_PROMISE);
        if (root === undefined) {
          this.skipValue();
          this.totals.lines++;
          return;
        }
        budget = root;
      }
    }
    if (kind === CALL) return this.call(i, id, fn, budget);
    if (room.anyCut && room.limits.cut.has(id)) return this.endOfCut(i, kind, id, fn, budget);
    if (kind === CAPPED_EXCEPTION) this.capped(i, id, buffer.numbers[i + 2], fn, budget);
    else this.endOfCall(i, kind, id, fn, budget);
  }

  /** Of a call of which the beginning was left out. */
  private endOfCut(i: number, kind: number, id: number, fn: number, budget: Budget): void {
    const { room } = this;
    if (kind !== RETURN_PROMISE) room.cutHasEnded(id);
    if (kind === EXCEPTION) this.capped(i, id, room.limits.cut.get(id)!, fn, budget);
    else this.skipValue();
  }

  private call(i: number, id: number, fn: number, budget: Budget): void {
    const { out, room, buffer, scope } = this;
    const start = out.at;
    const caller = buffer.numbers[i + 2];
    if (room.keeper === null) room.openCalls++;
    const text = this.callHead(id, fn, caller, buffer.timeAt(i + 3), scope.json);
    const { args } = text;
    const last = args.length - 1;
    if (text.named !== null) this.namedArguments(text, text.named);
    else if (text.pair && this.isHeader(buffer.values, this.valueAt)) this.namedArguments(text, HEADER_AND_VALUE);
    else
      for (let a = 0; a < last; a++) {
        out.constant(args[a]);
        this.value();
      }
    out.constant(args[last]);
    if (out.at < room.ampleTo) room.count++;
    else if (!room.has(start, DETAIL, budget, fn)) room.cutCall(start, id, caller, fn, budget);
    if (this.seams !== null && !room.limits.cut.has(id)) {
      this.seams.called(id, { fn, parent: caller, t0: buffer.timeAt(i + 3), json: scope.json });
    }
  }

  private callHead(id: number, fn: number, caller: number, t0: number, json: Uint8Array): FunctionText {
    const { out } = this;
    const text = this.functions.textOf(fn);
    out.constant(this.heads[CALL]);
    out.integer(id);
    this.parent(caller);
    out.constant(text.call);
    out.time(t0);
    if (json.length > 0) out.bytes(json);
    return text;
  }

  private parent(id: number): void {
    const { out } = this;
    if (id === 0) return out.constant(NO_PARENT);
    out.constant(PARENT);
    out.integer(id);
  }

  /** An exception without its call: of equal ones, the first. */
  private capped(i: number, id: number, caller: number, fn: number, budget: Budget): void {
    const { out, room, buffer, totals } = this;
    const { limits } = room;
    const key = fn + (buffer.values[this.valueAt] as ThrownValue).key;
    if (limits.isKnownError(budget, key)) {
      this.skipValue();
      totals.errors++;
      return;
    }
    const start = out.at;
    out.constant(this.heads[CAPPED_EXCEPTION]);
    out.integer(id);
    this.parent(caller);
    out.constant(this.functions.textOf(fn).end);
    out.time(buffer.timeAt(i + 3));
    out.constant(CAPPED_ERROR);
    this.value();
    out.constant(END_OF_LINE);
    if (room.has(start, NOTES, budget)) {
      limits.knowError(budget, key);
      arrayPush(this.newErrors, { root: budget, key });
    } else {
      out.cut(start);
      totals.errors++;
    }
  }

  private endOfCall(i: number, kind: number, id: number, fn: number, budget: Budget): void {
    const { out, room, buffer } = this;
    const start = out.at;
    if (room.keeper === null && kind < SETTLE) room.openCalls--;
    this.seams?.ended(id);
    const time = buffer.timeAt(i + 3);
    out.constant(this.heads[kind]);
    out.integer(id);
    out.constant(this.functions.textOf(fn).end);
    out.time(time);
    out.constant(DURATION);
    out.integer(time - buffer.timeAt(i + 2));
    out.constant(kind === EXCEPTION || kind === SETTLE_ERROR ? ERROR : RETURN_VALUE);
    const valueStart = out.at;
    this.value(isErrorEvent(kind) && this.isStackKnown(fn, budget));
    const close = kind === RETURN_PROMISE ? END_OF_PENDING : END_OF_LINE;
    out.constant(close);
    if (out.at < room.ampleTo) room.count++;
    else if (!room.has(start, NOTES, budget)) {
      room.tellNoRoom(room.isFull(), budget);
      out.cut(valueStart);
      out.text(isErrorEvent(kind) ? OMITTED_ERROR : OMITTED);
      out.constant(close);
      if (!room.has(start, ENDS, budget)) room.cutLine(start);
    }
  }

  /** Reading a stack is most of what a caught exception costs. */
  private isStackKnown(fn: number, budget: Budget): boolean {
    const thrown = this.buffer.values[this.valueAt] as ThrownValue;
    if (!thrown.hasStack || this.isCounted) return false;
    return this.room.limits.isStackKnown(budget, fn, thrown.key);
  }

  private value(withoutStack = false): void {
    const { out, buffer } = this;
    const { values } = buffer;
    const kept = values[this.valueAt++];
    if (kept === MADE) {
      out.copy(buffer.made, values[this.valueAt] as number, values[this.valueAt + 1] as number);
      this.valueAt += 2;
    } else if (kept instanceof ThrownValue) out.text(kept.toJson(!withoutStack && kept !== this.lastError.value));
    else if (typeof kept === 'string') this.parts.options.preview.short(kept, out);
    else out.primitive(kept);
  }

  private skipValue(): void {
    this.valueAt += this.buffer.values[this.valueAt] === MADE ? 3 : 1;
  }

  /** Two arguments whose names say nothing: `("Authorization", "Basic …")`. */
  private isHeader(values: unknown[], at: number): boolean {
    const first = values[at];
    return (
      typeof first === 'string' && namesNext(first, 0, OF_HEADERS, values[at + 1], this.parts.options.preview.isSecret)
    );
  }

  /** Arguments of which a name says that some values, or what comes after some, are secret. */
  private namedArguments({ args }: FunctionText, named: Uint8Array): void {
    const { out, buffer } = this;
    let hiding = false;
    for (let a = 0; a < args.length - 1; a++) {
      out.constant(args[a]);
      const kept = buffer.values[this.valueAt];
      if ((hiding && named[a] === VALUE_ARGUMENT && mayBeSecret(kept)) || isSoftSecret(named[a] as Softness, kept)) {
        out.string(REDACTED);
        this.skipValue();
        continue;
      }
      if (named[a] === NAME_ARGUMENT && typeof kept === 'string') hiding = this.parts.options.preview.isSecret(kept);
      this.value();
    }
  }
}
