import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ExchangeDetail } from '../reader/details.js';
import { llmExchangeOf } from '../llm/exchange.js';
import { ownTime } from '../reader/times.js';
import type { BodyPreview, ErrorInfo, Headers } from '../trace-format.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { Conversation } from './conversation.js';
import { copyText, curlOf, markdownOf } from './copy.js';
import type { Detail } from './details-cache.js';
import { bytes, duration, nameOf, placeOf } from './format.js';
import { OpenIn } from './open-in.js';
import { Part } from './part.js';
import { SourceOf } from './source-of.js';
import { ValueTree } from './value-tree.js';

/** All of the selected call or exchange. */
export function DetailsPane(): JSX.Element | null {
  const { trace, details, shown, go } = useViewer();
  const { node } = shown;
  if (node === -1) return <p class="empty">Select a call to see its values.</p>;
  const detail = details.get(node);
  return (
    <div class="details-inner">
      <header>
        <button type="button" class="close" aria-label="Close details" onClick={() => go({ node: -1 })}>
          ✕
        </button>
        <h2>{nameOf(trace, node)}</h2>
        <p class="dim">{placeOf(trace, node)}</p>
        <Facts node={node} />
        {detail && <Actions node={node} detail={detail} />}
      </header>
      {!detail && <p class="dim">Reading…</p>}
      {detail && 'call' in detail && <CallParts detail={detail.call} node={node} />}
      {detail && 'exchange' in detail && <ExchangeParts detail={detail.exchange} />}
    </div>
  );
}

function Facts({ node }: { node: number }): JSX.Element {
  const { trace, go } = useViewer();
  const { session, agent, process } = trace.scopeOf(node);
  const test = trace.testOf(node);
  const total = trace.durationOf(node);
  const own = trace.isExchange(node) ? -1 : ownTime(trace, trace.nodes, node);
  const parent = trace.nodes.parent[node];
  const other = trace.exchangeOf(node)?.other ?? -1;
  return (
    <dl class="facts-list">
      <Fact name="took">{total === -1 ? 'has not ended' : duration(total)}</Fact>
      {own >= 0 && <Fact name="own">{duration(own)}</Fact>}
      {parent !== -1 && (
        <Fact name="called by">
          <button type="button" class="link" onClick={() => go({ node: parent })}>
            {nameOf(trace, parent)}
          </button>
        </Fact>
      )}
      {other !== -1 && (
        <Fact name="other end">
          <button type="button" class="link" onClick={() => go({ node: other })}>
            {nameOf(trace, other)}
          </button>
        </Fact>
      )}
      {test !== -1 && <Fact name="test">{visible(trace.tests[test].name)}</Fact>}
      {session !== -1 && (
        <Fact name="session">{visible(trace.sessions[session].tag || trace.sessions[session].id)}</Fact>
      )}
      {agent !== undefined && <Fact name="agent">{visible(agent)}</Fact>}
      {trace.processes.length > 1 && <Fact name="process">{trace.processes[process].proc}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Actions({ node, detail }: { node: number; detail: Detail }): JSX.Element {
  const { trace, go, shown } = useViewer();
  const info = trace.functionOf(node);
  return (
    <p class="actions">
      {shown.view !== 'tree' && (
        <button type="button" onClick={() => go({ view: 'tree', query: '' })}>
          Show in tree
        </button>
      )}
      {info && (
        <button type="button" onClick={() => go({ view: 'functions', fn: trace.nodes.func[node] })}>
          Every call
        </button>
      )}
      <button type="button" data-key="m" onClick={() => copyText(markdownOf(trace, node, detail))}>
        Copy as Markdown
      </button>
      {'exchange' in detail && (
        <button
          type="button"
          data-key="c"
          onClick={() => copyText(curlOf(trace.exchangeOf(node)!.method, detail.exchange))}
        >
          Copy as curl
        </button>
      )}
      {info && (
        <span class="open-in">
          <span class="label">open in</span> <OpenIn info={info} />
        </span>
      )}
    </p>
  );
}

function CallParts({
  detail,
  node,
}: {
  detail: Extract<Detail, { call: unknown }>['call'];
  node: number;
}): JSX.Element {
  const { args, receiver, result, error, settled } = detail;
  const failure = error ?? settled?.error;
  return (
    <>
      {failure && <ErrorPart error={failure} />}
      <Part title="Arguments">
        {args && Object.keys(args).length > 0 ? (
          Object.entries(args).map(([name, value]) => <ValueTree key={name} name={name} value={value} />)
        ) : (
          <p class="dim">none</p>
        )}
      </Part>
      {receiver !== undefined && (
        <Part title="this">
          <ValueTree value={receiver} />
        </Part>
      )}
      {!error && result !== undefined && (
        <Part title={settled ? 'Returned' : 'Result'}>
          <ValueTree value={result} />
        </Part>
      )}
      {settled && 'value' in settled && (
        <Part title="Settled with">
          <ValueTree value={settled.value} />
        </Part>
      )}
      <SourceOf node={node} />
    </>
  );
}

function ErrorPart({ error }: { error: ErrorInfo }): JSX.Element {
  const causes: ErrorInfo[] = [];
  for (let at: unknown = error.cause; isError(at) && causes.length < 8; at = at.cause) causes.push(at);
  return (
    <Part title="Threw">
      <pre class="message">{visible(error.stack ?? `${error.name}: ${error.message}`)}</pre>
      {error.code !== undefined && <p class="dim">code {visible(String(error.code))}</p>}
      {error.value !== undefined && <ValueTree name="value" value={error.value} />}
      {causes.map((cause, index) => (
        <pre class="message" key={index}>
          {visible(`caused by ${cause.stack ?? `${cause.name}: ${cause.message}`}`)}
        </pre>
      ))}
    </Part>
  );
}

function isError(value: unknown): value is ErrorInfo {
  return typeof value === 'object' && value !== null && 'message' in value;
}

function ExchangeParts({ detail }: { detail: ExchangeDetail }): JSX.Element {
  const conversation = useMemo(() => llmExchangeOf(detail), [detail]);
  return (
    <>
      {detail.error && <ErrorPart error={detail.error} />}
      <Part title="URL">
        <p class="url">{visible(detail.url)}</p>
      </Part>
      {conversation && (
        <Part title="Conversation">
          <Conversation exchange={conversation} />
        </Part>
      )}
      <BodyPart title="Response" body={detail.responseBody} />
      <BodyPart title="Request" body={detail.requestBody} />
      <HeadersPart title="Response headers" headers={detail.responseHeaders} />
      <HeadersPart title="Request headers" headers={detail.requestHeaders} />
    </>
  );
}

function BodyPart({ title, body }: { title: string; body: BodyPreview | undefined }): JSX.Element | null {
  if (!body) return null;
  const { content_type, size, truncated, json, text, tail, omitted } = body;
  return (
    <Part title={`${title}  ${visible(content_type ?? '')}  ${bytes(size)}${truncated ? ', cut' : ''}`}>
      {json !== undefined && <ValueTree value={json} />}
      {json === undefined && text !== undefined && (
        <pre class="body" tabIndex={0}>
          {visible(text)}
        </pre>
      )}
      {tail !== undefined && (
        <>
          <p class="dim">{bytes(omitted ?? 0)} left out</p>
          <pre class="body" tabIndex={0}>
            {visible(tail)}
          </pre>
        </>
      )}
      {json === undefined && text === undefined && <p class="dim">not shown</p>}
    </Part>
  );
}

function HeadersPart({ title, headers }: { title: string; headers: Headers }): JSX.Element | null {
  const entries = Object.entries(headers);
  if (entries.length === 0) return null;
  return (
    <Part title={title}>
      <dl class="headers">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{visible(name)}</dt>
            <dd>{visible(Array.isArray(value) ? value.join(', ') : value)}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}
