/** What differs between two runs of the same code: it is not compared. */
export interface NoiseRule {
  readonly func: string;
  readonly file: string;
  /** `result.mtime`, `args.options.port`, `calls of poll`; `[]` is any item of an array. */
  readonly path: string;
}

export const CALLS_OF = 'calls of ';

/** The path of a rule whose `func` is an exchange with ids in its address: `GET /items/*`. */
export const ADDRESS = 'url';

/** What rules for calls at the top of a test name as function and file. */
export const TOP: [func: string, file: string] = ['*', '*'];

/** Rules, by function. */
export class Noise {
  readonly #paths = new Map<string, Set<string>>();
  readonly #used = new Map<string, NoiseRule>();
  readonly #patterns: { readonly name: string; readonly matches: RegExp }[] = [];

  constructor(rules: readonly NoiseRule[] = []) {
    for (const rule of rules) this.add(rule);
  }

  /** @returns whether it is a new one */
  add({ func, file, path }: NoiseRule): boolean {
    const key = keyOf(func, file);
    const paths = this.#paths.get(key) ?? new Set();
    this.#paths.set(key, paths);
    const before = paths.size;
    paths.add(path);
    const isNew = paths.size > before;
    if (isNew && path === ADDRESS && file === '') this.#patterns.push({ name: func, matches: patternOf(func) });
    return isNew;
  }

  /** The name of an exchange, such as `GET /items/7`, with ids that are made by chance left out. */
  exchangeName(name: string): string {
    const pattern = this.#patterns.find(({ matches }) => matches.test(name));
    if (!pattern) return name;
    this.use(pattern.name, '', ADDRESS);
    return pattern.name;
  }

  /** Whether a function is known to end in more than one way, or to call more or less, by itself. */
  isUnsteady(func: string, file: string): boolean {
    const paths = this.#paths.get(keyOf(func, file));
    return paths !== undefined && [...paths].some((path) => !INPUT_PATH.test(path) && path !== ADDRESS);
  }

  /** The paths in the values of a function; undefined where nothing of it is noise. */
  pathsOf(func: string, file: string): ReadonlySet<string> | undefined {
    return this.#paths.get(keyOf(func, file));
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** Notes that a rule has hidden something. */
  use(func: string, file: string, path: string): void {
    this.#used.set(`${keyOf(func, file)}\0${path}`, { func, file, path });
  }

  /** Rules that have hidden something, sorted. */
  get used(): NoiseRule[] {
    return [...this.#used.values()].sort(byText);
  }

  /** All rules, sorted. */
  get rules(): NoiseRule[] {
    const all = [...this.#paths].flatMap(([key, paths]) => {
      const [func, file] = key.split('\0');
      return [...paths].map((path) => ({ func, file, path }));
    });
    return all.sort(byText);
  }
}

const INPUT_PATH = /^(args|this)(?![\w$])/;

/** A star is one step of the path, whatever it is. */
function patternOf(name: string): RegExp {
  const parts = name.split('/').map((part) => (part === '*' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}

function keyOf(func: string, file: string): string {
  return `${func}\0${file}`;
}

function byText(a: NoiseRule, b: NoiseRule): number {
  const [one, other] = [a, b].map(({ func, file, path }) => `${file}\0${func}\0${path}`);
  return one < other ? -1 : one > other ? 1 : 0;
}

const MAX_DEPTH = 64;

/** The value without what is noise. A rule for a value holds for all below it. */
export function without(
  value: unknown,
  path: string,
  paths: ReadonlySet<string>,
  used: (path: string) => void,
): unknown {
  const walk = (at: unknown, here: string, depth: number): unknown => {
    if (paths.has(here)) {
      used(here);
      return '(noise)';
    }
    if (depth > MAX_DEPTH || typeof at !== 'object' || at === null) return at;
    if (Array.isArray(at)) return at.map((item) => walk(item, `${here}[]`, depth + 1));
    const entries = Object.entries(at);
    return Object.fromEntries(entries.map(([key, item]) => [key, walk(item, here + stepOf(key), depth + 1)]));
  };
  return walk(value, path, 0);
}

/** A key as a step of a path. */
export function stepOf(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$-]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** With the places of arrays left out: what is noise in one item is noise in all. */
export function generalized(path: string): string {
  return path.replace(/\[\d+\]/g, '[]');
}

export const NOISE_FILE = 'handit-noise.json';

export function noiseText(rules: readonly NoiseRule[]): string {
  const sorted = new Noise(rules).rules;
  const lines = sorted.map((rule) => `    ${JSON.stringify(rule)}`);
  return `{\n  "version": 1,\n  "rules": [${lines.length > 0 ? `\n${lines.join(',\n')}\n  ` : ''}]\n}\n`;
}

/** Reads what `noiseText` wrote; throws an `Error` that says what is wrong with it. */
export function parseNoise(text: string): NoiseRule[] {
  const value = JSON.parse(text) as { version?: unknown; rules?: unknown };
  if (value?.version !== 1 || !Array.isArray(value.rules)) throw new Error('it has no "version": 1 and "rules": [...]');
  return value.rules.map((rule: unknown) => {
    const { func, file, path } = (rule ?? {}) as Record<string, unknown>;
    if (typeof func === 'string' && typeof file === 'string' && typeof path === 'string') return { func, file, path };
    throw new Error(`a rule needs "func", "file" and "path", and one is ${JSON.stringify(rule)}`);
  });
}
