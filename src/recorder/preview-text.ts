import { arrayOf, stringSlice } from '../intrinsics.js';
import { createEncoder, type Encoder } from './encoder.js';
import { MAX_FLATTEN } from './errors.js';
import type { IsSecret } from './is-secret.js';
import { keyTest, type KeyTest } from './key-kinds.js';
import { KnownKeys } from './known-keys.js';
import { LongStrings } from './long-strings.js';
import { hashBytes, hashedPart, writeHash } from './preview-hash.js';
import { redactText } from './redact.js';
import { stringMayHoldSecret, textMayHoldBlock } from './secret-bytes.js';
import type { PreviewLimits } from './thrown-value.js';

/**
 * Values shown in one preview, whatever its shape: bounds the time that wide and deep graphs cost. An object
 * with others after it may take half of what is left, so that a large one leaves room for them.
 */
export const MAX_NODES = 256;
/** Text weighs too: as many characters (a power of two: 2 ** 6) count as one more value. */
export const TEXT_SHIFT = 6;
/** Values of one preview that are walked for hashes of what was cut; each hash counts as that many, or more. */
export const MAX_HASHED = 32;
const LEAST_HASHED = 8;
/** Levels of any preview: each takes room on the program's stack. */
const MAX_LEVELS = 200;
/** The end of a text that was cut may be a part of a secret. */
const LEFT_OUT = 64;
/** Bytes of room for previews; the system gives it as it is used. */
const ROOM = 4 * 1024 * 1024;

export const OPEN = 0x7b;
export const CLOSE = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const COMMA = 0x2c;

/** Strings of a preview, how much of it there may be, and hashes of what is cut. */
export class PreviewText {
  readonly out: Encoder = createEncoder(() => undefined, ROOM);
  protected readonly maxString: number;
  protected readonly maxItems: number;
  protected readonly maxDepth: number;
  protected readonly keys: KnownKeys;
  protected readonly keyKind: KeyTest;
  private readonly longStrings = new LongStrings();
  protected nodes = 0;
  /** What `nodes` may reach within the current object. */
  protected most = MAX_NODES;
  /** Something comes after the current value. */
  protected more = false;
  /** From here on, objects are not looked into. */
  protected deepest: number;
  /** What is written is not to be shown: see `beginHash`. */
  protected hashing = false;
  protected toBeHashed = 0;
  protected shownNodes = 0;
  protected shownMost = 0;
  /** The objects around the current one, by depth. */
  protected readonly path: (object | null)[];

  constructor(
    { maxString, maxItems, maxDepth }: PreviewLimits,
    protected readonly isSecret: IsSecret,
  ) {
    this.maxString = maxString;
    this.maxItems = maxItems;
    this.maxDepth = maxDepth < MAX_LEVELS ? maxDepth : MAX_LEVELS;
    this.deepest = this.maxDepth;
    this.path = arrayOf<object | null>(this.maxDepth + 1, null);
    this.keys = new KnownKeys(maxString, isSecret);
    this.keyKind = keyTest(isSecret);
  }

  string(text: string): void {
    const { out, maxString } = this;
    if (text.length <= maxString) {
      this.nodes += text.length >> TEXT_SHIFT;
      return this.short(text, out);
    }
    if (text.length > MAX_FLATTEN) return out.text(`{"$type":"string","length":${text.length}}`);
    this.nodes += maxString >> TEXT_SHIFT;
    const isHashed = !this.hashing && this.toBeHashed > 0;
    if (isHashed) this.toBeHashed -= LEAST_HASHED;
    if (this.longStrings.write(text, isHashed, out)) return;
    const from = out.at;
    this.long(text, isHashed);
    this.longStrings.keep(text, isHashed, out, from);
  }

  /** Lets go of the strings that were shown. */
  forget(): void {
    this.longStrings.forget();
  }

  /** Writes the beginning of a string that is too long to be shown. */
  private long(text: string, isHashed: boolean): void {
    const { out, maxString } = this;
    out.text(`{"$type":"string","length":${text.length},"value":`);
    const start = out.at;
    const wide = maxString * 2;
    // What is cut off in the middle has lost its end, by which it may be told.
    const part = isHashed ? hashedPart(text, wide) : stringSlice(text, 0, wide);
    const shown = this.withoutSecrets(part);
    const hash = isHashed ? hashBytes(out.room(0), start, out.at) : 0;
    out.cut(start);
    const most = shown === part || text.length <= wide ? maxString : shown.length - LEFT_OUT;
    out.string(stringSlice(shown, 0, most < maxString ? (most > 0 ? most : 0) : maxString));
    if (isHashed) writeHash(out, hash);
    out.byte(CLOSE);
  }

  /** Writes a text without the secrets in it, and returns it. */
  protected withoutSecrets(text: string): string {
    const { out } = this;
    const from = out.at;
    const has = out.string(text);
    const may = stringMayHoldSecret(out.room(0), from + 1, out.at - 1, has, this.keyKind);
    if (!may && !textMayHoldBlock(text, has)) return text;
    const shown = redactText(text, this.isSecret);
    if (shown === text) return text;
    out.cut(from);
    out.string(shown);
    return shown;
  }

  /** Writes the hash of what that step writes, which is not shown; nothing where enough was hashed. */
  protected hashOf(write: () => void): void {
    const start = this.beginHash();
    if (start < 0) return;
    write();
    writeHash(this.out, this.endHash(start));
  }

  /** What is written from here tells two values apart, and is not shown; -1 where enough was hashed. */
  protected beginHash(): number {
    if (this.hashing || this.toBeHashed <= 0) return -1;
    this.hashing = true;
    this.shownNodes = this.nodes;
    this.shownMost = this.most;
    this.nodes = 0;
    this.most = this.toBeHashed;
    this.more = false;
    return this.out.at;
  }

  /** The hash of what was written from there, which is taken back. */
  protected endHash(start: number): number {
    const { out } = this;
    const hash = hashBytes(out.room(0), start, out.at);
    out.cut(start);
    this.hashing = false;
    this.toBeHashed -= this.nodes > LEAST_HASHED ? this.nodes : LEAST_HASHED;
    this.nodes = this.shownNodes;
    this.most = this.shownMost;
    return hash;
  }

  short(text: string, to: Encoder): void {
    const from = to.at;
    const has = to.string(text);
    const may = stringMayHoldSecret(to.room(0), from + 1, to.at - 1, has, this.keyKind);
    if (!may && !textMayHoldBlock(text, has)) return;
    const shown = redactText(text, this.isSecret);
    if (shown === text) return;
    to.cut(from);
    to.string(shown);
  }
}
