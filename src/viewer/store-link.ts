import { COLUMNS, type IndexData } from '../reader/index-data.js';
import { Store, type Input, type Places, type Progress } from './store.js';
import type { PackedLines } from './line-cache.js';
import type { Sought } from './match-lines.js';

/** A store in this thread or another. */
export interface StoreLink {
  open(input: Input, progress: Progress): Promise<IndexData>;
  /** Lines that came with the page: they may come after the first that asks for one. */
  take(blocks: readonly PackedLines[]): Promise<void>;
  read(at: number, length: number): Promise<Uint8Array>;
  match(places: Places, sought: Sought): Promise<Uint8Array>;
}

type Request = { readonly id: number } & (
  | { readonly open: Input }
  | { readonly take: readonly PackedLines[] }
  | { readonly read: readonly [at: number, length: number] }
  | { readonly match: readonly [Places, Sought] }
);

type Reply =
  | { readonly ready: true }
  | { readonly id: number; readonly progress: Parameters<Progress> }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** In the other thread: the script is the same. */
export function serveStore(): void {
  const store = new Store();
  const send = postMessage as (reply: Reply, transfer?: Transferable[]) => void;
  const answer = async (request: Request): Promise<void> => {
    const { id } = request;
    if ('open' in request) {
      const data = await store.open(request.open, (...progress) => send({ id, progress }));
      const buffers = COLUMNS.map((name) => data.columns[name].buffer as ArrayBuffer);
      send({ id, value: data }, buffers);
    } else if ('take' in request) send({ id, value: await store.take(request.take) });
    else if ('read' in request) {
      const bytes = await store.read(...request.read);
      send({ id, value: bytes }, [bytes.buffer as ArrayBuffer]);
    } else send({ id, value: await store.match(...request.match) });
  };
  addEventListener('message', ({ data }: MessageEvent<Request>) => {
    answer(data).catch((error: unknown) => send({ id: data.id, error: (error as Error).message }));
  });
  send({ ready: true });
}

/** Reports below this are read sooner than a thread starts. */
const SMALL = 4e6;

/**
 * A thread where the browser gives one. It may refuse at once (a policy, an old browser) or by an event; the page's
 * own thread does the same, only that it draws between two pieces of work.
 *
 * @param size bytes to read
 * @param script of this page
 */
export async function linkStore(size: number, script: string): Promise<StoreLink> {
  const worker = size > SMALL ? await startWorker(script) : undefined;
  return worker ? remote(worker) : new Store();
}

function startWorker(script: string): Promise<Worker | undefined> {
  return new Promise((done) => {
    try {
      const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
      worker.onmessage = () => done(worker);
      worker.onerror = (event) => {
        event.preventDefault();
        done(undefined);
      };
    } catch {
      done(undefined);
    }
  });
}

function remote(worker: Worker): StoreLink {
  const waiting = new Map<
    number,
    { done: (value: never) => void; failed: (error: Error) => void; progress?: Progress }
  >();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ('ready' in data) return;
    const one = waiting.get(data.id);
    if (!one) return;
    if ('progress' in data) {
      one.progress?.(...data.progress);
      return;
    }
    waiting.delete(data.id);
    if ('error' in data) one.failed(new Error(data.error));
    else one.done(data.value as never);
  };
  const ask = <Value>(request: Omit<Request, 'id'>, progress?: Progress): Promise<Value> =>
    new Promise<Value>((done, failed) => {
      const id = ++last;
      waiting.set(id, { done, failed, ...(progress && { progress }) });
      worker.postMessage({ id, ...request });
    });
  return {
    open: (input, progress) => ask({ open: input } as Omit<Request, 'id'>, progress),
    take: (blocks) => ask({ take: blocks } as Omit<Request, 'id'>),
    read: (at, length) => ask({ read: [at, length] } as Omit<Request, 'id'>),
    match: (places, sought) => ask({ match: [places, sought] } as Omit<Request, 'id'>),
  };
}
