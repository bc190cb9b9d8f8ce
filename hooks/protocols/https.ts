import type { Hook } from '../lib/hook.js';
import { recordProtocol } from '../lib/messages.js';

/** `node:https`: the messages of `node:http`, over TLS. */
export const httpsHook: Hook = { name: 'https', install: (host) => recordProtocol(host, 'https:') };
