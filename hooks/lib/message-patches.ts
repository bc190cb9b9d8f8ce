import type * as Http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Scope } from '../../src/recorder/scope.js';
import type { Exchange } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import type { Outgoing, Request } from './message-forms.js';
import type { Patches } from './patch.js';
import { each } from '../../src/intrinsics.js';

export type MessageArgs = [chunk?: unknown, encoding?: unknown, callback?: unknown];

/** What is known of a message before something of it is written. */
export interface Sending {
  exchange?: Exchange;
  open: boolean;
}

/** What the replaced methods of Node's classes notice. */
export interface MessageSteps {
  beforeSend(message: Outgoing, sending: Sending): void;
  afterWrite(message: Outgoing, sending: Sending, args: MessageArgs): void;
  afterEnd(message: Outgoing, sending: Sending, args: MessageArgs): void;
  afterFlush(message: Outgoing, sending: Sending): void;
  beforePush(message: IncomingMessage, exchange: Exchange, chunk: unknown): void;
  beforeDestroy(message: IncomingMessage, error: unknown): void;
  afterRequestDestroy(request: Request, error: unknown): void;
  beforeHandOver(request: Request, event: unknown): void;
  beforeAddRequest(request: Request, options: unknown): void;
  /** Of a message that is received. */
  exchangeOf(message: IncomingMessage): Exchange | undefined;
  scopeOf(exchange: Exchange): Scope | null;
}

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

/** Replaces the methods of Node's classes through which messages pass. */
export function patchMessages(
  host: HookHost,
  patches: Patches,
  steps: MessageSteps,
  { OutgoingMessage, IncomingMessage, Agent }: typeof Http,
  clientRequest: typeof Http.ClientRequest,
): void {
  patchSending(host, patches, steps, OutgoingMessage.prototype);
  patchReceiving(host, patches, steps, IncomingMessage.prototype);
  patchRequests(host, patches, steps, clientRequest.prototype);
  const beforeAddRequest = createGuard(host.broken)((request: Request, options: unknown) =>
    steps.beforeAddRequest(request, options),
  );
  patches.method(Agent.prototype as Http.Agent & { addRequest: () => void }, 'addRequest', (next) => {
    return function (this: unknown, ...args: [Request, unknown]) {
      beforeAddRequest(args[0], args[1]);
      return apply(next(), this, args);
    };
  });
}

function patchSending(host: HookHost, patches: Patches, steps: MessageSteps, prototype: Outgoing): void {
  const guard = createGuard(host.broken);
  const beforeSend = guard((message: Outgoing, sending: Sending) => steps.beforeSend(message, sending));
  const after = {
    write: guard((message: Outgoing, sending: Sending, args: MessageArgs) => steps.afterWrite(message, sending, args)),
    end: guard((message: Outgoing, sending: Sending, args: MessageArgs) => steps.afterEnd(message, sending, args)),
    flushHeaders: guard((message: Outgoing, sending: Sending) => steps.afterFlush(message, sending)),
  };
  for (const name of each(['write', 'end', 'flushHeaders'] as const)) {
    const afterSend = after[name];
    patches.method(prototype, name, (next) => {
      return function (this: Outgoing, ...args: MessageArgs) {
        const sending: Sending = { open: false };
        beforeSend(this, sending);
        const result = apply(next(), this, args);
        afterSend(this, sending, args);
        return result;
      };
    });
  }
}

function patchReceiving(host: HookHost, patches: Patches, steps: MessageSteps, prototype: IncomingMessage): void {
  const guard = createGuard(host.broken);
  const { recorder } = host;
  const beforePush = guard((message: IncomingMessage, exchange: Exchange, chunk: unknown) =>
    steps.beforePush(message, exchange, chunk),
  );
  const beforeDestroy = guard((message: IncomingMessage, error: unknown) => steps.beforeDestroy(message, error));
  patches.method(prototype, 'push', (next) => {
    return function (this: IncomingMessage, ...args: MessageArgs) {
      const exchange = steps.exchangeOf(this);
      if (exchange === undefined) return apply(next(), this, args);
      beforePush(this, exchange, args[0]);
      // Events of a body come from the socket, whose context may be another one's.
      const before = recorder.enterScope(steps.scopeOf(exchange));
      try {
        return apply(next(), this, args);
      } finally {
        recorder.enterScope(before);
      }
    };
  });
  patches.method(prototype, 'destroy', (next) => {
    return function (this: IncomingMessage, ...args: MessageArgs) {
      beforeDestroy(this, args[0]);
      return apply(next(), this, args);
    };
  });
}

function patchRequests(host: HookHost, patches: Patches, steps: MessageSteps, prototype: Request): void {
  const guard = createGuard(host.broken);
  const afterDestroy = guard((request: Request, error: unknown) => steps.afterRequestDestroy(request, error));
  const beforeHandOver = guard((request: Request, event: unknown) => steps.beforeHandOver(request, event));
  patches.method(prototype, 'destroy', (next) => {
    return function (this: Request, ...args: MessageArgs) {
      const already = this.destroyed;
      const result = apply(next(), this, args);
      if (!already) afterDestroy(this, args[0]);
      return result;
    };
  });
  // Node asks this just before it hands an upgraded connection over, which no channel tells.
  patches.method(prototype, 'listenerCount', (next) => {
    return function (this: Request, ...args: MessageArgs) {
      beforeHandOver(this, args[0]);
      return apply(next(), this, args);
    };
  });
}
