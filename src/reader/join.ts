import { JOINED, type Columns } from './columns.js';
import type { Exchange } from './types.js';

/** What clocks of two processes may differ by, in nanoseconds. */
const SLACK = 5e6;

interface Joining {
  readonly nodes: Columns;
  readonly exchanges: readonly Exchange[];
  processOf(node: number): number;
}

/**
 * Finds for each exchange at a server the one at its client, and makes that the parent: test, request, answer and
 * handler are one tree. By the `traceparent` that the client sent; by the ports at both ends and the time; else, in
 * one process, by method and url where only one request can have led to it.
 */
export function joinExchanges(joining: Joining): void {
  const { exchanges } = joining;
  const free = exchanges.filter(({ other }) => other === -1);
  const servers = free.filter(({ side }) => side === 'server');
  const clients = free.filter(({ side }) => side === 'client');
  if (servers.length === 0 || clients.length === 0) return;
  joinBySpan(joining, clients, servers);
  for (const keyOf of [byPorts, byUrl(joining)]) joinByKey(joining, clients, servers, keyOf);
}

function joinBySpan(joining: Joining, clients: Exchange[], servers: Exchange[]): void {
  const bySpan = new Map<string, Exchange>();
  for (const client of clients) {
    const { trace } = client;
    if (trace?.span_id) bySpan.set(`${trace.trace_id} ${trace.span_id}`, client);
  }
  for (const server of servers) {
    const client = bySpan.get(`${server.trace?.trace_id} ${server.trace?.parent_id}`);
    if (client && client.other === -1) join(joining, client, server);
  }
}

/** Equal at both ends of one connection; undefined where it is not known. */
type KeyOf = (exchange: Exchange) => string | undefined;

const byPorts: KeyOf = ({ side, socket }) => {
  if (!socket) return undefined;
  return side === 'client'
    ? `${socket.local_port} ${socket.remote_port}`
    : `${socket.remote_port} ${socket.local_port}`;
};

/** A client that got no answer says no ports; neither do traces of earlier versions. */
function byUrl({ processOf }: Joining): KeyOf {
  return ({ side, socket, node, method, url }) =>
    side === 'client' && socket ? undefined : `${processOf(node)} ${method} ${url}`;
}

function joinByKey(joining: Joining, clients: Exchange[], servers: Exchange[], keyOf: KeyOf): void {
  const { t0 } = joining.nodes;
  const waiting = new Map<string, Waiting>();
  for (const client of clients) {
    const key = client.other === -1 ? keyOf(client) : undefined;
    if (key === undefined) continue;
    const list = waiting.get(key);
    if (list) list.clients.push(client);
    else waiting.set(key, { clients: [client], first: 0 });
  }
  for (const { clients: list } of waiting.values()) list.sort((a, b) => t0[a.node] - t0[b.node]);
  for (const server of servers.toSorted((a, b) => t0[a.node] - t0[b.node])) {
    const key = server.other === -1 ? keyOf(server) : undefined;
    const list = key === undefined ? undefined : waiting.get(key);
    if (!list) continue;
    const client = candidate(joining, list, server, keyOf === byPorts);
    if (client) join(joining, client, server);
  }
}

interface Waiting {
  /** By time. */
  readonly clients: Exchange[];
  /** Those before it are joined, or ended too early for what comes. */
  first: number;
}

/** The client exchange that was open when the server's began: over one connection the first, elsewhere only a single one. */
function candidate(
  { nodes, processOf }: Joining,
  waiting: Waiting,
  server: Exchange,
  ports: boolean,
): Exchange | undefined {
  const { t0, dt } = nodes;
  const { clients } = waiting;
  const began = t0[server.node];
  const isOver = ({ node, other }: Exchange): boolean =>
    other !== -1 || (dt[node] !== -1 && t0[node] + dt[node] < began - SLACK);
  while (waiting.first < clients.length && isOver(clients[waiting.first])) waiting.first++;
  let found: Exchange | undefined;
  for (let index = waiting.first; index < clients.length; index++) {
    const client = clients[index];
    const slack = processOf(client.node) === processOf(server.node) ? 0 : SLACK;
    const from = t0[client.node];
    if (from > began + SLACK) break;
    const open = from <= began + slack && (dt[client.node] === -1 || from + dt[client.node] >= began - slack);
    if (client.other !== -1 || !open || client.method !== server.method) continue;
    if (ports && pathOf(client.url) !== pathOf(server.url)) continue;
    if (ports) return client;
    if (found) return undefined;
    found = client;
  }
  return found;
}

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') === -1 ? 0 : url.indexOf('://') + 3);
  const hash = url.indexOf('#');
  return start === -1 ? '/' : url.slice(start, hash === -1 ? undefined : hash);
}

function join({ nodes }: Joining, client: Exchange, server: Exchange): void {
  if (isBelow(nodes, client.node, server.node)) return;
  client.other = server.node;
  server.other = client.node;
  nodes.flags[client.node] |= JOINED;
  nodes.flags[server.node] |= JOINED;
  if (nodes.parent[server.node] === -1) nodes.parent[server.node] = client.node;
}

const MAX_LEVELS = 10_000;

/** Or too deep to be sure. */
function isBelow({ parent }: Columns, node: number, top: number): boolean {
  let levels = 0;
  for (let above = node; above !== -1; above = parent[above]) if (above === top || ++levels > MAX_LEVELS) return true;
  return false;
}
