import type { CallDetail, ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';

export type Detail = { readonly call: CallDetail } | { readonly exchange: ExchangeDetail };

const KEPT = 4000;

/** Details of calls, read when a row is shown. Asking never waits: what is not there yet comes later, with a redraw. */
export class DetailsCache {
  readonly #kept = new Map<number, Detail | undefined>();
  #redraw = false;

  constructor(
    readonly trace: Trace,
    private readonly changed: () => void,
  ) {}

  get(node: number): Detail | undefined {
    if (this.#kept.has(node)) return this.#kept.get(node);
    this.#kept.set(node, undefined);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    void this.load(node).then((detail) => {
      this.#kept.set(node, detail);
      this.#announce();
    });
    return undefined;
  }

  async load(node: number): Promise<Detail> {
    const { trace } = this;
    if (trace.isExchange(node)) return { exchange: await trace.loadExchange(node) };
    return { call: await trace.loadCall(node) };
  }

  #announce(): void {
    if (this.#redraw) return;
    this.#redraw = true;
    requestAnimationFrame(() => {
      this.#redraw = false;
      this.changed();
    });
  }
}
