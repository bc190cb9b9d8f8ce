import { writeBuiltIn, type ValueWriter } from './built-ins.js';
import { constant, createEncoder, type Constant, type Encoder } from './encoder.js';
import { MAX_FLATTEN } from './errors.js';
import { KnownClasses, NO_CLASS } from './known-classes.js';
import { KnownKeys, type Key } from './known-keys.js';
import { isEmitterInternal, isHandle, isHandleInternal, isStream } from './node-objects.js';
import { isSoftSecret, mayBeSecret, type IsSecret } from './is-secret.js';
import { keyTest, type KeyTest } from './key-kinds.js';
import { redactText } from './redact.js';
import { stringMayHoldSecret, textMayHoldBlock } from './secret-bytes.js';
import { hashBytes, hashedPart, writeHash } from './preview-hash.js';
import { NAME, NO_ROLE, VALUE, namesNext } from './secret-pairs.js';
import { ThrownValues, type PreviewLimits, type ThrownValue } from './thrown-value.js';
import type { WebField } from './web-objects.js';
import {
  arrayOf,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isArray,
  isMap,
  isModuleNamespaceObject,
  isProxy,
  isSet,
  objectKeys,
  objectPrototype,
  stringSlice,
  uncurry,
} from '../intrinsics.js';

/**
 * Values shown in one preview, whatever its shape: bounds the time that wide and deep graphs cost. An object
 * with others after it may take half of what is left, so that a large one leaves room for them.
 */
const MAX_NODES = 256;
/** Text weighs too: as many characters (a power of two: 2 ** 6) count as one more value. */
const TEXT_SHIFT = 6;
/** Values of one preview that are walked for hashes of what was cut; each hash counts as that many, or more. */
const MAX_HASHED = 32;
const LEAST_HASHED = 8;
/** A longer key of a Map is data and not looked at: it may be any string, and hashing it reads all of it. */
const MAX_MAP_KEY = 256;
/** Levels of any preview: each takes room on the program's stack. */
const MAX_LEVELS = 200;
/** What stands at the end of a text that was cut may be a part of a secret. */
const LEFT_OUT = 64;
/** Bytes of room for previews; the system gives it as it is used. */
const ROOM = 4 * 1024 * 1024;

const getter = <T>(prototype: object, name: PropertyKey): ((self: unknown) => T) =>
  uncurry(getOwnPropertyDescriptor(prototype, name)!.get!) as (self: unknown) => T;
const next = <T>(iterator: object): ((self: unknown) => IteratorResult<T>) =>
  uncurry((getPrototypeOf(iterator) as { next: () => IteratorResult<T> }).next);
const mapSize = getter<number>(Map.prototype, 'size');
const mapEntries = uncurry(Map.prototype.entries);
const mapNext = next<[unknown, unknown]>(new Map().entries());
const setSize = getter<number>(Set.prototype, 'size');
const setValues = uncurry(Set.prototype.values);
const setNext = next<unknown>(new Set().values());
const { __lookupGetter__: legacyLookup } = objectPrototype as { __lookupGetter__?: (key: PropertyKey) => unknown };
/** The getter of a property, which has to be the object's own. Old, so that somebody may have taken it away. */
const lookupGetter = (legacyLookup ? uncurry(legacyLookup) : () => null) as (self: object, key: number) => unknown;
const symbolDescription = getter<string | undefined>(Symbol.prototype, 'description');

const PROXY = constant('{"$type":"Proxy"}');
const CIRCULAR = constant('{"$type":"circular"}');
const FUNCTION = constant('{"$type":"function","name":');
const ARRAY = constant('{"$type":"Array","length":');
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

/** Makes previews: JSON text of a value, bounded, with no code of the program's run on the way. */
export interface Previewer {
  /** Where `write` writes; whoever calls it empties it. */
  readonly out: Encoder;
  /** Writes JSON text of any value. */
  write(value: unknown): void;
  /** Writes JSON text of a string of which all is shown. */
  short(text: string, to: Encoder): void;
  /** The same as a string. */
  value(value: unknown): string;
  /**
   * A thrown value, in the shape of a record's `error`.
   *
   * @param stack its stack, where the caller has it
   * @param hidden what is no error is secret
   */
  error(value: unknown, stack?: string, hidden?: boolean): ThrownValue;
  /** Whether the value of a key is left out. */
  readonly isSecret: IsSecret;
}

/** @param isSecret answers whether the value of a key is to be left out */
export function createPreviewer(limits: PreviewLimits, isSecret: IsSecret): Previewer {
  const writer = new PreviewWriter(limits, isSecret);
  const thrown = new ThrownValues((value) => writer.value(value), limits, isSecret);
  return {
    out: writer.out,
    write: (value) => writer.write(value),
    short: (text, to) => writer.short(text, to),
    value: (value) => writer.value(value),
    error: (value, stack, hidden) => thrown.of(value, stack, hidden),
    isSecret,
  };
}

class PreviewWriter implements ValueWriter {
  readonly out = createEncoder(() => undefined, ROOM);
  private readonly maxString: number;
  private readonly maxItems: number;
  private readonly maxDepth: number;
  private readonly keys: KnownKeys;
  private readonly keyKind: KeyTest;
  private readonly classes = new KnownClasses();
  private nodes = 0;
  /** What `nodes` may reach within the current object. */
  private most = MAX_NODES;
  /** Something comes after the current value. */
  private more = false;
  /** From here on, objects are not looked into. */
  private deepest: number;
  /** What is written is not to be shown: see `beginHash`. */
  private hashing = false;
  private toBeHashed = 0;
  private shownNodes = 0;
  private shownMost = 0;
  /** The objects around the current one, by depth. */
  private readonly path: (object | null)[];

  constructor(
    { maxString, maxItems, maxDepth }: PreviewLimits,
    private readonly isSecret: IsSecret,
  ) {
    this.maxString = maxString;
    this.maxItems = maxItems;
    this.maxDepth = maxDepth < MAX_LEVELS ? maxDepth : MAX_LEVELS;
    this.deepest = this.maxDepth;
    this.path = arrayOf<object | null>(this.maxDepth + 1, null);
    this.keys = new KnownKeys(maxString, isSecret);
    this.keyKind = keyTest(isSecret);
  }

  write(input: unknown): void {
    const { out, path } = this;
    const from = out.position();
    this.nodes = 0;
    this.most = MAX_NODES;
    this.more = false;
    this.toBeHashed = MAX_HASHED;
    try {
      this.any(input, 0);
    } catch {
      // Only the end of the stack gets here; the program meets it next.
      for (let i = 0; i <= this.maxDepth; i++) path[i] = null;
      this.hashing = false;
      this.deepest = this.maxDepth;
      out.cut(from);
      out.text('{"$type":"unavailable"}');
    }
  }

  value(input: unknown): string {
    const { out } = this;
    const from = out.position();
    this.write(input);
    const text = out.slice(from);
    out.cut(from);
    return text;
  }

  any(input: unknown, depth: number): void {
    const { out } = this;
    this.nodes++;
    switch (typeof input) {
      case 'string':
        return this.string(input);
      case 'bigint':
        return out.text(bigintJson(input));
      case 'symbol':
        out.text('{"$type":"symbol","name":');
        this.string(symbolDescription(input) ?? '');
        return out.byte(CLOSE);
      case 'function':
        return isProxy(input) ? out.constant(PROXY) : this.named(input);
      case 'object':
        return input === null ? out.primitive(null) : this.object(input, depth);
      default:
        return out.primitive(input);
    }
  }

  string(text: string): void {
    const { out, maxString } = this;
    if (text.length <= maxString) {
      this.nodes += text.length >> TEXT_SHIFT;
      return this.short(text, out);
    }
    if (text.length > MAX_FLATTEN) return out.text(`{"$type":"string","length":${text.length}}`);
    this.nodes += maxString >> TEXT_SHIFT;
    out.text(`{"$type":"string","length":${text.length},"value":`);
    const start = out.position();
    const wide = maxString * 2;
    const isHashed = !this.hashing && this.toBeHashed > 0;
    // What is cut off in the middle has lost its end, by which it may be told.
    const part = isHashed ? hashedPart(text, wide) : stringSlice(text, 0, wide);
    const shown = this.withoutSecrets(part);
    const hash = isHashed ? hashBytes(out.room(0), start, out.position()) : 0;
    out.cut(start);
    const most = shown === part || text.length <= wide ? maxString : shown.length - LEFT_OUT;
    out.string(stringSlice(shown, 0, most < maxString ? (most > 0 ? most : 0) : maxString));
    if (isHashed) {
      this.toBeHashed -= LEAST_HASHED;
      writeHash(out, hash);
    }
    out.byte(CLOSE);
  }

  /** Writes a text without the secrets in it, and returns it. */
  private withoutSecrets(text: string): string {
    const { out } = this;
    const from = out.position();
    const has = out.string(text);
    const may = stringMayHoldSecret(out.room(0), from + 1, out.position() - 1, has, this.keyKind);
    if (!may && !textMayHoldBlock(text, has)) return text;
    const shown = redactText(text, this.isSecret);
    if (shown === text) return text;
    out.cut(from);
    out.string(shown);
    return shown;
  }

  /** Writes the hash of what that step writes, which is not shown; nothing where enough was hashed. */
  private hashOf(write: () => void): void {
    const start = this.beginHash();
    if (start < 0) return;
    write();
    writeHash(this.out, this.endHash(start));
  }

  /** What is written from here tells two values apart, and is not shown; -1 where enough was hashed. */
  private beginHash(): number {
    if (this.hashing || this.toBeHashed <= 0) return -1;
    this.hashing = true;
    this.shownNodes = this.nodes;
    this.shownMost = this.most;
    this.nodes = 0;
    this.most = this.toBeHashed;
    this.more = false;
    return this.out.position();
  }

  /** The hash of what was written from there, which is taken back. */
  private endHash(start: number): number {
    const { out } = this;
    const hash = hashBytes(out.room(0), start, out.position());
    out.cut(start);
    this.hashing = false;
    this.toBeHashed -= this.nodes > LEAST_HASHED ? this.nodes : LEAST_HASHED;
    this.nodes = this.shownNodes;
    this.most = this.shownMost;
    return hash;
  }

  short(text: string, to: Encoder): void {
    const from = to.position();
    const has = to.string(text);
    const may = stringMayHoldSecret(to.room(0), from + 1, to.position() - 1, has, this.keyKind);
    if (!may && !textMayHoldBlock(text, has)) return;
    const shown = redactText(text, this.isSecret);
    if (shown === text) return;
    to.cut(from);
    to.string(shown);
  }

  private named(input: object): void {
    const name = getOwnPropertyDescriptor(input, 'name')?.value as unknown;
    this.out.constant(FUNCTION);
    this.string(typeof name === 'string' ? name : '');
    this.out.byte(CLOSE);
  }

  private object(input: object, depth: number): void {
    const { path } = this;
    if (isProxy(input)) return this.out.constant(PROXY);
    for (let i = 0; i < depth; i++) if (path[i] === input) return this.out.constant(CIRCULAR);
    const array = isArray(input);
    if (depth >= this.deepest || this.nodes > this.most) return this.outlineWithHash(input, array, depth);
    path[depth] = input;
    const outer = this.most;
    if (this.more) this.most -= (outer - this.nodes) >> 1;
    if (array) this.list(input as unknown[], depth);
    else this.record(input, depth);
    this.most = outer;
    // Nothing of the program's may be kept alive from here.
    path[depth] = null;
  }

  /** Of what is in the object, one level. */
  private outlineWithHash(input: object, array: boolean, depth: number): void {
    const { out, path } = this;
    this.outline(input, array);
    const start = this.beginHash();
    if (start < 0) return;
    this.deepest = depth + 1;
    path[depth] = input;
    if (array) this.list(input as unknown[], depth);
    else this.record(input, depth);
    path[depth] = null;
    this.deepest = this.maxDepth;
    const hash = this.endHash(start);
    out.cut(start - 1);
    writeHash(out, hash);
    out.byte(CLOSE);
  }

  /** What is said of an object into which the preview does not go. */
  private outline(input: object, array: boolean): void {
    const { out } = this;
    if (array) {
      out.constant(ARRAY);
      out.integer((input as unknown[]).length);
      return out.byte(CLOSE);
    }
    if (isMap(input)) return out.text(`{"$type":"Map","size":${mapSize(input)},"truncated":true}`);
    if (isSet(input)) return out.text(`{"$type":"Set","size":${setSize(input)},"truncated":true}`);
    const prototype = getPrototypeOf(input) as object | null;
    out.constant(prototype === null ? NO_CLASS.outline : this.classes.of(input, prototype).outline);
  }

  private list(input: unknown[], depth: number): void {
    const { out, maxItems } = this;
    const { length } = input;
    const kept = length < maxItems ? length : maxItems;
    const start = out.position();
    out.byte(OPEN_LIST);
    const end = this.items(input, depth, 0, kept);
    out.byte(CLOSE_LIST);
    if (end === length) return;
    out.insert(start, `{"$type":"Array","length":${length},"items":`);
    this.hashOf(() => this.items(input, depth, end, length));
    out.byte(CLOSE);
  }

  /** Writes items of a list; returns the index of the first one that is not written. */
  private items(input: unknown[], depth: number, from: number, kept: number): number {
    const { out } = this;
    const { length } = input;
    let i = from;
    let secret = from > 0 && (length & 1) === 0 && this.namesNext(input, from - 1);
    for (; i < kept && this.nodes <= this.most; i++) {
      if (i > from) out.byte(COMMA);
      this.more = i + 1 < kept;
      if (!hasOwn(input, i)) {
        this.nodes++;
        out.text('{"$type":"hole"}');
        continue;
      }
      // V8 is three times as fast to say that there is no getter as to describe an element.
      const value = lookupGetter(input, i) === undefined ? input[i] : undefined;
      // Nothing, or an accessor.
      if (value === undefined) this.slot(getOwnPropertyDescriptor(input, i)!, depth);
      else if (secret) this.hide(value, depth);
      else this.any(value, depth + 1);
      secret = typeof value === 'string' && (length & 1) === 0 && this.namesNext(input, i);
    }
    return i;
  }

  /** Whether the item after that one is the value of a secret. */
  private namesNext(input: unknown[], i: number): boolean {
    const { length } = input;
    if ((i & 1) !== 0 || i + 1 === length) return false;
    const next = getOwnPropertyDescriptor(input, i + 1)?.value as unknown;
    return namesNext(getOwnPropertyDescriptor(input, i)?.value, i, length, next, this.isSecret);
  }

  private record(input: object, depth: number): void {
    const { out } = this;
    const prototype = getPrototypeOf(input) as object | null;
    if (prototype === objectPrototype) return this.fields(input, depth, null);
    // The bindings of a module throw until they are initialised.
    if (prototype === null) {
      return isModuleNamespaceObject(input) ? out.text('{"$type":"Module"}') : this.fields(input, depth, null);
    }
    const { type, plain, timer, bare, web } = this.classes.of(input, prototype);
    if (!plain && writeBuiltIn(this, input, depth, type)) return;
    if (web !== null) return this.webObject(input, type, web);
    if (bare) return this.fields(input, depth, null);
    if (hasOwn(input, '_events')) return this.emitter(input, depth, type);
    if (timer && hasOwn(input, '_idleNext')) {
      out.byte(OPEN);
      out.constant(type);
      return out.byte(CLOSE);
    }
    this.fields(input, depth, type);
  }

  /**
   * @param type stands before the fields; null: nothing does
   * @param hiding one of them is the name of a secret, another its value
   */
  private fields(input: object, depth: number, type: Constant | null, hiding = false): void {
    const { out, maxItems, keys: known } = this;
    const keys = objectKeys(input);
    const kept = keys.length < maxItems ? keys.length : maxItems;
    out.byte(OPEN);
    const start = out.position();
    if (type !== null) out.constant(type);
    const head = out.position();
    let lengthAt = -1;
    let hashAt = -1;
    let key: Key | null = null;
    let roles = 0;
    let i = 0;
    for (; i < kept && this.nodes <= this.most; i++) {
      const name = keys[i];
      const property = getOwnPropertyDescriptor(input, name);
      if (!property) continue;
      if (out.position() !== start) out.byte(COMMA);
      if (name === 'length') lengthAt = out.position();
      else if (name === 'hash') hashAt = out.position();
      key = known.after(key, name);
      this.more = i + 1 < kept;
      out.constant(key.name);
      if (key.made > 0) this.nodes += key.made >> TEXT_SHIFT;
      const value = property.value as unknown;
      if (key.role !== NO_ROLE) roles |= this.roleOf(key, value);
      // As in `slot`.
      if (value === undefined) this.slot(property, depth);
      else if (key.secret || (hiding && key.role === VALUE)) this.hide(value, depth);
      else if (key.soft !== 0 && isSoftSecret(key.soft, value)) this.redacted();
      else this.any(value, depth + 1);
    }
    if (roles === (NAME | VALUE) && !hiding) {
      out.cut(start - 1);
      return this.fields(input, depth, type, true);
    }
    if (i < keys.length) {
      // The true size and the hash have their names to themselves.
      if (hashAt > lengthAt) out.insert(hashAt + 1, '$');
      if (lengthAt >= 0) out.insert(lengthAt + 1, '$');
      if (hashAt >= 0 && hashAt < lengthAt) out.insert(hashAt + 1, '$');
      const size = `"length":${keys.length}`;
      if (type !== null) out.insert(head, `,${size}`);
      else out.insert(start, `"$type":"Object",${size}${out.position() === start ? '' : ','}`);
      this.hashOfFields(input, keys, i, depth);
    }
    out.byte(CLOSE);
  }

  /** The hash of the fields from that one on, without what another field may name as a secret. */
  private hashOfFields(input: object, keys: string[], from: number, depth: number): void {
    this.hashOf(() => {
      for (let i = from; i < keys.length && this.nodes <= this.most; i++) {
        const property = getOwnPropertyDescriptor(input, keys[i]);
        const key = this.keys.after(null, keys[i]);
        if (property && key.role !== VALUE) this.property(key, property, depth);
      }
    });
  }

  /** Which part a field has in naming a secret. */
  private roleOf(key: Key, value: unknown): number {
    if (key.role === VALUE) return VALUE;
    return typeof value === 'string' && value.length <= MAX_MAP_KEY && this.isSecret(value) ? NAME : 0;
  }

  /** The value of a secret name. */
  private hide(value: unknown, depth: number): void {
    if (mayBeSecret(value)) this.redacted();
    else this.any(value, depth + 1);
  }

  private property(key: Key, property: PropertyDescriptor, depth: number): void {
    this.nodes += key.made >> TEXT_SHIFT;
    this.out.constant(key.name);
    if (key.secret && property.value !== undefined) this.hide(property.value, depth);
    else if (isSoftSecret(key.soft, property.value)) this.redacted();
    else this.slot(property, depth);
  }

  /**
   * Emitters without their listeners. Streams, and with them sockets, requests and responses, hold hundreds of values of
   * Node's own, secret headers among them: of these what tells one from another is shown, and what the program added.
   */
  private emitter(input: object, depth: number, type: Constant): void {
    const { out } = this;
    const stream = isStream(input);
    if (stream && depth > 0) return this.outline(input, false);
    const internal = stream || isHandle(input) ? isHandleInternal : isEmitterInternal;
    const keys = objectKeys(input);
    out.byte(OPEN);
    out.constant(type);
    let shown = 0;
    let i = 0;
    for (; i < keys.length && shown < this.maxItems && this.nodes <= this.most; i++) {
      const key = keys[i];
      if (internal(key)) continue;
      const property = getOwnPropertyDescriptor(input, key);
      // What is not set yet says nothing.
      if (!property || property.value === null || (property.value === undefined && !property.get)) continue;
      if (property.value === '' && stream) continue;
      out.byte(COMMA);
      this.more = i + 1 < keys.length;
      this.property(this.keys.after(null, key), property, depth);
      shown++;
    }
    if (i < keys.length) {
      out.text(',"truncated":true');
      if (!stream) this.hashOfFields(input, keys, i, depth);
    }
    out.byte(CLOSE);
  }

  /** A request or response of `fetch`: nothing of it is its own property. */
  private webObject(input: object, type: Constant, fields: readonly WebField[]): void {
    const { out } = this;
    out.byte(OPEN);
    out.constant(type);
    for (let i = 0; i < fields.length; i++) {
      const { name, read } = fields[i];
      const value = read(input);
      if (value === undefined) continue;
      out.byte(COMMA);
      out.constant(name);
      this.any(value, 0);
    }
    out.byte(CLOSE);
  }

  private redacted(): void {
    this.nodes++;
    this.out.text('"<redacted>"');
  }

  slot(property: PropertyDescriptor, depth: number): void {
    // Asking for the value first spares most of them the look-up.
    const { value } = property as { value?: unknown };
    if (value !== undefined || hasOwn(property, 'value')) return this.any(value, depth + 1);
    this.nodes++;
    this.out.text(property.get ? '{"$type":"getter"}' : '{"$type":"setter"}');
  }

  map(input: Map<unknown, unknown>, depth: number): void {
    const { out } = this;
    const size = mapSize(input);
    out.text(`{"$type":"Map","size":${size},"entries":[`);
    const entries = mapEntries(input);
    const shown = this.entries(entries, size, 0, this.maxItems, depth);
    out.byte(CLOSE_LIST);
    if (shown < size) this.hashOf(() => this.entries(entries, size, shown, size, depth));
    out.byte(CLOSE);
  }

  /** Writes entries of a map; returns the index of the first one that is not written. */
  private entries(entries: object, size: number, from: number, kept: number, depth: number): number {
    const { out } = this;
    let i = from;
    for (; i < kept && this.nodes <= this.most; i++) {
      const entry = mapNext(entries);
      if (entry.done) break;
      const key = entry.value[0];
      const item = entry.value[1];
      const secret = typeof key === 'string' && key.length <= MAX_MAP_KEY && this.keys.after(null, key).secret;
      if (i > from) out.byte(COMMA);
      out.byte(OPEN_LIST);
      this.more = true;
      this.any(key, depth + 1);
      out.byte(COMMA);
      this.more = i + 1 < size;
      if (secret) this.hide(item, depth);
      else this.any(item, depth + 1);
      out.byte(CLOSE_LIST);
    }
    return i;
  }

  set(input: Set<unknown>, depth: number): void {
    const { out } = this;
    const size = setSize(input);
    out.text(`{"$type":"Set","size":${size},"items":[`);
    const items = setValues(input);
    const shown = this.members(items, size, 0, this.maxItems, depth);
    out.byte(CLOSE_LIST);
    if (shown < size) this.hashOf(() => this.members(items, size, shown, size, depth));
    out.byte(CLOSE);
  }

  /** The same of a set. */
  private members(items: object, size: number, from: number, kept: number, depth: number): number {
    const { out } = this;
    let i = from;
    for (; i < kept && this.nodes <= this.most; i++) {
      const item = setNext(items);
      if (item.done) break;
      if (i > from) out.byte(COMMA);
      this.more = i + 1 < size;
      this.any(item.value, depth + 1);
    }
    return i;
  }
}

function bigintJson(input: bigint): string {
  // The digits of a huge one take quadratic time.
  const huge = input > 2n ** 4096n || input < -(2n ** 4096n);
  return huge ? '{"$type":"bigint"}' : `{"$type":"bigint","value":"${input}"}`;
}
