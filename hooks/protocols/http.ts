import type { Hook } from '../lib/hook.js';
import { recordProtocol } from '../lib/messages.js';

/** `node:http`: requests made and requests answered, also those of every library that uses it. */
export const httpHook: Hook = { name: 'http', install: (host) => recordProtocol(host, 'http:') };
