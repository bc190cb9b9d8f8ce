import { matrix, type MatrixTrace } from './matrix.js';

// Other agents patch what handit patches, and hook into the loaders. Each is started before handit and after it: what the
// program prints and the spans that the agent saw are those without handit, and the trace is whole.

const agents = [
  ['OpenTelemetry', 'opentelemetry'],
  ['Sentry', 'sentry'],
  ['Datadog', 'datadog'],
  ['New Relic', 'newrelic'],
  ['Elastic APM', 'elastic'],
] as const;

for (const [title, agent] of agents) {
  const common = {
    app: 'other-agents',
    group: 'Other agents',
    nodes: [26],
    because: 'tried on the newest Node',
    normalise,
    expect: whole,
  } as const;
  const load = ['node', '--import', `./${agent}.cjs`];
  matrix({ ...common, title: `${title}, after handit`, command: [...load, 'app.js'] });
  matrix({
    ...common,
    title: `${title}, before handit`,
    command: [...load, '--import', 'handit/register', 'app.js'],
    preload: 'none',
  });
}

/** Ports differ, and so does the number of spans that Datadog writes at a time. */
function normalise(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/127\.0\.0\.1:\d+/g, 'HOST'));
  const spans = lines.filter((line) => line.startsWith('{"traces":')).flatMap(spansOf);
  return [...lines.filter((line) => !line.startsWith('{"traces":')), ...spans.sort()].join('\n');
}

interface Span {
  name: string;
  resource: string;
  error: number;
}

function spansOf(line: string): string[] {
  const { traces } = JSON.parse(line) as { traces: Span[][] };
  return traces.flat().map(({ name, resource, error }) => `${name} ${resource} ${error}`);
}

function whole({ records, calls }: MatrixTrace): void {
  const count = (func: string): number => calls('app.js').filter((call) => call.func === func).length;
  expect({
    ...{ total: count('total'), price: count('price'), get: count('get') },
    routes: ['/price/:id', '/sum', '/boom'].map((route) => count(`app.get("${route}") handler`)),
  }).toEqual({ total: 3, price: 3, get: 3, routes: [3, 1, 1] });
  // What the agent sends says from which package it comes; New Relic connects while the program still requires it.
  const own = records.flatMap((record) =>
    record.type === 'http_request' && record.from === undefined && !record.url.includes('/agent_listener/')
      ? [record]
      : [],
  );
  const sides = own.map(({ side, url }) => `${side} ${new URL(url).pathname}`);
  const paths = ['/boom', '/price/1', '/price/2', '/price/4', '/sum'];
  expect(sides.sort()).toEqual([...paths.map((path) => `client ${path}`), ...paths.map((path) => `server ${path}`)]);
}
