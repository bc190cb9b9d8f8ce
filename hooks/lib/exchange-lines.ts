import { constant, type Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import { quote } from '../../src/recorder/quote.js';
import { arrayPush } from '../../src/intrinsics.js';

// The parts of the lines of exchanges that are the same for many of them, made once.

export interface LineHeads {
  request: Constant;
  response: Constant;
  error: Constant;
}

/** Of one process: up to the id. */
let heads: (LineHeads & { proc: string }) | null = null;

export function headsOf(proc: string): LineHeads {
  if (heads?.proc === proc) return heads;
  const head = (type: string): Constant => constant(`{"type":"http_${type}","proc":"${proc}","id":`);
  heads = { proc, request: head('request'), response: head('response'), error: head('error') };
  return heads;
}

const PARENT = constant(',"parent":');
const NO_PARENT = constant(',"parent":null');

export function writeParent(out: Encoder, parent: number): void {
  if (parent === 0) return out.constant(NO_PARENT);
  out.constant(PARENT);
  out.integer(parent);
}

interface Kind {
  side: string;
  client: string;
  method: string;
  json: Constant;
}

/** A program has few, so to look at all of them is quicker than to make a key. */
const kinds: Kind[] = [];
const MAX_KINDS = 20;

/** Writes all of these, up to the URL. */
export function writeKind(out: Encoder, side: string, client: string, method: string): void {
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind.method === method && kind.side === side && kind.client === client) return out.constant(kind.json);
  }
  const json = constant(`,"side":"${side}","client":"${client}","method":${quote(method)},"url":`);
  if (kinds.length < MAX_KINDS) arrayPush(kinds, { side, client, method, json });
  out.constant(json);
}

export const HEADERS = constant(',"headers":');
export const BEGIN = constant(',"t0_ns":');
export const END = constant(',"t1_ns":');
export const DURATION = constant(',"dt_ns":');
export const FIRST_BYTE = constant(',"ttfb_ns":');
export const STATUS = constant(',"status":');
export const REQUEST_BODY = constant(',"request_body":');
export const RESPONSE_BODY = constant(',"response_body":');
export const BYTES_OUT = constant(',"bytes_out":');
export const BYTES_IN = constant(',"bytes_in":');
export const END_OF_LINE = constant('}\n');
