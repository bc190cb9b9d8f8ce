import { quote } from '../../src/recorder/quote.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import type { Brief, Current } from '../../src/recorder/recorder.js';
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
  FIRST_BYTE,
  HEADERS,
  headsOf,
  NO_HEADERS,
  writeKind,
  writeParent,
} from './exchange-lines.js';
import { headerOf, urlJson, writeHeaders, type HeaderList } from './headers.js';
import type { HookHost } from './hook.js';
import { beginsLikeObject, isLlmRequest, MAX_LLM_BODY } from './llm.js';
import { sendingPackage } from './sender.js';
import { continueTrace, otelJson, traceJson, traceparent, type SentTrace } from './trace-context.js';
import { max, Number } from '../../src/intrinsics.js';

export { entries, headerOf, headerPairs, pairs, type HeaderList } from './headers.js';

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
  private inside: Scope | null = null;
  /** The scope it began in. */
  readonly scope: Scope | null;
  ended = false;
  /** The `socket` field of its records, see `socketJson`. */
  socket = '';
  /** The package that made it, where no code of the program ran. */
  private readonly from: string | null = null;
  private trace: TraceContext | SentTrace | null;
  private readonly otel: string;
  private readonly side: 'client' | 'server';
  private readonly client: Client;
  private readonly attempt: number;
  private readonly t0: number;
  private started = false;
  private requestBodyReported = false;
  private requestHeaders: HeaderList = [];
  private method = '';
  private url = '';
  /** Whether a language model is asked; null: it is not known yet. */
  private llm: boolean | null = null;
  /** Reading of the clock when the response began; 0: it has not. */
  private firstByte = 0;
  private status = 0;
  private responseHeaders: HeaderList = [];
  private trailers: HeaderList = [];

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
    this.requestBody = new BodyCollector(host.maxBody, this);
    this.responseBody = new BodyCollector(host.maxBody, this);
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
  request(method: string, url: string, headers: HeaderList): void {
    if (this.started) return;
    this.started = true;
    this.method = method;
    this.url = url;
    this.requestHeaders = headers;
    const { id, parent, side, client, attempt, libraryCall, host, t0, scope, otel, from } = this;
    const trace = traceJson(this.trace);
    const bodyKnown = side === 'client' && this.requestBody.complete;
    this.requestBodyReported = bodyKnown;
    const { requestBody } = this;
    const line = (out: Encoder, brief: Brief): void => {
      out.constant(headsOf(host.proc).request);
      out.integer(id);
      writeParent(out, parent);
      if (libraryCall !== null) out.text(`,"call":${libraryCall.id},"attempt":${attempt}`);
      writeKind(out, side, client, method);
      out.text(urlJson(url, host.isSecret));
      this.writeHeaders(out, headers, brief);
      out.constant(BEGIN);
      out.time(t0);
      if (from !== null) out.text(`,"from":${quote(from)}`);
      if (bodyKnown) this.writeRequestBody(out, brief);
      if (side === 'server') out.text(this.socket);
      if (scope !== null) out.bytes(scope.json);
      out.text(`${trace}${otel}}\n`);
    };
    this.write('begin', line, requestBody.held, () => {
      if (!bodyKnown) return;
      // The response may be a long one.
      this.isLlm();
      requestBody.release();
    });
  }

  /** The response begins now, in case that was not known before. */
  begun(): void {
    if (this.firstByte === 0 && !this.ended) this.firstByte = this.host.now();
  }

  /** The head of the response is known. */
  response(status: number, headers: HeaderList): void {
    if (this.ended) return;
    this.begun();
    this.status = status;
    this.responseHeaders = headers;
    const { type, encoding } = bodyHeaders(headers);
    // What is compressed is unpacked when all of it is here.
    if (encoding === undefined && isStream(type) && this.isLlm()) this.responseBody.watch(() => this.host.now());
  }

  trailing(headers: HeaderList): void {
    if (!this.ended) this.trailers = headers;
  }

  /** The response is complete. */
  end(): void {
    const t1 = this.host.now();
    if (!this.finish(t1, this.status >= 500)) return;
    const { host, status, responseHeaders, trailers, responseBody } = this;
    responseBody.complete = true;
    this.writeEnd((out, brief) => {
      out.constant(headsOf(host.proc).response);
      this.writeTimes(out, t1);
      out.text(`,"status":${status}`);
      this.writeHeaders(out, responseHeaders, brief);
      if (trailers.length === 0 || brief === 'bare') return;
      out.text(',"trailers":');
      writeHeaders(out, trailers, host.isSecret);
    });
  }

  /**
   * It ended without a complete response.
   *
   * @param aborted one side chose to stop
   * @param withStack false: the program is about to get the error from code that threw it
   */
  fail(error: unknown, aborted: boolean, withStack = true): void {
    const t1 = this.host.now();
    if (!this.finish(t1, true)) return;
    const { host, status, responseHeaders } = this;
    // Made now: the program may change the error, and holding it would keep alive what it refers to.
    const errorJson = host.errorJson(error, withStack);
    this.writeEnd((out) => {
      out.constant(headsOf(host.proc).error);
      this.writeTimes(out, t1);
      out.text(`,"error":${errorJson}${aborted ? ',"aborted":true' : ''}`);
      if (status === 0) return;
      out.text(`,"status":${status}`);
      this.writeHeaders(out, responseHeaders, false);
    });
  }

  /** What is done inside belongs to it. */
  asScope(): Scope {
    const scope = this.host.recorder.scope({
      parent: this.id,
      root: true,
      request: this.id,
      ...(this.trace && { trace: this.trace }),
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

  private finish(t1: number, failed: boolean): boolean {
    if (this.ended || !this.started) return false;
    this.ended = true;
    if (this.inside !== null) this.host.recorder.closeRoot(this.inside, { failed, durationNs: t1 - this.t0 });
    // It may be here to the last byte without its end having been seen.
    if (Number(headerOf(this.requestHeaders, 'content-length')) === this.requestBody.size) {
      this.requestBody.complete = true;
    }
    return true;
  }

  /** @param head writes what comes before the bodies */
  private writeEnd(head: (out: Encoder, brief: Brief) => void): void {
    const { requestBody, responseBody } = this;
    const line = (out: Encoder, brief: Brief): void => {
      head(out, brief);
      if (!brief) this.writeBodyOf(responseBody, 'response_body', this.responseHeaders, out);
      // That of a request which was still on its way when the request was reported.
      if (!this.requestBodyReported) this.writeRequestBody(out, brief);
      out.constant(BYTES_IN);
      out.integer((this.side === 'client' ? responseBody : requestBody).size);
      out.text('}\n');
    };
    this.write('end', line, requestBody.held + responseBody.held, () => {
      requestBody.release();
      responseBody.release();
    });
  }

  private write(
    is: 'begin' | 'end',
    line: (out: Encoder, brief: Brief) => void,
    held: number,
    written: () => void,
  ): void {
    const { host, id, inside, scope } = this;
    host.recorder.raw(
      {
        write(out, brief) {
          const from = out.position();
          try {
            line(out, brief);
          } catch (error) {
            out.cut(from);
            host.broken(error);
          }
        },
        written,
      },
      held + 500,
      { is, id, scope: inside ?? scope },
    );
  }

  private writeHeaders(out: Encoder, headers: HeaderList, brief: Brief): void {
    out.constant(HEADERS);
    if (brief === 'bare') out.constant(NO_HEADERS);
    else writeHeaders(out, headers, this.host.isSecret);
  }

  /** The id, when it ended, and what else is known of the way there. */
  private writeTimes(out: Encoder, t1: number): void {
    const { id, t0, trace, firstByte, side, socket, responseBody } = this;
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
    if (side === 'client') out.text(socket);
    out.text(traceJson(trace));
  }

  private writeRequestBody(out: Encoder, brief: Brief): void {
    if (!brief) this.writeBodyOf(this.requestBody, 'request_body', this.requestHeaders, out);
    const { side, requestBody, responseBody } = this;
    out.constant(BYTES_OUT);
    out.integer((side === 'client' ? requestBody : responseBody).size);
  }

  private writeBodyOf(body: BodyCollector, field: string, headers: HeaderList, out: Encoder): void {
    if (body.size === 0) return;
    out.text(`,"${field}":`);
    const { maxBody, isSecret } = this.host;
    const about = bodyHeaders(headers);
    const mayBeCut = body.size > maxBody || about.encoding !== undefined || isStream(about.type);
    writeBody(out, body, about, mayBeCut && this.isLlm() ? max(MAX_LLM_BODY, maxBody) : maxBody, isSecret);
  }
}

/** The library on whose behalf a request is made; not what the program's own code requests while the library calls it. */
function libraryCallOf({ parent, scope }: Current): LibraryCall | null {
  const call = scope?.libraryCall ?? null;
  return call !== null && call.parent === parent ? call : null;
}

function bodyHeaders(headers: HeaderList): { type: string | undefined; encoding: string | undefined } {
  return { type: headerOf(headers, 'content-type'), encoding: headerOf(headers, 'content-encoding') };
}
