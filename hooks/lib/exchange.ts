import { quote } from '../../src/recorder/quote.js';
import type { Constant } from '../../src/recorder/constant.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import type { Brief, Current, Line, LineKind } from '../../src/recorder/recorder.js';
import type { LibraryCall, Scope, TraceContext } from '../../src/recorder/scope.js';
import type { HttpRequest } from '../../src/trace-format.js';
import { writeBody } from './body.js';
import { BodyCollector, type BodyOwner } from './body-collector.js';
import { firstTokenAt, isStream } from './first-token.js';
import {
  BEGIN,
  BYTES_IN,
  BYTES_OUT,
  DURATION,
  END,
  END_OF_LINE,
  FIRST_BYTE,
  HEADERS,
  headsOf,
  REQUEST_BODY,
  RESPONSE_BODY,
  STATUS,
  writeKind,
  writeParent,
} from './exchange-lines.js';
import { Head, headerOf, headWith, urlJson, writeHeaders, type RawHeaders } from './headers.js';
import type { HookHost } from './hook.js';
import { beginsLikeObject, isLlmRequest, MAX_LLM_BODY } from './llm.js';
import { sendingPackage } from './sender.js';
import { continueTrace, otelJson, traceJson, traceparent, type SentTrace } from './trace-context.js';
import { max, Number } from '../../src/intrinsics.js';

export { entries, flatPairs, headerOf, headerPairs, pairs, type HeaderList, type RawHeaders } from './headers.js';

export type Client = HttpRequest['client'];

export interface ExchangeStart {
  side: 'client' | 'server';
  client: Client;
  /** Where it belongs; default: what runs now. */
  current?: Current;
  /** Reading of the clock at its begin; default: now. */
  t0?: number;
  /** The trace that came with a request to be answered. */
  trace?: TraceContext | null;
}

const NONE = new Head([]);

/**
 * One HTTP exchange on its way to the trace: a hook tells what it sees, in whatever order that comes, and the records
 * are right. After the end nothing changes any more. No method throws.
 */
export class Exchange implements BodyOwner {
  readonly id: number;
  readonly parent: number;
  readonly requestBody: BodyCollector;
  readonly responseBody: BodyCollector;
  readonly libraryCall: LibraryCall | null;
  /** What is done inside of it. */
  inside: Scope | null = null;
  /** The message that answers it, where that is another one. */
  answer: object | null = null;
  /** Where its request goes, as the agent was told. */
  target: object | null = null;
  /** The scope it began in. */
  readonly scope: Scope | null;
  ended = false;
  /** The `socket` field of its records, see `socketJson`. */
  socket: Constant | null = null;
  /** The package that made it, where no code of the program ran. */
  private readonly from: string | null = null;
  private trace: TraceContext | SentTrace | null;
  private readonly otel: string;
  readonly side: 'client' | 'server';
  private readonly client: Client;
  private readonly attempt: number;
  private readonly t0: number;
  private started = false;
  private requestBodyReported = false;
  private requestHead = NONE;
  private method = '';
  private url = '';
  /** Whether a language model is asked; null: it is not known yet. */
  private llm: boolean | null = null;
  /** Reading of the clock when the response began; 0: it has not. */
  private firstByte = 0;
  private status = 0;
  private responseHead = NONE;
  private trailers = NONE;
  /** Reading of the clock at its end. */
  private t1 = 0;
  /** How it failed, as JSON; empty: it did not. */
  private failure = '';

  constructor(
    private readonly host: HookHost,
    { side, client, current = host.recorder.current(), t0 = host.now(), trace = null }: ExchangeStart,
  ) {
    this.t0 = t0;
    this.id = host.recorder.nextId();
    this.parent = current.parent;
    this.scope = current.scope;
    this.side = side;
    this.trace = trace;
    this.otel = otelJson();
    const call = side === 'client' ? libraryCallOf(current) : null;
    if (side === 'client' && this.parent === 0) this.from = call === null ? sendingPackage() : (call.from ?? null);
    if (side === 'client' && current.scope?.libraryCall) current.scope.libraryCall.exchanges++;
    this.libraryCall = call;
    this.client = call === null ? client : (call.client as Client);
    this.attempt = call === null ? 0 : ++call.attempts;
    if (call !== null && call.id === 0) call.id = this.id;
    const maxBody = host.recorder.isFull() ? 0 : host.maxBody;
    this.requestBody = new BodyCollector(maxBody, this);
    this.responseBody = new BodyCollector(maxBody, this);
    host.seen();
  }

  /** Whether the request has been reported. */
  get sent(): boolean {
    return this.started;
  }

  /** Whether the head of the response is known. */
  get answered(): boolean {
    return this.status !== 0;
  }

  /**
   * The `traceparent` that a request of the program is to send, if it is to send one: to be asked before the head of
   * the request is reported.
   */
  traceparent(): string | undefined {
    if (!this.host.propagate || this.started) return undefined;
    const sent = continueTrace(this.scope?.trace ?? null);
    this.trace = sent;
    return traceparent(sent);
  }

  /** The head of the request is known: reports it, and its body if that is complete. */
  request(method: string, url: string, headers: RawHeaders): void {
    if (this.started) return;
    this.started = true;
    this.method = method;
    this.url = url;
    this.requestHead = headWith(headers);
    this.requestBodyReported = this.side === 'client' && this.requestBody.complete;
    this.write('begin', this.requestBody.held);
  }

  /** The head was sent with these: the line is made later. */
  sentWith(headers: RawHeaders): void {
    this.requestHead = headWith(headers);
  }

  /** The response begins now, in case that was not known before. */
  begun(): void {
    if (this.firstByte === 0 && !this.ended) this.firstByte = this.host.now();
  }

  /** The head of the response is known. */
  response(status: number, headers: RawHeaders): void {
    if (this.ended) return;
    this.begun();
    this.status = status;
    this.responseHead = headWith(headers);
    // Of a body that has passed nobody can say when its pieces did.
    if (this.responseBody.complete) return;
    const { type, encoding } = this.responseHead.about();
    // What is compressed is unpacked when all of it is here.
    if (encoding === undefined && isStream(type) && this.isLlm()) this.responseBody.watch(() => this.host.now());
  }

  trailing(headers: RawHeaders): void {
    if (!this.ended) this.trailers = headWith(headers);
  }

  /** The response is complete. */
  end(): void {
    if (!this.finish(this.status >= 500)) return;
    this.responseBody.complete = true;
    this.write('end', this.requestBody.held + this.responseBody.held);
  }

  /**
   * It ended without a complete response.
   *
   * @param aborted one side chose to stop
   * @param withStack false: the program is about to get the error from code that threw it
   */
  fail(error: unknown, aborted: boolean, withStack = true): void {
    if (!this.finish(true)) return;
    // Made now: the program may change the error, and holding it would keep alive what it refers to.
    this.failure = `,"error":${this.host.errorJson(error, withStack)}${aborted ? ',"aborted":true' : ''}`;
    this.write('end', this.requestBody.held + this.responseBody.held);
  }

  /** What is done inside belongs to it. */
  asScope(): Scope {
    const scope = this.host.recorder.scope({
      parent: this.id,
      root: true,
      request: this.id,
      trace: this.trace ?? undefined,
    });
    if (this.ended) this.host.recorder.closeRoot(scope, { failed: false, durationNs: 0 });
    else this.inside = scope;
    return scope;
  }

  larger(body: BodyCollector): number {
    const { maxBody } = this.host;
    // Of a request more is kept than is shown: what it is can be told when it is complete.
    const wanted = body === this.requestBody ? beginsLikeObject(body.bytes()) : this.isLlm();
    return wanted ? max(MAX_LLM_BODY, maxBody) : maxBody;
  }

  private isLlm(): boolean {
    if (this.llm !== null) return this.llm;
    const { requestBody, method, url } = this;
    const llm = isLlmRequest(method, url, requestBody.bytes(), requestBody.tail());
    if (llm || requestBody.complete) this.llm = llm;
    return llm;
  }

  private finish(failed: boolean): boolean {
    const { host, t0, inside } = this;
    const t1 = host.now();
    if (this.ended || !this.started) return false;
    this.ended = true;
    this.t1 = t1;
    if (inside !== null) host.recorder.closeRoot(inside, { failed, durationNs: t1 - t0 });
    // It may be here to the last byte without its end having been seen.
    const { requestBody } = this;
    requestBody.complete ||= Number(headerOf(this.requestHead.headers, 'content-length')) === requestBody.size;
    return true;
  }

  private write(is: 'begin' | 'end', held: number): void {
    const line = new ExchangeLine(this, is, this.id, this.inside ?? this.scope);
    this.host.recorder.raw(line, held + 500, line);
  }

  /** Of `ExchangeLine`. */
  writeLine(is: 'begin' | 'end', out: Encoder, brief: Brief): void {
    const from = out.at;
    try {
      if (is === 'begin') this.writeBegin(out, brief);
      else this.writeEnd(out, brief);
    } catch (error) {
      out.cut(from);
      this.host.broken(error);
    }
  }

  /** Of `ExchangeLine`. */
  lineWritten(is: 'begin' | 'end'): void {
    if (is === 'begin') {
      if (!this.requestBodyReported) return;
      // The response may be a long one.
      this.isLlm();
    }
    this.requestBody.release();
    if (is === 'end') this.responseBody.release();
  }

  private writeBegin(out: Encoder, brief: Brief): void {
    const { side, libraryCall, host, scope, from } = this;
    out.constant(headsOf(host.proc).request);
    out.integer(this.id);
    writeParent(out, this.parent);
    if (libraryCall !== null) out.text(`,"call":${libraryCall.id},"attempt":${this.attempt}`);
    writeKind(out, side, this.client, this.method);
    out.text(urlJson(this.url, host.isSecret));
    this.writeHeaders(out, this.requestHead, brief);
    out.constant(BEGIN);
    out.time(this.t0);
    if (from !== null) out.text(`,"from":${quote(from)}`);
    if (this.requestBodyReported) this.writeRequestBody(out, brief);
    if (side === 'server' && this.socket !== null) out.constant(this.socket);
    if (scope !== null) out.bytes(scope.json);
    if (this.trace !== null) out.text(traceJson(this.trace));
    out.text(this.otel);
    out.constant(END_OF_LINE);
  }

  private writeEnd(out: Encoder, brief: Brief): void {
    const { side, host, status, failure, trailers, requestBody, responseBody } = this;
    const heads = headsOf(host.proc);
    out.constant(failure === '' ? heads.response : heads.error);
    this.writeTimes(out);
    out.text(failure);
    if (failure === '' || status !== 0) {
      out.constant(STATUS);
      out.integer(status);
      this.writeHeaders(out, this.responseHead, failure === '' && brief);
    }
    if (trailers.headers.length > 0 && failure === '' && brief !== 'bare') {
      out.text(',"trailers":');
      writeHeaders(out, trailers, host.isSecret);
    }
    if (!brief) this.writeBodyOf(responseBody, RESPONSE_BODY, this.responseHead, out);
    // That of a request which was still on its way when the request was reported.
    if (!this.requestBodyReported) this.writeRequestBody(out, brief);
    out.constant(BYTES_IN);
    out.integer((side === 'client' ? responseBody : requestBody).size);
    out.constant(END_OF_LINE);
  }

  private writeHeaders(out: Encoder, head: Head, brief: Brief): void {
    out.constant(HEADERS);
    writeHeaders(out, brief === 'bare' ? NONE : head, this.host.isSecret);
  }

  /** The id, when it ended, and what else is known of the way there. */
  private writeTimes(out: Encoder): void {
    const { id, t0, t1, trace, firstByte, side, socket, responseBody } = this;
    out.integer(id);
    out.constant(END);
    out.time(t1);
    out.constant(DURATION);
    out.integer(t1 - t0);
    if (firstByte !== 0) {
      out.constant(FIRST_BYTE);
      out.integer(firstByte - t0);
    }
    const token = responseBody.marks === null ? null : firstTokenAt(responseBody.bytes(), responseBody.marks);
    if (token !== null) out.text(`,"first_token_ns":${token - t0}`);
    if (side === 'client' && socket !== null) out.constant(socket);
    if (trace !== null) out.text(traceJson(trace));
  }

  private writeRequestBody(out: Encoder, brief: Brief): void {
    if (!brief) this.writeBodyOf(this.requestBody, REQUEST_BODY, this.requestHead, out);
    const { side, requestBody, responseBody } = this;
    out.constant(BYTES_OUT);
    out.integer((side === 'client' ? requestBody : responseBody).size);
  }

  private writeBodyOf(body: BodyCollector, field: Constant, head: Head, out: Encoder): void {
    if (body.size === 0) return;
    out.constant(field);
    const { maxBody, isSecret } = this.host;
    const about = head.about();
    const mayBeCut = body.size > maxBody || about.encoding !== undefined || isStream(about.type);
    writeBody(out, body, about, mayBeCut && this.isLlm() ? max(MAX_LLM_BODY, maxBody) : maxBody, isSecret);
  }
}

/** One of the two lines of an exchange, made at the drain. */
class ExchangeLine implements Line, LineKind {
  constructor(
    private readonly exchange: Exchange,
    readonly is: 'begin' | 'end',
    readonly id: number,
    readonly scope: Scope | null,
  ) {}

  write(out: Encoder, brief: Brief): void {
    this.exchange.writeLine(this.is, out, brief);
  }

  written(): void {
    this.exchange.lineWritten(this.is);
  }
}

/** The library on whose behalf a request is made; not what the program's own code requests while the library calls it. */
function libraryCallOf({ parent, scope }: Current): LibraryCall | null {
  const call = scope?.libraryCall ?? null;
  return call !== null && call.parent === parent ? call : null;
}
