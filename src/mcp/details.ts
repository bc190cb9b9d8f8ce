import type { ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';
import { Sources, sourceLines } from '../report/source-lines.js';
import { conversationLines, usageText } from '../llm/conversation.js';
import { llmExchangeOf } from '../llm/exchange.js';
import type { BodyPreview, ErrorInfo, Preview } from '../trace-format.js';
import { sourceText } from './failures.js';
import { callerLines } from './tree.js';
import { errorText, msText, nodeText, oneLine, quoted, valueText } from './text.js';

const SHOWN_CHILDREN = 30;

/** One call or exchange, whole. */
export function* detailLines(trace: Trace, node: number, full: boolean): Generator<string> {
  const most = full ? 8000 : 1500;
  yield nodeText(trace, node, { values: 200 });
  const { session, agent } = trace.scopeOf(node);
  const test = trace.testOf(node);
  if (test !== -1) yield `test ${quoted(trace.tests[test].name)}`;
  if (session !== -1) yield `session ${quoted(trace.sessions[session].tag || trace.sessions[session].id)}`;
  if (agent !== undefined) yield `agent ${quoted(agent)}`;
  const callers = callerLines(trace, node);
  if (callers.length > 0) yield* ['called by, from the top:', ...callers];
  if (trace.isExchange(node)) yield* exchangeLines(trace, node, most);
  else yield* callLines(trace, node, most);
  const children = trace.childrenOf(node);
  if (children.length > 0) yield `calls (${children.length}):`;
  for (const child of children.subarray(0, SHOWN_CHILDREN)) yield `  ${nodeText(trace, child, { values: 120 })}`;
  if (children.length > SHOWN_CHILDREN) yield `  the rest: tree id=${trace.nameOf(node)}`;
}

function* callLines(trace: Trace, node: number, most: number): Generator<string> {
  const { args = {}, receiver, result, error, settled } = trace.call(node);
  const value = (name: string, preview: Preview): string => `${oneLine(name, 80)} = ${valueText(preview, most)}`;
  for (const [name, preview] of Object.entries(args)) yield value(name, preview);
  if (receiver !== undefined) yield value('this', receiver);
  if (result !== undefined && !error) yield value('result', result);
  if (settled && 'value' in settled) yield value(`fulfilled after ${msText(settled.dt)}`, settled.value!);
  for (const one of [error, settled?.error]) if (one) yield* errorLines(one, most);
  const info = trace.functionOf(node)!;
  const text = new Sources(trace).file(info.file, info.folder);
  if (text) yield* ['source:', ...sourceText(sourceLines(trace, node, text, true))];
}

function* errorLines(error: ErrorInfo, most: number): Generator<string> {
  yield `threw ${errorText(error, most)}`;
  if (error.value !== undefined) yield `  value = ${valueText(error.value, most)}`;
  for (const frame of error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12) ?? [])
    yield `  ${quoted(frame.trim())}`;
  const { cause } = error as { cause?: ErrorInfo };
  if (typeof cause?.message === 'string') yield `  caused by ${errorText(cause, most)}`;
}

function* exchangeLines(trace: Trace, node: number, most: number): Generator<string> {
  const detail = trace.exchange(node);
  const { other, ttfb, firstToken } = trace.exchangeOf(node)!;
  if (detail.url.length > 200) yield `url ${quoted(detail.url, most)}`;
  if (other !== -1) yield `other end ${trace.nameOf(other)}`;
  if (ttfb >= 0) yield `first byte after ${msText(ttfb)}`;
  if (firstToken >= 0) yield `first token after ${msText(firstToken)}`;
  if (detail.error) yield* errorLines(detail.error, most);
  const conversation = llmExchangeOf(detail);
  if (conversation) {
    const { provider, asked, reply } = conversation;
    yield oneLine(
      `${provider} ${quoted(reply.model ?? asked ?? 'unknown')}: ${usageText(reply.usage)}; stop: ${quoted(reply.stop ?? 'unknown')}`,
    );
    for (const { kind, text } of conversationLines(conversation))
      yield kind === 'role' ? oneLine(text, 40) : `  ${quoted(text, most)}`;
    return;
  }
  yield* bodyText('request', detail.requestHeaders, detail.requestBody, most);
  yield* bodyText('response', detail.responseHeaders, detail.responseBody, most);
}

const PLAIN =
  /^(accept|connection|date|etag|keep-alive|host|user-agent|sec-.*|transfer-encoding|content-length|vary|x-powered-by)/;

function* bodyText(
  side: string,
  headers: ExchangeDetail['requestHeaders'],
  body: BodyPreview | undefined,
  most: number,
): Generator<string> {
  const shown = Object.entries(headers).filter(([name]) => !PLAIN.test(name));
  if (shown.length > 0) yield `${side} headers ${quoted(JSON.stringify(Object.fromEntries(shown)), most)}`;
  if (!body || body.size === 0) return;
  const head = `${side} body, ${oneLine(body.content_type ?? 'no type', 80)}, ${body.size} bytes${body.truncated ? ', not all of it' : ''}`;
  if (body.json !== undefined) yield `${head}: ${valueText(body.json, most)}`;
  else if (body.text !== undefined)
    yield `${head}: ${quoted(body.text, most)}${body.tail === undefined ? '' : ` … ${quoted(body.tail.slice(-most), most)}`}`;
  else yield head;
}
