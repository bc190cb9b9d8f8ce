import { arrayPush, stringStartsWith } from '../intrinsics.js';
import type { Encoder } from './encoder.js';
import type { LineRoom } from './line-room.js';
import { DETAIL, ENDS, NOTES } from './limits.js';
import type { Budget } from './scope.js';
import type { Seams } from './segments.js';
import type { Line } from './sink.js';
import type { Totals } from './totals.js';
import type { LineKind } from './types.js';

export interface RawLinesParts {
  out: Encoder;
  /** Of the process. */
  budget: Budget;
  room: LineRoom;
  seams: Seams | null;
  totals: Totals;
}

/** Writes lines that were made elsewhere. */
export class RawLines {
  /** Those among the lines that are being made. */
  private lines: Line[] = [];
  private ordinaryBytes = 0;

  constructor(private readonly parts: RawLinesParts) {}

  begin(): void {
    this.lines = [];
  }

  commit(): void {
    for (let i = 0; i < this.lines.length; i++) this.lines[i].written();
    if (this.lines.length > 0) this.lines = [];
  }

  /** @param here the root context of the events around it */
  write(line: string | Line, kind: LineKind, here: Budget): void {
    const { budget, room, seams } = this.parts;
    const { is, id = 0, scope } = kind;
    const { keeper } = room;
    const root = scope === undefined ? here : (scope?.budget ?? budget);
    if (is === 'closed') {
      if (scope === null) keeper?.closeAll();
      else keeper?.close(root, kind.how!.failed, kind.how!.durationNs);
      return;
    }
    if (typeof line !== 'string') arrayPush(this.lines, line);
    else if (seams !== null && stringStartsWith(line, '{"type":"module"')) seams.keep(line);
    if (is === 'begin') seams?.began(id, line as Line);
    else if (is === 'end') seams?.ended(id);
    if (is === 'end' && room.limits.cut.has(id)) {
      room.cutHasEnded(id);
      this.parts.totals.lines++;
      return;
    }
    if (keeper === null) return this.inFull(line, kind, root);
    const state = keeper.stateOf(root);
    if (state === 'left out' && is !== 'detail' && is !== 'note') return this.ordinary(line, is, root);
    if (is === 'begin' && state === 'waiting' && root.begin === null) root.begin = line as Line;
    else if (is === 'end') root.begin = null;
    if (is === 'outcome') this.outcome(line);
    else this.inFull(line, kind, root);
  }

  /** Every test has its line. */
  private outcome(line: string | Line): void {
    const { out, budget, room } = this.parts;
    const start = out.at;
    this.put(line);
    if (!room.has(start, ENDS, budget)) room.cutLine(start);
  }

  private put(line: string | Line): void {
    const { out } = this.parts;
    if (typeof line === 'string') out.text(line);
    else line.write(out, false);
  }

  private inFull(line: string | Line, { is, id = 0 }: LineKind, root: Budget): void {
    const { out, room, totals } = this.parts;
    const start = out.at;
    this.put(line);
    if (room.has(start, is === 'note' ? NOTES : is === 'outcome' || is === 'ending' ? ENDS : DETAIL, root)) return;
    room.tellNoRoom(room.isFull(), root);
    out.cut(start);
    if (is === 'begin' || is === 'end') {
      (line as Line).write(out, true);
      if (room.has(start, is === 'begin' ? NOTES : ENDS, root)) return;
      out.cut(start);
    }
    if (is === 'begin') room.cutBeginning(id, 0);
    totals.lines++;
  }

  /** What did not fail says no more than that. */
  private ordinary(line: string | Line, is: LineKind['is'], root: Budget): void {
    const { out, budget, room, totals } = this.parts;
    const start = out.at;
    if (typeof line === 'string') out.text(line);
    else {
      (root.begin as Line | null)?.write(out, 'bare');
      line.write(out, 'bare');
    }
    root.begin = null;
    const bytes = this.ordinaryBytes + out.at - start;
    if (is === 'outcome' || room.limits.fitsOrdinary(bytes)) {
      if (room.has(start, ENDS, budget)) {
        if (is === 'end') room.count++;
        if (is !== 'outcome') this.ordinaryBytes = bytes;
        return;
      }
    }
    out.cut(start);
    totals.contexts++;
  }
}
