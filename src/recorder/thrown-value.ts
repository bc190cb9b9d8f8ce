import { MAX_FLATTEN, isError, ownText, stackOf } from './errors.js';
import { typeName } from './prototypes.js';
import { quote } from './quote.js';
import { mayBeSecret } from './is-secret.js';
import { REDACTED, redactText } from './redact.js';
import { arrayOf, stringIndexOf, stringSlice } from '../intrinsics.js';

/** Limits of one preview. */
export interface PreviewLimits {
  maxString: number;
  maxItems: number;
  maxDepth: number;
}

/** Characters of an error's message or stack. */
const MAX_LONG = 4096;
const MAX_CAUSES = 16;

const { getOwnPropertyDescriptor, hasOwn } = Object;

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
    private readonly texts: LongTexts | null = null,
  ) {}

  /** Whether the next text has a stack that nobody has asked for yet. */
  get hasStack(): boolean {
    return this.error !== undefined;
  }

  /** The same for equal errors: name and message. */
  get key(): string {
    return this.head;
  }

  withoutStack(): ThrownValue {
    return new ThrownValue(this.head, undefined, this.tail);
  }

  /** @param withStack false: leave the stack out this time */
  toJson(withStack = true): string {
    if (this.text !== undefined) return this.text;
    if (!withStack) return this.head + this.tail;
    const stack = this.error && stackOf(this.error);
    this.error = undefined;
    this.text = this.head + (stack === undefined ? '' : `,"stack":${this.texts!.stackJson(stack)}`) + this.tail;
    return this.text;
  }
}

const HIDDEN = new ThrownValue(`{"name":"Thrown","message":"${REDACTED}","value":"${REDACTED}"}`, undefined, '');

/** Makes the records of thrown values, with the preview of any other value from `value`. */
export class ThrownValues {
  private readonly texts: LongTexts;

  constructor(
    private readonly value: (value: unknown) => string,
    private readonly limits: PreviewLimits,
    private readonly isSecret: (key: string) => boolean,
  ) {
    this.texts = new LongTexts(isSecret);
  }

  /** A thrown value, in the shape of a record's `error`. */
  of(input: unknown, stack?: string, hidden = false): ThrownValue {
    try {
      if (isError(input)) {
        const head = this.head(input);
        const tail = this.tail(input, 0);
        if (stack === undefined) return new ThrownValue(head, input, tail, this.texts);
        return new ThrownValue(`${head},"stack":${this.texts.stackJson(stack)}`, undefined, tail);
      }
      if (hidden && mayBeSecret(input)) return HIDDEN;
      const message = quote(this.messageOf(input));
      return new ThrownValue(`{"name":"Thrown","message":${message},"value":${this.value(input)}}`, undefined, '');
    } catch {
      return new ThrownValue('{"name":"Unknown","message":""}', undefined, '');
    }
  }

  private head(input: Error): string {
    const own = ownText(input, 'name');
    // A class that only extends Error inherits that name.
    const name = own === '' || own === 'Error' ? typeName(input) : own;
    return this.texts.head(name, ownText(input, 'message'), this.value);
  }

  private tail(input: Error, depth: number): string {
    let text = '';
    const code = hasOwn(input, 'code') ? (getOwnPropertyDescriptor(input, 'code')?.value as unknown) : undefined;
    if (typeof code === 'string' || typeof code === 'number') text += `,"code":${this.value(code)}`;
    const cause = hasOwn(input, 'cause') ? getOwnPropertyDescriptor(input, 'cause') : undefined;
    if (cause && hasOwn(cause, 'value') && depth < this.limits.maxDepth && depth < MAX_CAUSES) {
      const inner: unknown = cause.value;
      text += `,"cause":${isError(inner) ? this.head(inner) + this.tail(inner, depth + 1) : this.value(inner)}`;
    }
    return `${text}}`;
  }

  private messageOf(input: unknown): string {
    if (typeof input !== 'string') return `a value of type ${input === null ? 'null' : typeof input} was thrown`;
    if (input.length > MAX_FLATTEN) return `a string of ${input.length} characters was thrown`;
    const { maxString } = this.limits;
    return stringSlice(redactText(stringSlice(input, 0, maxString * 2), this.isSecret), 0, maxString);
  }
}

/** Texts that are remembered: a program often throws the same error again. */
const KNOWN = 64;

const FIRST_FRAME = '\n    at ';

/** Messages and stacks are what one reads a trace for: they get more room than other strings. */
class LongTexts {
  /** By length. */
  private readonly known = arrayOf<{ text: string; json: string } | null>(KNOWN, null);
  /** By the length of the message. */
  private readonly heads = arrayOf<{ name: string; message: string; head: string } | null>(KNOWN, null);

  constructor(private readonly isSecret: (key: string) => boolean) {}

  /** The same string each time where an error comes again. */
  head(name: string, message: string, jsonOf: (name: string) => string): string {
    const place = message.length % KNOWN;
    const before = this.heads[place];
    if (before !== null && before.message === message && before.name === name) return before.head;
    const nameJson = jsonOf(name);
    const json = this.json(message);
    const head = `{"name":${nameJson},"message":${json}`;
    if (this.known[place]?.text === message && nameJson === `"${name}"`) this.heads[place] = { name, message, head };
    return head;
  }

  /** Errors of one place have the same frames, whatever their messages say. */
  stackJson(stack: string): string {
    const frames = stack.length > MAX_LONG ? -1 : stringIndexOf(stack, FIRST_FRAME);
    if (frames <= 0) return this.json(stack);
    const first = this.json(stringSlice(stack, 0, frames));
    return stringSlice(first, 0, -1) + stringSlice(this.json(stringSlice(stack, frames)), 1);
  }

  json(text: string): string {
    const place = text.length % KNOWN;
    const known = this.known[place];
    if (known !== null && known.text === text) return known.json;
    if (text.length > MAX_FLATTEN) return quote(`a text of ${text.length} characters`);
    const kept = text.length > MAX_LONG ? `${stringSlice(text, 0, MAX_LONG)}...` : text;
    const shown = redactText(kept, this.isSecret);
    const json = quote(shown);
    // No secret is remembered.
    if (shown === text) this.known[place] = { text, json };
    return json;
  }
}
