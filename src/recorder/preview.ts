import { writeBuiltIn, type ValueWriter } from './built-ins.js';
import { constant, type Constant } from './constant.js';
import type { Encoder } from './encoder.js';
import { isSoftSecret, type IsSecret } from './is-secret.js';
import { KnownClasses, NO_CLASS } from './known-classes.js';
import type { Key } from './known-keys.js';
import { isEmitterInternal, isHandle, isHandleInternal, isStream } from './node-objects.js';
import { writeHash } from './preview-hash.js';
import { getter, lookupGetter, mapSize, MAX_MAP_KEY, PreviewLists, setSize } from './preview-lists.js';
import { CLOSE, COMMA, MAX_HASHED, MAX_NODES, OPEN, TEXT_SHIFT } from './preview-text.js';
import { NAME, NO_ROLE, VALUE, namesNext } from './secret-pairs.js';
import { ThrownValues, type PreviewLimits, type ThrownValue } from './thrown-value.js';
import type { WebField } from './web-objects.js';
import {
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
} from '../intrinsics.js';

const symbolDescription = getter<string | undefined>(Symbol.prototype, 'description');

const PROXY = constant('{"$type":"Proxy"}');
const CIRCULAR = constant('{"$type":"circular"}');
const FUNCTION = constant('{"$type":"function","name":');
const ARRAY = constant('{"$type":"Array","length":');
/** Makes previews: JSON text of a value, bounded, without running any code of the program. */
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
  /** To be called when `out` is emptied: lets go of what was shown. */
  forget(): void;
  /** Whether the value of a key is left out. */
  readonly isSecret: IsSecret;
}

/** @param isSecret returns whether the value of a key is to be left out */
export function createPreviewer(limits: PreviewLimits, isSecret: IsSecret): Previewer {
  const writer = new PreviewWriter(limits, isSecret);
  const thrown = new ThrownValues((value) => writer.value(value), limits, isSecret);
  return {
    out: writer.out,
    write: (value) => writer.write(value),
    short: (text, to) => writer.short(text, to),
    value: (value) => writer.value(value),
    error: (value, stack, hidden) => thrown.of(value, stack, hidden),
    forget: () => writer.forget(),
    isSecret,
  };
}

class PreviewWriter extends PreviewLists implements ValueWriter {
  private readonly classes = new KnownClasses();

  write(input: unknown): void {
    const { out, path } = this;
    const from = out.at;
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
    const from = out.at;
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

  private named(input: object): void {
    // A descriptor takes three times as long.
    const plain = hasOwn(input, 'name') && lookupGetter(input, 'name') === undefined;
    const name = plain
      ? (input as { name: unknown }).name
      : (getOwnPropertyDescriptor(input, 'name')?.value as unknown);
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
    // No object of the program may be kept alive from here.
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
    if (web !== null) return this.webObject(input, depth, type, web);
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
   * @param type comes before the fields; null: nothing does
   * @param hiding one of them is the name of a secret, another its value
   */
  private fields(input: object, depth: number, type: Constant | null, hiding = false): void {
    const { out, maxItems, keys: known } = this;
    const keys = objectKeys(input);
    const kept = keys.length < maxItems ? keys.length : maxItems;
    out.byte(OPEN);
    const start = out.at;
    if (type !== null) out.constant(type);
    const head = out.at;
    let lengthAt = -1;
    let hashAt = -1;
    let key: Key | null = null;
    let roles = 0;
    let i = 0;
    // The arguments of a call, or another object that is a list.
    const pairs = keys.length > 1 && keys[0] === '0';
    for (; i < kept && this.nodes <= this.most; i++) {
      const name = keys[i];
      const property = getOwnPropertyDescriptor(input, name);
      if (!property) continue;
      if (out.at !== start) out.byte(COMMA);
      if (name === 'length') lengthAt = out.at;
      else if (name === 'hash') hashAt = out.at;
      key = known.after(key, name);
      this.more = i + 1 < kept;
      out.constant(key.name);
      if (key.made > 0) this.nodes += key.made >> TEXT_SHIFT;
      const value = property.value as unknown;
      if (key.role !== NO_ROLE) roles |= this.roleOf(key, value);
      // As in `slot`.
      if (value === undefined) this.slot(property, depth);
      else if (key.secret || (hiding && key.role === VALUE) || (pairs && this.isNamed(input, keys, i, value))) {
        this.hide(value, depth);
      } else if (key.soft !== 0 && isSoftSecret(key.soft, value)) this.redacted();
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
      else out.insert(start, `"$type":"Object",${size}${out.at === start ? '' : ','}`);
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

  /** Whether the item before that one says that it is a secret. */
  private isNamed(input: object, keys: string[], i: number, value: unknown): boolean {
    if ((i & 1) === 0) return false;
    const name = getOwnPropertyDescriptor(input, keys[i - 1])?.value as unknown;
    return namesNext(name, i - 1, keys.length, value, this.isSecret);
  }

  /** Which part a field has in naming a secret. */
  private roleOf(key: Key, value: unknown): number {
    if (key.role === VALUE) return VALUE;
    return typeof value === 'string' && value.length <= MAX_MAP_KEY && this.isSecret(value) ? NAME : 0;
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
    out.byte(OPEN);
    out.constant(type);
    this.added(input, depth, internal, stream);
    out.byte(CLOSE);
  }

  /**
   * What the program has put on an object of Node's.
   *
   * @param brief without empty strings, and without a hash of what is left out
   */
  private added(input: object, depth: number, internal: (key: string) => boolean, brief: boolean): void {
    const { out } = this;
    const keys = objectKeys(input);
    let shown = 0;
    let i = 0;
    for (; i < keys.length && shown < this.maxItems && this.nodes <= this.most; i++) {
      const key = keys[i];
      if (internal(key)) continue;
      const property = getOwnPropertyDescriptor(input, key);
      // What is not set yet says nothing.
      if (!property || property.value === null || (property.value === undefined && !property.get)) continue;
      // Nor do the functions that a framework puts there.
      if (brief && (property.value === '' || typeof property.value === 'function')) continue;
      out.byte(COMMA);
      this.more = i + 1 < keys.length;
      const known = this.keys.after(null, key);
      if (!brief || key !== 'route' || !this.route(known, property.value)) this.property(known, property, depth);
      shown++;
    }
    if (i < keys.length) {
      out.text(',"truncated":true');
      if (!brief) this.hashOfFields(input, keys, i, depth);
    }
  }

  /** The route of a request by its path alone: what handles it is the same for each request. */
  private route({ name }: Key, route: unknown): boolean {
    if (typeof route !== 'object' || route === null || isProxy(route)) return false;
    const prototype = getPrototypeOf(route) as object | null;
    const path = getOwnPropertyDescriptor(route, 'path')?.value as unknown;
    if (prototype === null || prototype === objectPrototype || typeof path !== 'string') return false;
    const { out } = this;
    out.constant(name);
    out.byte(OPEN);
    out.constant(this.classes.of(route, prototype).type);
    out.text(',"path":');
    this.string(path);
    out.text(',"truncated":true}');
    return true;
  }

  /** A request or response of `fetch`: its own properties are what the program has put there. */
  private webObject(input: object, depth: number, type: Constant, fields: readonly WebField[]): void {
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
    this.added(input, depth, nothing, false);
    out.byte(CLOSE);
  }
}

const nothing = (): boolean => false;

function bigintJson(input: bigint): string {
  // The digits of a huge one take quadratic time.
  const huge = input > 2n ** 4096n || input < -(2n ** 4096n);
  return huge ? '{"$type":"bigint"}' : `{"$type":"bigint","value":"${input}"}`;
}
