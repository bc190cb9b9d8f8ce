import { constant, type Constant } from './constant.js';
import { eachPrototype, nameOfMaker } from './prototypes.js';
import { apply, functionSource, getOwnPropertyDescriptor, isProxy, stringIncludes } from '../intrinsics.js';

/** What is shown of a request or response of `fetch`. */
export interface WebField {
  /** With quotes and colon. */
  name: Constant;
  /** undefined where the object is none of that class after all. */
  read(input: object): unknown;
}

const OF_REQUEST = ['method', 'url'];
/** Not the URL: undici's getter makes it by methods that the program may have replaced. */
const OF_RESPONSE = ['status'];
/** With this, getters of undici begin, also of the copy in Node. No other getter is ever run. */
const UNDICI = 'webidl.brandCheck(this';

/** null: it is no such class. */
export function webFields(prototype: object): WebField[] | null {
  // Also of a class that extends one of them.
  return eachPrototype(prototype, fieldsOf) ?? null;
}

function fieldsOf(holder: object): WebField[] | undefined {
  const maker = nameOfMaker(holder);
  if (maker !== 'Request' && maker !== 'Response') return undefined;
  const names = maker === 'Request' ? OF_REQUEST : OF_RESPONSE;
  const fields: WebField[] = [];
  for (let i = 0; i < names.length; i++) {
    const get = getOwnPropertyDescriptor(holder, names[i])?.get;
    if (get === undefined || isProxy(get) || !stringIncludes(functionSource(get), UNDICI)) return undefined;
    fields[i] = { name: constant(`"${names[i]}":`), read: (input) => readBy(get, input) };
  }
  return fields;
}

function readBy(get: () => unknown, input: object): unknown {
  try {
    return apply(get, input, []);
  } catch {
    return undefined;
  }
}
