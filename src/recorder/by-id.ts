import { arrayOf, arrayPush, arraySort, Float64Array, SafeMap, Uint8Array } from '../intrinsics.js';

/**
 * What is known of calls and exchanges until they end, by their ids. The last ids have places in a ring; whatever is open for
 * so long that a later id needs its place goes into a map. A map alone is slow: each copy that it makes of itself while it is
 * filled and emptied is referenced by the one before. Once one of them is old, V8 keeps all later ones, and all that was in
 * them, until its next full collection: 6 MB of dead calls and bodies for each 48 MB allocated.
 */
export class ById<T> {
  // The ring is made for the first id: most programs have none.
  private ids = new Float64Array(0);
  private values: (T | undefined)[] = [];
  /** Whether what is there may be given up for a later id. */
  private optional = new Uint8Array(0);
  private readonly old = new SafeMap<number, T>();

  /** @param places in the ring */
  constructor(private readonly places = 1 << 14) {}

  private make(): void {
    this.ids = new Float64Array(this.places);
    this.values = arrayOf<T | undefined>(this.places, undefined);
    this.optional = new Uint8Array(this.places);
  }

  set(id: number, value: T): void {
    if (this.ids.length === 0) this.make();
    const { ids, values, optional } = this;
    const place = id % this.places;
    if (ids[place] !== 0 && ids[place] !== id && optional[place] === 0) this.old.set(ids[place], values[place]!);
    ids[place] = id;
    values[place] = value;
    optional[place] = 0;
  }

  get(id: number): T | undefined {
    const place = id % this.places;
    return this.ids[place] === id ? this.values[place] : this.old.get(id);
  }

  has(id: number): boolean {
    return this.ids[id % this.places] === id || this.old.has(id);
  }

  delete(id: number): void {
    const place = id % this.places;
    if (this.ids[place] !== id) return void this.old.delete(id);
    this.ids[place] = 0;
    this.values[place] = undefined;
  }

  /** Keeps it only for as long as nothing else needs its place. */
  mayForget(id: number): void {
    const place = id % this.places;
    if (this.ids[place] === id) this.optional[place] = 1;
    else this.old.delete(id);
  }

  /** The oldest first. */
  forEach(step: (value: T, id: number) => void): void {
    const all: number[] = [];
    this.old.forEach((_, id) => arrayPush(all, id));
    for (let place = 0; place < this.ids.length; place++) if (this.ids[place] !== 0) arrayPush(all, this.ids[place]);
    arraySort(all, (a, b) => a - b);
    for (let i = 0; i < all.length; i++) step(this.get(all[i])!, all[i]);
  }
}
