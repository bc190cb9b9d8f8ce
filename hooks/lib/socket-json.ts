import type { Socket } from 'node:net';
import { constant, type Constant } from '../../src/recorder/constant.js';
import { createNotes } from '../../src/recorder/notes.js';
import { quote } from '../../src/recorder/quote.js';
import { Number, String } from '../../src/intrinsics.js';

interface Name {
  address?: string;
  port?: number;
}
interface Handle {
  getsockname?(out: Name): number;
  getpeername?(out: Name): number;
}

/** Connections carry many exchanges. */
const known = createNotes<Constant>();

/**
 * The `socket` field of a record, with a comma before it; null where there are no ports, as with pipes and mocks.
 * The handle is asked: the socket's own accessors would leave fields on it that the program can see.
 */
export function socketJson(socket: Socket | null | undefined): Constant | null {
  if (socket === null || socket === undefined) return null;
  const before = known.get(socket);
  if (before !== undefined) return before;
  const handle = (socket as { _handle?: Handle | null })._handle;
  if (typeof handle?.getsockname !== 'function' || typeof handle.getpeername !== 'function') return null;
  const local: Name = {};
  const remote: Name = {};
  if (handle.getsockname(local) !== 0 || handle.getpeername(remote) !== 0) return null;
  const json = constant(
    `,"socket":{"local_address":${quote(String(local.address))},"local_port":${Number(local.port)},` +
      `"remote_address":${quote(String(remote.address))},"remote_port":${Number(remote.port)}}`,
  );
  known.set(socket, json);
  return json;
}
