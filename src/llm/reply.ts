import { countOf, fieldsOf, textOf, written } from './json.js';
import { callPart, type Message, type Part, partsOf } from './messages.js';

/** Tokens; what the response does not say is absent, and never 0. */
export interface Usage {
  /** Without those read from a cache or written to one, where the response tells them apart. */
  readonly input?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** All of it, what was thought included. */
  readonly output?: number;
  readonly reasoning?: number;
}

/** A reply that is put together from its events; a reply that comes whole is one event. */
export class Reply {
  model: string | undefined;
  stop: string | undefined;
  error: string | undefined;
  usage: Usage = {};
  readonly #choices = new Map<unknown, Map<unknown, Part>>();

  /** Adds text to a part. */
  say(choice: unknown, kind: 'text' | 'thinking', text: unknown, at: unknown = kind): void {
    if (typeof text === 'string') {
      if (text !== '') this.#part(choice, at, () => ({ kind, text: '' })).text += text;
    } else for (const part of partsOf(text)) this.put(choice, part);
  }

  /** Begins a call of a tool, or adds to its arguments. */
  call(choice: unknown, at: unknown, { name, id, args }: { name?: unknown; id?: unknown; args?: unknown }): void {
    const part = this.#part(choice, at, () => callPart('', name, id));
    if (part.name === '?') part.name = textOf(name) ?? '?';
    part.id ??= textOf(id);
    part.text += args === undefined ? '' : written(args);
  }

  /** A part that is whole. */
  put(choice: unknown, part: Part, at: unknown = {}): void {
    const parts = this.#choice(choice);
    if (part.kind === 'text' && typeof at === 'object') this.say(choice, 'text', part.text);
    else parts.set(at, part);
  }

  clear(): void {
    this.#choices.clear();
  }

  /** A message of a choice each. */
  get said(): Message[] {
    return [...this.#choices.values()].map((parts) => ({
      role: 'assistant',
      parts: [...parts.values()].map((part) =>
        part.kind === 'call' && part.text === '' ? { ...part, text: '{}' } : part,
      ),
    }));
  }

  /** An error as most APIs write it. */
  fail(value: unknown): void {
    if (value === undefined || value === null || this.error !== undefined) return;
    const { message, type, code } = fieldsOf(value);
    const name = textOf(type) ?? textOf(code);
    this.error = typeof message === 'string' ? [name, message].filter(Boolean).join(': ') : (name ?? written(value));
  }

  /** Of what a field says, the last one counts. */
  count(usage: Usage): void {
    const known = Object.entries(usage).filter(([, count]) => count !== undefined);
    this.usage = { ...this.usage, ...Object.fromEntries(known) };
  }

  #choice(choice: unknown): Map<unknown, Part> {
    const known = this.#choices.get(choice) ?? new Map<unknown, Part>();
    this.#choices.set(choice, known);
    return known;
  }

  #part(choice: unknown, at: unknown, make: () => Part): Part {
    const parts = this.#choice(choice);
    const known = parts.get(at) ?? make();
    parts.set(at, known);
    return known;
  }
}

/** Where the number of input tokens includes those of the cache. */
export function inclusive(total: unknown, read: unknown, write?: unknown): Usage {
  const [all, cacheRead, cacheWrite] = [countOf(total), countOf(read), countOf(write)];
  return {
    input: all === undefined ? undefined : Math.max(0, all - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    cacheRead,
    cacheWrite,
  };
}
