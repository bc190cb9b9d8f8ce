import {
  arrayIncludes,
  arrayPush,
  defineProperty,
  each,
  getOwnPropertyDescriptor,
  isNativeError,
  stringStartsWith,
} from '../intrinsics.js';

const nodes = process as unknown as {
  getBuiltinModule(name: string): unknown;
  moduleLoadList: readonly string[];
  sourceMapsEnabled?: boolean;
};
const { getBuiltinModule } = nodes;
const BEFORE = 'The expression evaluated to a falsy value:\n\n  ';

export interface Assertions {
  /**
   * The message for a call of `assert` that Node could not read from its rewritten line, as a list of further arguments. Empty
   * where something else is called or Node finds the message.
   *
   * @param first source of the call in its first line, as newer Nodes show it; '': they show none
   * @param whole in all its lines, as older Nodes show it; absent: the same
   */
  messageOf(callee: unknown, first: string, whole?: string): Iterable<string>;
  /** The same where the call has a message: Node takes one that is undefined or null as none. */
  messageUnless(source: [callee: unknown, first: string, whole?: string], message: unknown): unknown;
  /** Has an error with such a message say that it was generated, as Node's own does. */
  restore(error: unknown): void;
}

/** What the messages of `assert` need where Node cannot read them from a rewritten line. */
export function createAssertions(): Assertions {
  let known: NodesAssert | undefined;
  const messageOf = (callee: unknown, first: string, whole = first): string | undefined => {
    known ??= nodesAssert();
    if (!arrayIncludes(known.callees, callee)) return undefined;
    // With source maps newer Nodes find the original.
    if (!known.readsFiles && nodes.sourceMapsEnabled === true) return undefined;
    const text = known.readsFiles ? whole : first;
    return text === '' ? undefined : `${BEFORE}${text}\n`;
  };

  return {
    messageOf(callee, first, whole) {
      const message = messageOf(callee, first, whole);
      return message === undefined ? NONE : each([message]);
    },
    messageUnless: (source, message) => message ?? messageOf(source[0], source[1], source[2]) ?? message,
    restore(error) {
      if (known === undefined || !isNativeError(error)) return;
      const generated = getOwnPropertyDescriptor(error, 'generatedMessage');
      const message = getOwnPropertyDescriptor(error, 'message')?.value as unknown;
      if (generated?.value !== false || typeof message !== 'string' || !stringStartsWith(message, BEFORE)) return;
      if (generated.configurable) defineProperty(error, 'generatedMessage', { ...generated, value: true });
    },
  };
}

const NONE: Iterable<string> = each([]);

interface NodesAssert {
  /** What reads its own call. */
  callees: readonly unknown[];
  /** It does so from the file on disk. */
  readsFiles: boolean;
}

/** The program has loaded it already, and may have replaced parts of it. */
function nodesAssert(): NodesAssert {
  const assert = getBuiltinModule('node:assert');
  const ok = own(assert, 'ok');
  const callees = [assert, own(assert, 'strict')];
  // From Node 26 on a function of its own, which a class has as well.
  if (ok === own(own(own(assert, 'Assert'), 'prototype'), 'ok')) arrayPush(callees, ok);
  return { callees, readsFiles: !arrayIncludes(nodes.moduleLoadList, 'NativeModule internal/errors/error_source') };
}

function own(object: unknown, key: string): unknown {
  return typeof object === 'function' || (typeof object === 'object' && object !== null)
    ? getOwnPropertyDescriptor(object, key)?.value
    : undefined;
}
