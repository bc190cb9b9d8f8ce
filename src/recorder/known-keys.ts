import { constant, type Constant } from './constant.js';
import { softness, type IsSecret, type Softness } from './is-secret.js';
import { quote } from './quote.js';
import { redactText } from './redact.js';
import { roleOf } from './secret-pairs.js';
import { SafeMap, regExpExec, stringSlice } from '../intrinsics.js';

/** Keys of which the text is remembered. */
const MAX_KNOWN = 10_000;
/** Characters of a key that are kept, however few of a string are. */
const MIN_KEY = 64;

const TYPE_KEY = /^\$+type$/;

export interface Key {
  text: string;
  /** As it is written, with the colon. */
  name: Constant;
  secret: boolean;
  /** Some values of it are secret all the same. */
  soft: Softness;
  /** It names the value of another key, or its value is named by one. */
  role: number;
  /** Characters that had to be made for it alone. */
  made: number;
  /** What came after it in the last object that had it: nearly always what comes there in the next. */
  next: Key | null;
}

/** The keys of objects, with what is known of each. */
export class KnownKeys {
  private readonly known = new SafeMap<string, Key>();
  private size = 0;
  private readonly maxKey: number;

  constructor(
    maxString: number,
    private readonly isSecret: IsSecret,
  ) {
    this.maxKey = maxString > MIN_KEY ? maxString : MIN_KEY;
  }

  /** @param before the key that came before it in its object */
  after(before: Key | null, text: string): Key {
    const next = before === null ? null : before.next;
    if (next !== null && next.text === text) return next;
    const key = this.known.get(text);
    // One that is not remembered must not be held by one that is.
    if (key === undefined) return this.make(text);
    if (before !== null) before.next = key;
    return key;
  }

  private make(text: string): Key {
    const kept = text.length <= this.maxKey ? text : `${stringSlice(text, 0, this.maxKey)}...`;
    const name = constant(
      `${quote(redactText(text[0] !== '$' || regExpExec(TYPE_KEY, text) === null ? kept : `$${kept}`, this.isSecret))}:`,
    );
    const entry = {
      text,
      name,
      secret: this.isSecret(text),
      soft: softness(text),
      role: roleOf(text),
      made: kept.length,
      next: null,
    };
    // Programs use objects as dictionaries, so the number of keys has no bound.
    if (text.length > MIN_KEY || ++this.size > MAX_KNOWN) return entry;
    const remembered = { ...entry, made: 0 };
    this.known.set(text, remembered);
    return remembered;
  }
}
