import { arrayPush, max, min } from '../intrinsics.js';
import type { Admission } from './admission.js';
import type { Encoder } from './encoder.js';
import { EVENTS, SLOTS } from './event-buffer.js';
import { createKeeper, type Keeper } from './keep.js';
import type { KnownFunctions } from './known-functions.js';
import { DETAIL, ENDS, NOTES, TOTALS, type Limits, type Part } from './limits.js';
import { nameOf, type Budget } from './scope.js';
import type { Totals } from './totals.js';
import type { RecorderOptions } from './types.js';

/** Bytes of the end of a call, at least. */
const END_BYTES = 200;

export interface LineRoomParts {
  options: RecorderOptions;
  out: Encoder;
  /** Of the process. */
  budget: Budget;
  limits: Limits;
  functions: KnownFunctions;
  admission: Admission;
  totals: Totals;
}

/** Which of the lines that are being made have room in the file, or wait until it is known whether they are kept. */
export class LineRoom {
  readonly limits: Limits;
  readonly keeper: Keeper | null;
  /** Those among the lines that are being made. */
  count = 0;
  /** Up to where nobody needs to ask whether there is room for the next line. */
  ampleTo = 0;
  /** The event of which the line is being made, and those before it that wait. */
  lineAt = 0;
  private takenUpTo = 0;
  /** Calls in the file that have not ended, for which it must have room, and how many there were at the last commit. */
  openCalls = 0;
  private openCallsBefore = 0;
  /** Something in the trace is without its beginning. */
  anyCut = false;
  /** What was left out before and has ended in the lines that are being made. */
  private endedCuts: number[] = [];
  /** Whose lines are being made, and up to where they are in its count. */
  private charged: Budget;
  private chargedTo = 0;
  /** Lines of limits that were reached, and not written yet. */
  private limitsReached: { line: string; part: Part }[] = [];
  private limitsSaid = 0;
  private fileTold = false;
  private readonly longestLine: number;

  constructor(private readonly parts: LineRoomParts) {
    const { options, budget, limits } = parts;
    this.limits = limits;
    this.charged = budget;
    this.longestLine = options.segments === null ? Infinity : options.segments.size / 4;
    this.keeper = options.keep === null ? null : createKeeper(options.keep, budget, keeperHost(this, parts));
  }

  begin(root: Budget): void {
    this.count = 0;
    this.limitsSaid = 0;
    this.openCalls = this.openCallsBefore;
    this.endedCuts = [];
    this.keeper?.begin();
    this.chargedTo = 0;
    this.charged = root;
  }

  /** What was made so far is in the file. */
  commit(): void {
    this.parts.totals.counts.events += this.count;
    this.count = 0;
    if (this.limitsSaid > 0) this.limitsReached = [];
    this.limitsSaid = 0;
    this.keeper?.commit();
    for (let i = 0; i < this.endedCuts.length; i++) this.limits.cut.delete(this.endedCuts[i]);
    if (this.endedCuts.length > 0) this.endedCuts = [];
    this.chargedTo = 0;
    this.openCallsBefore = this.openCalls;
  }

  /** The buffer is empty. */
  forget(): void {
    this.takenUpTo = 0;
  }

  /**
   * Whether the line since `start` may be written; counts it then. Also where it is to wait.
   *
   * @param fn of a call that begins
   */
  has(start: number, part: Part, root: Budget, fn = -1): boolean {
    const { out, options, functions } = this.parts;
    const { keeper, limits } = this;
    this.charge(start);
    if (keeper !== null) {
      // A drain that was cut off has it already.
      const taken = this.lineAt < this.takenUpTo && keeper.stateOf(root) !== 'kept';
      if (taken) out.cut(start);
      if (taken || keeper.takes(root, out, start, fn < 0 ? fn : (functions.reportedAs.get(fn) ?? fn))) {
        this.takenUpTo = max(this.takenUpTo, this.lineAt + SLOTS);
        return true;
      }
    }
    const end = out.at;
    if (end - start > this.longestLine) return false;
    const size = options.sink.bytes + end;
    const withEnds = size + this.openCalls * END_BYTES;
    if (!limits.fits(part, part === DETAIL ? withEnds : size)) return false;
    // What an end says must leave room for the other ends.
    if (part === NOTES && !limits.fits(ENDS, withEnds)) return false;
    const bytes = root.bytes + end - start;
    if (part < ENDS && limits.isOver(root, bytes, size, part)) return false;
    root.bytes = bytes;
    this.chargedTo = end;
    this.count++;
    return true;
  }

  /** Lines before that place which were not looked at one by one. */
  private charge(to: number): void {
    this.charged.bytes += to - this.chargedTo;
    this.chargedTo = to;
  }

  /** The lines from here on are of that root context. */
  chargeTo(root: Budget): void {
    const { out, options } = this.parts;
    const { limits } = this;
    const { sink, segments } = options;
    this.charge(out.at);
    this.charged = root;
    const left = limits.ample(root, sink.bytes) - root.bytes;
    if (this.keeper !== null || segments !== null) this.ampleTo = -1;
    else {
      const inFile = limits.ample(null, sink.bytes) - sink.bytes - EVENTS * END_BYTES;
      this.ampleTo = min(out.at + left, inFile, out.batch);
    }
  }

  isFull(): boolean {
    const { out, options } = this.parts;
    return !this.limits.fits(DETAIL, options.sink.bytes + out.at + this.openCalls * END_BYTES);
  }

  cutLine(start: number): void {
    this.parts.out.cut(start);
    this.parts.totals.lines++;
  }

  /** There is no room for that call: from now on, calls like it are not even looked at. */
  cutCall(start: number, id: number, caller: number, fn: number, root: Budget): void {
    const { out, functions, totals } = this.parts;
    const fileIsFull = this.isFull();
    out.cut(start);
    if (this.keeper === null) this.openCalls--;
    this.noRoom(fileIsFull, root);
    // Again where a drain was cut off.
    if (this.limits.cut.has(id)) return;
    this.cutBeginning(id, caller);
    functions.leftOut(fn);
    if (!fileIsFull) totals.byShare++;
  }

  cutBeginning(id: number, caller: number): void {
    this.limits.cut.set(id, caller);
    this.anyCut = true;
  }

  /** Something of which the beginning was left out has ended. */
  cutHasEnded(id: number): void {
    arrayPush(this.endedCuts, id);
  }

  /** There was no room for details of that root context: from now on, its calls are not recorded. */
  noRoom(fileIsFull: boolean, root: Budget): void {
    const { admission, totals } = this.parts;
    if (fileIsFull && !admission.full) {
      admission.full = true;
      totals.full();
    }
    this.tellNoRoom(fileIsFull, root);
  }

  tellNoRoom(fileIsFull: boolean, root: Budget): void {
    const { options, budget, admission } = this.parts;
    if (fileIsFull) {
      // Ends of calls may have taken all of their own room.
      if (!this.fileTold) this.tell(admission.limitLine('max_file', ''), TOTALS);
      this.fileTold = true;
    } else if (!root.spent) {
      root.spent = true;
      if (root.open || root === budget) admission.spentContexts++;
      this.limits.spent(options.sink.bytes);
      this.tell(admission.limitLine('context_share', nameOf(root, root.json)));
    }
  }

  tell(line: string, part: Part = ENDS): void {
    arrayPush(this.limitsReached, { line, part });
  }

  /** After the lines for which there was no room, or the last for which there was. */
  writeLimits(): void {
    const { out, budget } = this.parts;
    this.charge(out.at);
    for (let i = 0; i < this.limitsReached.length; i++) {
      const { line, part } = this.limitsReached[i];
      const start = out.at;
      out.text(line);
      if (!this.has(start, part, budget)) out.cut(start);
    }
    this.limitsSaid = this.limitsReached.length;
  }
}

function keeperHost(room: LineRoom, { out, functions, totals, admission }: LineRoomParts) {
  return {
    write(root: Budget, bytes: Uint8Array, count: number): boolean {
      const start = out.at;
      out.bytes(bytes);
      if (!room.has(start, DETAIL, root)) {
        room.noRoom(room.isFull(), root);
        out.cut(start);
        return false;
      }
      room.count += count - 1;
      return true;
    },
    leftOut(list: readonly number[], calls: number, why: 'kept' | 'room' | 'waiting', lines: number): void {
      for (let i = 0; i < calls; i++) functions.recorded[list[i]]--;
      if (why === 'kept') totals.byKeep += calls;
      else if (why === 'waiting') {
        totals.whileWaiting += calls;
        totals.waitingLines += lines;
      } else if (!admission.full) totals.byShare += calls;
    },
    overflowed: (root: Budget) => room.tell(admission.limitLine('waiting_lines', nameOf(root, root.json))),
  };
}
