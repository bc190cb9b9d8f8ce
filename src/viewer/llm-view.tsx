import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { candidatesOf, type LlmCall, LlmCalls } from '../llm/calls.js';
import { tokens } from '../llm/conversation.js';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import type { DetailsCache } from './details-cache.js';
import { count, duration } from './format.js';
import { HIT } from './search.js';
import { listKeys } from './list-keys.js';
import { VirtualList } from './virtual-list.js';

/** Requests that are looked at: what a person goes through, and a second of reading. */
const MOST = 5000;

/** What is known by the bodies alone is looked for when the page is there. */
export function useLlm(details: DetailsCache): readonly LlmCall[] | undefined {
  const [calls, setCalls] = useState<readonly LlmCall[]>();
  useEffect(() => {
    let gone = false;
    const find = async (): Promise<void> => {
      const found = new LlmCalls(details.trace);
      for (const node of candidatesOf(details.trace).slice(0, MOST)) {
        const detail = await details.load(node);
        if (gone) return;
        if ('exchange' in detail) found.add(node, detail.exchange);
      }
      setCalls(found.all());
    };
    void find();
    return () => {
      gone = true;
    };
  }, [details]);
  return calls;
}

const HEAD = ['when', 'in', 'cached', 'out', 'first token', 'took'] as const;
const GROUPS = ['call', 'model', 'function', 'test', 'session', 'agent'] as const;
type Group = (typeof GROUPS)[number];

/** Calls of language models: what they took, who made them; the conversation is in the details. */
export function LlmView(): JSX.Element {
  const { trace, shown, go, hits, llm } = useViewer();
  const [by, setBy] = useState<Group>('call');
  const list = useMemo(
    () =>
      (llm ?? []).filter(({ tries }) => {
        const isInTest = shown.test === -1 || trace.testOf(tries[0]) === shown.test;
        return isInTest && (!hits || tries.some((node) => (hits.marks[node] & HIT) !== 0));
      }),
    [llm, trace, shown.test, hits, hits?.nodes.length],
  );
  if (list.length === 0)
    return <p class="empty">No call of a language model {hits ? 'matches' : 'was recorded here'}.</p>;
  return (
    <>
      <div class="bar">
        <span class="dim">{count(list.length)} calls of language models</span>
        <label>
          a row a{' '}
          <select value={by} onChange={(event) => setBy(event.currentTarget.value as Group)}>
            {GROUPS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {by === 'call' ? <Calls list={list} go={(node) => go({ node })} /> : <Totals list={list} by={by} />}
    </>
  );
}

function Calls({ list, go }: { list: readonly LlmCall[]; go(node: number): void }): JSX.Element {
  const { trace, shown } = useViewer();
  const selected = list.findIndex(({ tries }) => tries.includes(shown.node));
  return (
    <VirtualList
      role="grid"
      label="Calls of language models"
      count={list.length}
      rowHeight={26}
      selected={selected}
      activeId={selected === -1 ? undefined : `llm-${selected}`}
      header={<Head columns={HEAD} last="model, and who called it" />}
      onKeyDown={listKeys({ count: list.length, selected, move: (to) => go(list[to].tries.at(-1)!) })}
      row={(index, style) => (
        <div
          key={index}
          id={`llm-${index}`}
          class={`row${index === selected ? ' selected' : ''}`}
          style={style}
          role="row"
          aria-selected={index === selected}
          onClick={() => go(list[index].tries.at(-1)!)}
        >
          {cellsOf(trace, list[index]).map((text, at) => (
            <span class={cellClass(HEAD[at])} role="gridcell" key={at}>
              {text}
            </span>
          ))}
          <CallName call={list[index]} />
        </div>
      )}
    />
  );
}

function CallName({ call }: { call: LlmCall }): JSX.Element {
  const { trace } = useViewer();
  const { model, provider, error, stop = 'stop unknown', speed, toolCalls, tries } = call;
  const labels = GROUPS.slice(3)
    .map((name) => nameIn(trace, call, name))
    .filter((name) => name !== '');
  return (
    <span class="name" role="gridcell">
      {visible(model)}{' '}
      <span class="place">
        {provider} · {visible(nameIn(trace, call, 'function') || 'no recorded function')}
      </span>
      <span class={`tag${error === undefined ? '' : ' bad'}`}>{visible(error ?? stop)}</span>
      {speed !== undefined && <span class="tag">{speed.toFixed(1)} tokens/s</span>}
      {tries.length > 1 && <span class="tag">{tries.length} tries</span>}
      {toolCalls.length > 0 && <span class="tag">calls {visible(toolCalls.join(', '))}</span>}
      {labels.map((name) => (
        <span class="place" key={name}>
          {' '}
          {visible(name)}
        </span>
      ))}
    </span>
  );
}

/** Times need more room than numbers. */
function cellClass(column: string): string {
  return /^(in|cached|out|calls|failed)$/.test(column) ? 'cell tokens' : 'cell';
}

const TOTALS = ['calls', 'failed', 'in', 'cached', 'out', 'took'] as const;

function Totals({ list, by }: { list: readonly LlmCall[]; by: Group }): JSX.Element {
  const { trace } = useViewer();
  const groups = useMemo(() => {
    const found = new Map<string, LlmCall[]>();
    for (const call of list) {
      const name = nameIn(trace, call, by);
      found.set(name, [...(found.get(name) ?? []), call]);
    }
    return [...found].sort(([, a], [, b]) => b.length - a.length);
  }, [list, by]);
  return (
    <VirtualList
      role="grid"
      label={`Totals by ${by}`}
      count={groups.length}
      rowHeight={26}
      selected={-1}
      header={<Head columns={TOTALS} last={by} />}
      onKeyDown={() => undefined}
      row={(index, style) => {
        const [name, calls] = groups[index];
        const sum = (of: (call: LlmCall) => number | undefined): string => sumText(calls.map(of));
        const cells = [
          ...[count(calls.length), count(calls.filter(({ error }) => error !== undefined).length)],
          ...[sum(({ usage }) => usage.input), sum(({ usage }) => usage.cacheRead), sum(({ usage }) => usage.output)],
          duration(calls.reduce((all, { dt }) => all + Math.max(0, dt), 0)),
        ];
        return (
          <div key={name} class="row" style={style} role="row">
            {cells.map((text, at) => (
              <span class={cellClass(TOTALS[at])} role="gridcell" key={at}>
                {text}
              </span>
            ))}
            <span class="name" role="gridcell">
              {visible(name) || `(no ${by})`}
            </span>
          </div>
        );
      }}
    />
  );
}

function Head({ columns, last }: { columns: readonly string[]; last: string }): JSX.Element {
  return (
    <div class="row head" role="row">
      {columns.map((name) => (
        <span class={cellClass(name)} role="columnheader" key={name}>
          {name}
        </span>
      ))}
      <span class="name" role="columnheader">
        {last}
      </span>
    </div>
  );
}

function cellsOf(trace: Trace, { t0, usage, firstToken, first, dt }: LlmCall): string[] {
  const firstText = firstToken >= 0 ? duration(firstToken) : first < 0 ? 'unknown' : `byte ${duration(first)}`;
  return [
    ...[
      `+${duration(t0 - trace.processes[0].firstNs)}`,
      tokens(usage.input),
      tokens(usage.cacheRead),
      tokens(usage.output),
    ],
    ...[firstText, dt < 0 ? 'open' : duration(dt)],
  ];
}

function nameIn(trace: Trace, { model, caller, tries }: LlmCall, by: Group): string {
  const { session, agent } = trace.scopeOf(tries[0]);
  const test = trace.testOf(tries[0]);
  if (by === 'model') return model;
  if (by === 'function') return caller === -1 ? '' : (trace.functionOf(caller)?.func ?? '');
  if (by === 'test') return test === -1 ? '' : trace.tests[test].name;
  if (by === 'session') return session === -1 ? '' : trace.sessions[session].tag || trace.sessions[session].id;
  return agent ?? '';
}

/** What is not known is no zero: `12 + 1 unknown`. */
function sumText(counts: readonly (number | undefined)[]): string {
  const known = counts.filter((one) => one !== undefined);
  if (known.length === 0) return tokens(undefined);
  const sum = tokens(known.reduce((all, one) => all + one, 0));
  return known.length === counts.length ? sum : `${sum} + ${counts.length - known.length} unknown`;
}
