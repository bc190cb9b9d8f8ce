import { constant, type Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import { quote } from '../../src/recorder/quote.js';
import { SafeMap } from '../../src/intrinsics.js';

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

/** By side, client and method, of which a program has few. */
const kinds = new SafeMap<string, Constant>();
const MAX_KINDS = 100;

/** Writes all of these, up to the URL. */
export function writeKind(out: Encoder, side: string, client: string, method: string): void {
  const key = `${side} ${client} ${method}`;
  let kind = kinds.get(key);
  if (kind === undefined) {
    kind = constant(`,"side":"${side}","client":"${client}","method":${quote(method)},"url":`);
    if (kinds.size < MAX_KINDS) kinds.set(key, kind);
  }
  out.constant(kind);
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
