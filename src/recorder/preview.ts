import { types } from 'node:util';
import { constant, createEncoder, type Constant, type Encoder } from './encoder.js';
import { quote } from './quote.js';
import { isObjectPrototype } from './realms.js';
import { mayHoldUrl, redactUrls } from './redact.js';
import { uncurry } from './uncurry.js';

/** Limits of one preview. */
export interface PreviewLimits {
  maxString: number;
  maxItems: number;
  maxDepth: number;
}

/**
 * Values shown in one preview, whatever its shape: bounds the time that wide and deep graphs cost. An object
 * with others behind it may take half of what is left, so that a large one leaves room for them.
 */
const MAX_NODES = 256;
/** Text weighs too: as many characters (a power of two: 2 ** 6) count as one more value. */
const TEXT_SHIFT = 6;
/** A longer key of a Map is data and not looked at: it may be any string, and hashing it reads all of it. */
const MAX_MAP_KEY = 256;
/** Levels of any preview: each takes room on the program's stack. */
const MAX_LEVELS = 200;
const MAX_CAUSES = 16;
/** Keys of which a previewer remembers the text. */
const MAX_KNOWN = 10_000;
/** Characters of a key that are kept, however few of a string are. */
const MIN_KEY = 64;
/** Reading a character of a string built by concatenation copies all of it; longer ones are told by length alone. */
const MAX_FLATTEN = 4 * 1024 * 1024;
/** Bytes of room for previews; the system gives it as it is used. */
const ROOM = 4 * 1024 * 1024;
/** Characters of an error's message or stack. */
const MAX_LONG = 4096;

const { getPrototypeOf, getOwnPropertyDescriptor, hasOwn, keys: ownKeys } = Object;
const { isArray } = Array;
const {
  isProxy,
  isDate,
  isRegExp,
  isMap,
  isSet,
  isNativeError,
  isPromise,
  isTypedArray,
  isAnyArrayBuffer,
  isDataView,
  isBoxedPrimitive,
  isModuleNamespaceObject,
} = types;
const { apply: reflectApply } = Reflect;
const objectPrototype = Object.prototype;
const DOMException = globalThis.DOMException;
const getter = (prototype: object, name: PropertyKey): ((self: unknown) => number) =>
  uncurry(getOwnPropertyDescriptor(prototype, name)!.get!) as (self: unknown) => number;
const mapSize = getter(Map.prototype, 'size');
const mapEntries = uncurry(Map.prototype.entries);
const mapNext = uncurry((getPrototypeOf(new Map().entries()) as { next: () => unknown }).next) as (
  self: unknown,
) => IteratorResult<[unknown, unknown]>;
const setSize = getter(Set.prototype, 'size');
const setValues = uncurry(Set.prototype.values);
const setNext = uncurry((getPrototypeOf(new Set().values()) as { next: () => unknown }).next) as (
  self: unknown,
) => IteratorResult<unknown>;
const getKey = uncurry(Map.prototype.get) as <T>(map: Map<string, T>, key: string) => T | undefined;
const setKey = uncurry(Map.prototype.set);
const getClass = uncurry(WeakMap.prototype.get) as <T>(map: WeakMap<object, T>, key: object) => T | undefined;
const setClass = uncurry(WeakMap.prototype.set);
const { __lookupGetter__: legacyLookup } = objectPrototype as { __lookupGetter__?: (key: PropertyKey) => unknown };
/** The getter of a property, which has to be the object's own. Old, so that somebody may have taken it away. */
const lookupGetter = (legacyLookup ? uncurry(legacyLookup) : () => null) as (self: object, key: number) => unknown;
const slice = uncurry(String.prototype.slice);
const exec = uncurry(RegExp.prototype.exec);
const dateValue = uncurry(Date.prototype.getTime);
const dateText = uncurry(Date.prototype.toISOString);
const typedArray = getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayTag = uncurry(getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!) as (
  self: unknown,
) => string;
const typedArrayLength = getter(typedArray, 'length');
const bufferSize = getter(ArrayBuffer.prototype, 'byteLength');
const sharedBufferSize = getter(SharedArrayBuffer.prototype, 'byteLength');
const viewSize = getter(DataView.prototype, 'byteLength');
const symbolDescription = getter(Symbol.prototype, 'description') as unknown as (self: symbol) => string | undefined;
const regExpSource = getter(RegExp.prototype, 'source') as unknown as (self: RegExp) => string;
/** In the order of `flags`, which itself reads properties that the program may define. */
const regExpFlags = (
  [
    ['hasIndices', 'd'],
    ['global', 'g'],
    ['ignoreCase', 'i'],
    ['multiline', 'm'],
    ['dotAll', 's'],
    ['unicode', 'u'],
    ['unicodeSets', 'v'],
    ['sticky', 'y'],
  ] as const
).map(([name, flag]) => ({ flag, isSet: getter(RegExp.prototype, name) as unknown as (self: RegExp) => boolean }));
const boxedValues = [Number, String, Boolean, Symbol, BigInt].map((maker) => ({
  is: types[`is${maker.name}Object` as 'isNumberObject'],
  value: uncurry(maker.prototype.valueOf as () => unknown),
}));

const TYPE_KEY = /^\$+type$/;

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
  /** A thrown value, in the shape of a record's `error`. */
  error(value: unknown): ThrownValue;
}

/**
 * A thrown value whose JSON text is finished when the buffer is drained. Asking an error for its stack makes V8 forget
 * where it was made, and Node needs that place for what it prints when nobody catches the error.
 */
export class ThrownValue {
  private text: string | undefined;

  constructor(
    private readonly head: string,
    private error: Error | undefined,
    private readonly tail: string,
    private readonly isSecret: (key: string) => boolean = () => false,
  ) {}

  /** Whether the next text has a stack that nobody has asked for yet. */
  get hasStack(): boolean {
    return this.error !== undefined;
  }

  /** @param withStack false: leave the stack out this time */
  toJson(withStack = true): string {
    if (this.text !== undefined) return this.text;
    if (!withStack) return this.head + this.tail;
    const stack = this.error && stackOf(this.error);
    this.error = undefined;
    this.text = this.head + (stack === undefined ? '' : `,"stack":${longString(stack, this.isSecret)}`) + this.tail;
    return this.text;
  }
}

interface Key {
  text: string;
  /** As it is written, with the colon. */
  name: Constant;
  secret: boolean;
  /** What came behind it in the last object that had it: nearly always what comes there in the next. */
  next: Key | null;
}

interface Class {
  /** `"$type":"..."` */
  type: Constant;
  /** Stands for an object into which a preview does not go. */
  outline: Constant;
  /** Its objects are none of the built-in ones. */
  plain: boolean;
  timer: boolean;
  /** They are plain objects, of another realm. */
  bare: boolean;
}

function textsOf(name: string): { type: Constant; outline: Constant } {
  const type = `"$type":${quote(name)}`;
  return { type: constant(type), outline: constant(`{${type},"truncated":true}`) };
}

const NO_CLASS: Class = { ...textsOf('Object'), plain: true, timer: false, bare: true };
const PROXY = constant('{"$type":"Proxy"}');
const CIRCULAR = constant('{"$type":"circular"}');
const FUNCTION = constant('{"$type":"function","name":');
const ARRAY = constant('{"$type":"Array","length":');
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

/**
 * @param isSecret answers whether the value of a key is to be left out
 */
export function createPreviewer(limits: PreviewLimits, isSecret: (key: string) => boolean): Previewer {
  const { maxString, maxItems } = limits;
  const maxDepth = limits.maxDepth < MAX_LEVELS ? limits.maxDepth : MAX_LEVELS;
  const maxKey = maxString > MIN_KEY ? maxString : MIN_KEY;
  const out = createEncoder(() => undefined, ROOM);
  /** Keys seen before. */
  const known = new Map<string, Key>();
  let knownSize = 0;
  /** What is known of a class, by its prototype. */
  const classes = new WeakMap<object, Class>();
  let nodes = 0;
  /** What `nodes` may reach within the object at hand. */
  let most = MAX_NODES;
  /** Something stands behind the value at hand. */
  let more = false;
  /** The objects around the one at hand, by depth. */
  const path = new Array<object | null>(maxDepth).fill(null);

  function write(input: unknown): void {
    const from = out.position();
    nodes = 0;
    most = MAX_NODES;
    more = false;
    try {
      any(input, 0);
    } catch {
      // Only the end of the stack gets here; the program meets it next.
      for (let i = 0; i < maxDepth; i++) path[i] = null;
      out.cut(from);
      out.text('{"$type":"unavailable"}');
    }
  }

  function value(input: unknown): string {
    const from = out.position();
    write(input);
    const text = out.slice(from);
    out.cut(from);
    return text;
  }

  function any(input: unknown, depth: number): void {
    nodes++;
    switch (typeof input) {
      case 'string':
        return string(input);
      case 'bigint':
        return out.text(bigint(input));
      case 'symbol':
        out.text('{"$type":"symbol","name":');
        string(symbolDescription(input) ?? '');
        return out.byte(CLOSE);
      case 'function':
        return isProxy(input) ? out.constant(PROXY) : named(input);
      case 'object':
        return input === null ? out.primitive(null) : object(input, depth);
      default:
        return out.primitive(input);
    }
  }

  function string(text: string): void {
    if (text.length <= maxString) {
      nodes += text.length >> TEXT_SHIFT;
      return short(text, out);
    }
    if (text.length > MAX_FLATTEN) return out.text(`{"$type":"string","length":${text.length}}`);
    nodes += maxString >> TEXT_SHIFT;
    // A password that is cut off in the middle has lost its end, by which it is told.
    const kept = slice(redactUrls(slice(text, 0, maxString * 2), isSecret), 0, maxString);
    out.text(`{"$type":"string","length":${text.length},"value":`);
    out.string(kept);
    out.byte(CLOSE);
  }

  function short(text: string, to: Encoder): void {
    const from = to.position();
    if (!to.string(text) || !mayHoldUrl(text)) return;
    to.cut(from);
    to.string(redactUrls(text, isSecret));
  }

  function bigint(input: bigint): string {
    // The digits of a huge one take quadratic time.
    const huge = input > 2n ** 4096n || input < -(2n ** 4096n);
    return huge ? '{"$type":"bigint"}' : `{"$type":"bigint","value":"${input}"}`;
  }

  function object(input: object, depth: number): void {
    if (isProxy(input)) return out.constant(PROXY);
    for (let i = 0; i < depth; i++) if (path[i] === input) return out.constant(CIRCULAR);
    const array = isArray(input);
    if (depth >= maxDepth || nodes > most) return outline(input, array);
    path[depth] = input;
    const outer = most;
    if (more) most -= (most - nodes) >> 1;
    if (array) list(input as unknown[], depth);
    else record(input, depth);
    most = outer;
    // Nothing of the program's may be kept alive from here.
    path[depth] = null;
  }

  /** What is said of an object into which the preview does not go. */
  function outline(input: object, array: boolean): void {
    if (array) {
      out.constant(ARRAY);
      out.integer((input as unknown[]).length);
      return out.byte(CLOSE);
    }
    if (isMap(input)) return out.text(`{"$type":"Map","size":${mapSize(input)},"truncated":true}`);
    if (isSet(input)) return out.text(`{"$type":"Set","size":${setSize(input)},"truncated":true}`);
    const prototype = getPrototypeOf(input) as object | null;
    out.constant(prototype === null ? NO_CLASS.outline : classOf(input, prototype).outline);
  }

  function list(input: unknown[], depth: number): void {
    const { length } = input;
    const kept = length < maxItems ? length : maxItems;
    const start = out.position();
    let i = 0;
    out.byte(OPEN_LIST);
    for (; i < kept && nodes <= most; i++) {
      if (i > 0) out.byte(COMMA);
      more = i + 1 < kept;
      if (!hasOwn(input, i)) {
        nodes++;
        out.text('{"$type":"hole"}');
        continue;
      }
      // V8 is three times as fast to say that there is no getter as to describe an element.
      const value = lookupGetter(input, i) === undefined ? input[i] : undefined;
      // Nothing, or an accessor.
      if (value === undefined) slot(getOwnPropertyDescriptor(input, i)!, depth);
      else any(value, depth + 1);
    }
    out.byte(CLOSE_LIST);
    if (i === length) return;
    out.insert(start, `{"$type":"Array","length":${length},"items":`);
    out.byte(CLOSE);
  }

  function record(input: object, depth: number): void {
    const prototype = getPrototypeOf(input) as object | null;
    if (prototype === objectPrototype) return fields(input, depth, null);
    // The bindings of a module throw until they are initialised.
    if (prototype === null) {
      return isModuleNamespaceObject(input) ? out.text('{"$type":"Module"}') : fields(input, depth, null);
    }
    const { type, plain, timer, bare } = classOf(input, prototype);
    if (!plain && builtIn(input, depth, type)) return;
    if (bare) return fields(input, depth, null);
    if (hasOwn(input, '_events')) return emitter(input, depth, type);
    if (timer && hasOwn(input, '_idleNext')) {
      out.byte(OPEN);
      out.constant(type);
      return out.byte(CLOSE);
    }
    fields(input, depth, type);
  }

  /** The class that made an object, without asking the object. */
  function classOf(input: object, prototype: object): Class {
    const seen = getClass(classes, prototype);
    if (seen !== undefined) return seen;
    const name = typeName(input);
    const entry = {
      ...textsOf(name),
      plain: !isBuiltIn(input) && !mayMakeBuiltIns(prototype),
      timer: name === 'Timeout' || name === 'Immediate',
      bare: isObjectPrototype(prototype),
    };
    setClass(classes, prototype, entry);
    return entry;
  }

  /** @param type stands before the fields; null: nothing does */
  function fields(input: object, depth: number, type: Constant | null): void {
    const keys = ownKeys(input);
    const kept = keys.length < maxItems ? keys.length : maxItems;
    out.byte(OPEN);
    const start = out.position();
    if (type !== null) out.constant(type);
    const head = out.position();
    let lengthAt = -1;
    let before: Key | null = null;
    let i = 0;
    for (; i < kept && nodes <= most; i++) {
      const key = keys[i];
      const property = getOwnPropertyDescriptor(input, key);
      if (!property) continue;
      if (out.position() !== start) out.byte(COMMA);
      if (key === 'length') lengthAt = out.position();
      before = keyBehind(before, key);
      out.constant(before.name);
      more = i + 1 < kept;
      if (before.secret) redacted();
      else slot(property, depth);
    }
    if (i < keys.length) {
      // The true size has the name to itself.
      if (lengthAt >= 0) out.insert(lengthAt + 1, '$');
      const size = `"length":${keys.length}`;
      if (type !== null) out.insert(head, `,${size}`);
      else out.insert(start, `"$type":"Object",${size}${out.position() === start ? '' : ','}`);
    }
    out.byte(CLOSE);
  }

  /**
   * Emitters without their listeners. Streams, and with them sockets, requests and responses, hold hundreds of values of
   * Node's own, secret headers among them: of these what tells one from another is shown, and what the program added.
   */
  function emitter(input: object, depth: number, type: Constant): void {
    const stream = isStream(input);
    if (stream && depth > 0) return outline(input, false);
    const keys = ownKeys(input);
    out.byte(OPEN);
    out.constant(type);
    let shown = 0;
    let i = 0;
    for (; i < keys.length && shown < maxItems && nodes <= most; i++) {
      const key = keys[i];
      if (stream ? key[0] === '_' || isStreamInternal(key) : isEmitterInternal(key)) continue;
      const property = getOwnPropertyDescriptor(input, key);
      // What is not set yet says nothing.
      if (!property || property.value === null || (property.value === undefined && !property.get)) continue;
      const { name, secret } = keyBehind(null, key);
      out.byte(COMMA);
      out.constant(name);
      more = i + 1 < keys.length;
      if (secret) redacted();
      else slot(property, depth);
      shown++;
    }
    out.text(i === keys.length ? '}' : ',"truncated":true}');
  }

  function keyBehind(before: Key | null, text: string): Key {
    const next = before === null ? null : before.next;
    if (next !== null && next.text === text) return next;
    const key = getKey(known, text);
    // One that is not remembered must not be held by one that is.
    if (key === undefined) return newKey(text);
    if (before !== null) before.next = key;
    return key;
  }

  function newKey(key: string): Key {
    const kept = key.length <= maxKey ? key : `${slice(key, 0, maxKey)}...`;
    const name = constant(`${quote(exec(TYPE_KEY, key) === null ? kept : `$${kept}`)}:`);
    const entry = { text: key, name, secret: isSecret(key), next: null };
    // Programs use objects as dictionaries, so the number of keys has no bound.
    if (key.length <= MIN_KEY && ++knownSize <= MAX_KNOWN) setKey(known, key, entry);
    else nodes += kept.length >> TEXT_SHIFT;
    return entry;
  }

  function redacted(): void {
    nodes++;
    out.text('"<redacted>"');
  }

  function slot(property: PropertyDescriptor, depth: number): void {
    // Asking for the value first spares most of them the look-up.
    const { value } = property as { value?: unknown };
    if (value !== undefined || hasOwn(property, 'value')) return any(value, depth + 1);
    nodes++;
    out.text(property.get ? '{"$type":"getter"}' : '{"$type":"setter"}');
  }

  /** Whether it was an object of a built-in class. */
  function builtIn(input: object, depth: number, type: Constant): boolean {
    if (isMap(input)) map(input, depth);
    else if (isSet(input)) set(input, depth);
    else if (isDate(input)) {
      const time = dateValue(input);
      out.text(time === time ? `{"$type":"Date","value":"${dateText(input)}"}` : '{"$type":"Date","value":null}');
    } else if (isNativeError(input)) errorRecord(input, depth, type);
    else if (isPromise(input)) out.text('{"$type":"Promise"}');
    else if (isTypedArray(input)) {
      out.text(`{"$type":"${typedArrayTag(input)}","length":${typedArrayLength(input)}}`);
    } else if (isAnyArrayBuffer(input)) {
      const shared = types.isSharedArrayBuffer(input);
      out.text(
        `{"$type":"${shared ? 'SharedArrayBuffer' : 'ArrayBuffer'}","length":${shared ? sharedBufferSize(input) : bufferSize(input)}}`,
      );
    } else if (isDataView(input)) out.text(`{"$type":"DataView","length":${lengthOfView(input)}}`);
    else if (isBoxedPrimitive(input)) boxed(input, depth, type);
    else if (isRegExp(input)) {
      out.text('{"$type":"RegExp","value":');
      string(regExpText(input));
      out.byte(CLOSE);
    } else if (types.isWeakMap(input)) out.text('{"$type":"WeakMap"}');
    else if (types.isWeakSet(input)) out.text('{"$type":"WeakSet"}');
    else if (types.isGeneratorObject(input)) out.text('{"$type":"Generator"}');
    else return false;
    return true;
  }

  function map(input: Map<unknown, unknown>, depth: number): void {
    const size = mapSize(input);
    out.text(`{"$type":"Map","size":${size},"entries":[`);
    const entries = mapEntries(input);
    for (let i = 0; i < maxItems && nodes <= most; i++) {
      const next = mapNext(entries);
      if (next.done) break;
      const key = next.value[0];
      const item = next.value[1];
      const secret = typeof key === 'string' && key.length <= MAX_MAP_KEY && keyBehind(null, key).secret;
      if (i > 0) out.byte(COMMA);
      out.byte(OPEN_LIST);
      more = true;
      any(key, depth + 1);
      out.byte(COMMA);
      more = i + 1 < size;
      if (secret) redacted();
      else any(item, depth + 1);
      out.byte(CLOSE_LIST);
    }
    out.text(']}');
  }

  function set(input: Set<unknown>, depth: number): void {
    const size = setSize(input);
    out.text(`{"$type":"Set","size":${size},"items":[`);
    const items = setValues(input);
    for (let i = 0; i < maxItems && nodes <= most; i++) {
      const next = setNext(items);
      if (next.done) break;
      if (i > 0) out.byte(COMMA);
      more = i + 1 < size;
      any(next.value, depth + 1);
    }
    out.text(']}');
  }

  function errorRecord(input: Error, depth: number, type: Constant): void {
    out.byte(OPEN);
    out.constant(type);
    out.text(',"message":');
    string(ownOrInherited(input, 'message'));
    const code = getOwnPropertyDescriptor(input, 'code')?.value as unknown;
    if (typeof code === 'string' || typeof code === 'number') {
      out.text(',"code":');
      any(code, depth + 1);
    }
    const cause = getOwnPropertyDescriptor(input, 'cause');
    if (cause) {
      out.text(',"cause":');
      slot(cause, depth);
    }
    out.byte(CLOSE);
  }

  function boxed(input: object, depth: number, type: Constant): void {
    out.byte(OPEN);
    out.constant(type);
    for (let i = 0; i < boxedValues.length; i++) {
      const { is, value: unboxed } = boxedValues[i];
      if (!is(input)) continue;
      out.text(',"value":');
      any(unboxed(input), depth + 1);
    }
    out.byte(CLOSE);
  }

  function named(input: object): void {
    const name = getOwnPropertyDescriptor(input, 'name')?.value as unknown;
    out.constant(FUNCTION);
    string(typeof name === 'string' ? name : '');
    out.byte(CLOSE);
  }

  /** A string of a few, as JSON text. */
  function stringText(text: string): string {
    const from = out.position();
    string(text);
    const json = out.slice(from);
    out.cut(from);
    return json;
  }

  function error(input: unknown): ThrownValue {
    try {
      if (!isError(input)) {
        return new ThrownValue(
          `{"name":"Thrown","message":${quote(thrownText(input))},"value":${value(input)}}`,
          undefined,
          '',
        );
      }
      return new ThrownValue(errorHead(input), input, errorTail(input, 0), isSecret);
    } catch {
      return new ThrownValue('{"name":"Unknown","message":""}', undefined, '');
    }
  }

  function errorHead(input: Error): string {
    const own = ownOrInherited(input, 'name');
    // A class that only extends Error inherits that name.
    const name = own === '' || own === 'Error' ? typeName(input) : own;
    return `{"name":${stringText(name)},"message":${longString(ownOrInherited(input, 'message'), isSecret)}`;
  }

  function errorTail(input: Error, depth: number): string {
    let text = '';
    const code = getOwnPropertyDescriptor(input, 'code')?.value as unknown;
    if (typeof code === 'string') text += `,"code":${stringText(code)}`;
    else if (typeof code === 'number') text += `,"code":${value(code)}`;
    const cause = getOwnPropertyDescriptor(input, 'cause');
    if (cause && hasOwn(cause, 'value') && depth < maxDepth && depth < MAX_CAUSES) {
      const inner: unknown = cause.value;
      text += `,"cause":${isError(inner) ? errorHead(inner) + errorTail(inner, depth + 1) : value(inner)}`;
    }
    return `${text}}`;
  }

  function thrownText(input: unknown): string {
    return typeof input === 'string'
      ? input.length > MAX_FLATTEN
        ? `a string of ${input.length} characters was thrown`
        : slice(mayHoldUrl(input) ? redactUrls(slice(input, 0, maxString * 2), isSecret) : input, 0, maxString)
      : `a value of type ${input === null ? 'null' : typeof input} was thrown`;
  }

  return { out, write, short, value, error };
}

/** Whether an emitter is a stream of Node's; `_header` is that of a message on its way out. */
function isStream(input: object): boolean {
  return hasOwn(input, '_readableState') || hasOwn(input, '_writableState') || hasOwn(input, '_header');
}

/** Besides those that begin with `_`. */
const STREAM_INTERNALS = new Set(
  (
    'socket connection client parser agent req res server allowHalfOpen connecting httpVersionMajor httpVersionMinor ' +
    'rawHeaders rawTrailers joinDuplicateHeaders outputData outputSize writable destroyed chunkedEncoding ' +
    'shouldKeepAlive maxRequestsOnConnectionReached useChunkedEncodingByDefault sendDate strictContentLength finished ' +
    'maxHeadersCount maxHeaderSize reusedSocket insecureHTTPParser timeoutCb upgradeOrConnect domain'
  ).split(' '),
);
const EMITTER_INTERNALS = new Set(['_events', '_eventsCount', '_maxListeners', 'domain']);
const isEmitterInternal = uncurry(Set.prototype.has).bind(null, EMITTER_INTERNALS) as (key: string) => boolean;
const isStreamInternal = uncurry(Set.prototype.has).bind(null, STREAM_INTERNALS) as (key: string) => boolean;

function isError(input: unknown): input is Error {
  if (typeof input !== 'object' || input === null || isProxy(input)) return false;
  // Node 20 does not count a DOMException among the native errors.
  return isNativeError(input) || (getPrototypeOf(input) === DOMException.prototype && domText(input, 'name') !== '');
}

/** Messages and stacks are what one reads a trace for: they get more room than other strings. */
function longString(text: string, isSecret: (key: string) => boolean): string {
  if (text.length > MAX_FLATTEN) return quote(`a text of ${text.length} characters`);
  const kept = text.length > MAX_LONG ? `${slice(text, 0, MAX_LONG)}...` : text;
  return quote(mayHoldUrl(kept) ? redactUrls(kept, isSecret) : kept);
}

const BUILT_INS = new Set(
  (
    'Map Set Date Error Promise TypedArray ArrayBuffer SharedArrayBuffer DataView Number String Boolean Symbol BigInt ' +
    'RegExp WeakMap WeakSet'
  ).split(' '),
);
const isBuiltInName = uncurry(Set.prototype.has).bind(null, BUILT_INS) as (name: string) => boolean;

/** Whether other objects of that prototype may be built-in ones, though this one is none: `Object.create(Map.prototype)`. */
function mayMakeBuiltIns(prototype: object): boolean {
  let holder: object | null = prototype;
  for (let i = 0; holder !== null; i++) {
    if (i === 16 || isProxy(holder)) return true;
    const maker = getOwnPropertyDescriptor(holder, 'constructor')?.value as unknown;
    if (typeof maker === 'function') {
      // Of any realm.
      if (isProxy(maker) || isBuiltInName(getOwnPropertyDescriptor(maker, 'name')?.value as string)) return true;
    }
    holder = getPrototypeOf(holder) as object | null;
  }
  return false;
}

/** Whether `builtIn` knows it. */
function isBuiltIn(input: object): boolean {
  return (
    isMap(input) ||
    isSet(input) ||
    isDate(input) ||
    isNativeError(input) ||
    isPromise(input) ||
    isTypedArray(input) ||
    isAnyArrayBuffer(input) ||
    isDataView(input) ||
    isBoxedPrimitive(input) ||
    isRegExp(input) ||
    types.isWeakMap(input) ||
    types.isWeakSet(input) ||
    types.isGeneratorObject(input)
  );
}

function regExpText(input: RegExp): string {
  let text = `/${regExpSource(input)}/`;
  for (let i = 0; i < regExpFlags.length; i++) if (regExpFlags[i].isSet(input)) text += regExpFlags[i].flag;
  return text;
}

/** 0 where the buffer below has been detached or has shrunk. */
function lengthOfView(input: object): number {
  try {
    return viewSize(input);
  } catch {
    return 0;
  }
}

/** Name or message of a DOMException: getters, but Node's. */
function domText(input: object, key: string): string {
  try {
    return reflectApply(domGetters[key]!, input, []) as string;
  } catch {
    return '';
  }
}

const domGetters: Record<string, (() => unknown) | undefined> = {
  name: getOwnPropertyDescriptor(DOMException.prototype, 'name')?.get,
  message: getOwnPropertyDescriptor(DOMException.prototype, 'message')?.get,
};

/** A string property of the object or its prototypes, read only where it is data. */
function ownOrInherited(input: object, key: string): string {
  let holder: object | null = input;
  for (let i = 0; holder !== null && i < 16 && !isProxy(holder); i++) {
    const property = getOwnPropertyDescriptor(holder, key);
    if (property?.get && property.get === domGetters[key]) return domText(input, key);
    if (property) return typeof property.value === 'string' ? property.value : '';
    holder = getPrototypeOf(holder) as object | null;
  }
  return '';
}

/** Name of the class that made an object, without asking the object. */
function typeName(input: object): string {
  let holder = getPrototypeOf(input) as object | null;
  for (let i = 0; holder !== null && i < 16 && !isProxy(holder); i++) {
    const maker = getOwnPropertyDescriptor(holder, 'constructor')?.value as unknown;
    if (typeof maker === 'function' && !isProxy(maker)) {
      const name = getOwnPropertyDescriptor(maker, 'name')?.value as unknown;
      if (typeof name === 'string' && name !== '') return name;
    }
    holder = getPrototypeOf(holder) as object | null;
  }
  return 'Object';
}

/** The stack, unless asking for it would run code of the program's: formatting calls a function it may have set. */
function stackOf(input: Error): string | undefined {
  if (getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value !== initialPrepare) return undefined;
  // The text begins with the error's name and message as they are when it is asked for first; asking for the descriptor
  // is enough for that.
  if (!isPlainText(input, 'name') || !isPlainText(input, 'message')) return undefined;
  const property = getOwnPropertyDescriptor(input, 'stack');
  if (!property) return undefined;
  let stack = property.value as unknown;
  // Newer V8 makes it an accessor of its own; one that the program defined is another function.
  if (property.get) stack = property.get === nativeStackGetter ? nativeStackGetter.call(input) : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

/** Whether reading that property gives a string, or nothing, and runs no code of the program. */
function isPlainText(input: object, key: string): boolean {
  let holder: object | null = input;
  for (let i = 0; holder !== null; i++) {
    if (i === 16 || isProxy(holder)) return false;
    const property = getOwnPropertyDescriptor(holder, key);
    if (property?.get && property.get === domGetters[key]) return true;
    if (property) return typeof property.value === 'string' && property.value.length <= MAX_FLATTEN;
    holder = getPrototypeOf(holder) as object | null;
  }
  return true;
}

/** Newer Node has one of its own. */
const initialPrepare = getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value as unknown;
const nativeStackGetter = getOwnPropertyDescriptor(new Error(), 'stack')?.get;
