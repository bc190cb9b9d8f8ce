import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { visible } from '../report/visible.js';
import { useViewer } from './context.js';
import { bytes, count, duration } from './format.js';

/** What is inside, to be read before the file is given to others, and what is not. */
export function AboutView(): JSX.Element {
  const { trace, page } = useViewer();
  const { report } = page;
  return (
    <div class="scroll about" tabIndex={0}>
      <h1>What is inside</h1>
      <Facts />
      <p>
        {report?.content === 'failures'
          ? 'This report has what failing tests did; passing tests are listed by name.'
          : 'This report has everything that was recorded.'}{' '}
        {report && report.leftOut.length > 0 ? `Left out: ${report.leftOut.join(', ')}.` : ''}
      </p>
      <h2>Before you share it</h2>
      <p>
        It holds arguments, results, error messages{report?.leftOut.includes('bodies') ? '' : ', HTTP bodies'} and
        source lines. Secrets that handit knows were redacted when they were recorded; look at what else is in it.
        "handit report --no-values" leaves all values out.
      </p>
      <Hosts />
      <h2>What is not</h2>
      {trace.missing.length === 0 ? (
        <p class="dim">Nothing is known to be missing.</p>
      ) : (
        <ul class="plain">
          {trace.missing.map((text) => (
            <li key={text}>{visible(text)}</li>
          ))}
        </ul>
      )}
      <h2>Processes</h2>
      <Processes />
      {report && (
        <p class="dim">
          written by handit {report.handit}, {report.written.slice(0, 19).replace('T', ' ')} UTC
        </p>
      )}
    </div>
  );
}

function Facts(): JSX.Element {
  const { trace, page } = useViewer();
  const { report } = page;
  const raw = trace.inputs.reduce((sum, { size }) => sum + size, 0);
  return (
    <dl class="facts-list">
      <Fact name="calls">
        {count(trace.nodes.count - trace.exchanges.length)}
        {report && report.calls > trace.nodes.count - trace.exchanges.length ? ` of ${count(report.calls)}` : ''}
      </Fact>
      <Fact name="exchanges">{count(trace.exchanges.length)}</Fact>
      <Fact name="tests">{count(trace.tests.filter(({ late }) => !late).length)}</Fact>
      <Fact name="files">{count(new Set(trace.functions.map(({ file }) => file)).size)}</Fact>
      <Fact name="sources">{page.sources.length === 0 ? 'none' : count(page.sources.length)}</Fact>
      <Fact name="trace">{bytes(raw)}</Fact>
    </dl>
  );
}

function Hosts(): JSX.Element | null {
  const { trace } = useViewer();
  const hosts = useMemo(
    () => hostsOf(trace.exchanges.filter(({ side }) => side === 'client').map(({ url }) => url)),
    [trace],
  );
  if (hosts.length === 0) return null;
  return (
    <>
      <h2>Hosts contacted</h2>
      <ul class="plain">
        {hosts.map(([host, times]) => (
          <li key={host}>
            {visible(host)} <span class="dim">{count(times)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Processes(): JSX.Element {
  const { trace } = useViewer();
  return (
    <table class="plain-table">
      <thead>
        <tr>
          <th>process</th>
          <th>command</th>
          <th>node</th>
          <th>commit</th>
          <th>ran</th>
          <th>end</th>
        </tr>
      </thead>
      <tbody>
        {trace.processes.map(({ proc, start, end, firstNs, lastNs }) => (
          <tr key={proc}>
            <td>{visible(proc)}</td>
            <td class="breaks">{visible((start?.argv ?? []).slice(1).join(' '))}</td>
            <td>{visible(start?.node ?? '?')}</td>
            <td>{visible(start?.git?.sha.slice(0, 7) ?? '')}</td>
            <td class="number">{duration(Math.max(0, lastNs - firstNs))}</td>
            <td>{end ? (end.signal ?? String(end.exit_code ?? '')) : 'killed'}</td>
          </tr>
        ))}
      </tbody>
    </table>
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

function hostsOf(urls: readonly string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const url of urls) {
    const host = /^\w+:\/\/([^/?#]*)/.exec(url)?.[1].replace(/^(localhost|127\.0\.0\.1|\[::1\]):\d+$/, '$1') ?? '';
    if (host !== '') found.set(host, (found.get(host) ?? 0) + 1);
  }
  return [...found].sort(([, a], [, b]) => b - a);
}
