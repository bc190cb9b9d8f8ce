import { getOwnPropertyDescriptor, getPrototypeOf, hasOwn, objectPrototype, uncurry } from '../intrinsics.js';
import { mayBeSecret } from './is-secret.js';
import { CLOSE, CLOSE_LIST, COMMA, OPEN_LIST, PreviewText } from './preview-text.js';
import { namesNext } from './secret-pairs.js';

/** A longer key of a Map is data and not looked at: it may be any string, and hashing it reads all of it. */
export const MAX_MAP_KEY = 256;

export const getter = <T>(prototype: object, name: PropertyKey): ((self: unknown) => T) =>
  uncurry(getOwnPropertyDescriptor(prototype, name)!.get!) as (self: unknown) => T;
const next = <T>(iterator: object): ((self: unknown) => IteratorResult<T>) =>
  uncurry((getPrototypeOf(iterator) as { next: () => IteratorResult<T> }).next);
export const mapSize = getter<number>(Map.prototype, 'size');
const mapEntries = uncurry(Map.prototype.entries);
const mapNext = next<[unknown, unknown]>(new Map().entries());
export const setSize = getter<number>(Set.prototype, 'size');
const setValues = uncurry(Set.prototype.values);
const setNext = next<unknown>(new Set().values());
const { __lookupGetter__: legacyLookup } = objectPrototype as { __lookupGetter__?: (key: PropertyKey) => unknown };
/** The getter of a property, which has to be the object's own. It may be missing: the program can delete it. */
export const lookupGetter = (legacyLookup ? uncurry(legacyLookup) : () => null) as (
  self: object,
  key: number | string,
) => unknown;

/** Arrays, maps and sets of a preview. */
export abstract class PreviewLists extends PreviewText {
  abstract any(value: unknown, depth: number): void;

  protected list(input: unknown[], depth: number): void {
    const { out, maxItems } = this;
    const { length } = input;
    const kept = length < maxItems ? length : maxItems;
    const start = out.at;
    out.byte(OPEN_LIST);
    const end = this.items(input, depth, 0, kept);
    out.byte(CLOSE_LIST);
    if (end === length) return;
    out.insert(start, `{"$type":"Array","length":${length},"items":`);
    this.hashOf(() => this.items(input, depth, end, length));
    out.byte(CLOSE);
  }

  /** Writes items of a list; returns the index of the first one that is not written. */
  protected items(input: unknown[], depth: number, from: number, kept: number): number {
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
  protected namesNext(input: unknown[], i: number): boolean {
    const { length } = input;
    if ((i & 1) !== 0 || i + 1 === length) return false;
    const next = getOwnPropertyDescriptor(input, i + 1)?.value as unknown;
    return namesNext(getOwnPropertyDescriptor(input, i)?.value, i, length, next, this.isSecret);
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
  protected entries(entries: object, size: number, from: number, kept: number, depth: number): number {
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
  protected members(items: object, size: number, from: number, kept: number, depth: number): number {
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

  protected redacted(): void {
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

  /** The value of a secret name. */
  protected hide(value: unknown, depth: number): void {
    if (mayBeSecret(value)) this.redacted();
    else this.any(value, depth + 1);
  }
}
