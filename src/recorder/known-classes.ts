import { isBuiltIn, mayMakeBuiltIns } from './built-ins.js';
import { constant, type Constant } from './constant.js';
import { typeName } from './prototypes.js';
import { quote } from './quote.js';
import { isObjectPrototype } from './realms.js';
import { webFields, type WebField } from './web-objects.js';
import { SafeWeakMap } from '../intrinsics.js';

/** What is known of the objects with one prototype. */
export interface Class {
  /** `"$type":"..."` */
  type: Constant;
  /** Stands for an object into which a preview does not go. */
  outline: Constant;
  /** Its objects are none of the built-in ones. */
  plain: boolean;
  timer: boolean;
  /** They are plain objects, of another realm. */
  bare: boolean;
  /** What is shown of them, where they are requests or responses of `fetch`. */
  web: readonly WebField[] | null;
}

export const NO_CLASS: Class = { ...textsOf('Object'), plain: true, timer: false, bare: true, web: null };

function textsOf(name: string): { type: Constant; outline: Constant } {
  const type = `"$type":${quote(name)}`;
  return { type: constant(type), outline: constant(`{${type},"truncated":true}`) };
}

/** Classes by their prototype. */
export class KnownClasses {
  private readonly known = new SafeWeakMap<object, Class>();

  /** The class that made an object, without asking the object. */
  of(input: object, prototype: object): Class {
    const seen = this.known.get(prototype);
    if (seen !== undefined) return seen;
    const name = typeName(input);
    const entry = {
      ...textsOf(name),
      plain: !isBuiltIn(input) && !mayMakeBuiltIns(prototype),
      timer: name === 'Timeout' || name === 'Immediate',
      bare: isObjectPrototype(prototype),
      web: webFields(prototype),
    };
    this.known.set(prototype, entry);
    return entry;
  }
}
