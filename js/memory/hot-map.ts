/**
 * Decoded values, and the way to them that needs no core: one `Map` from the request as written to a
 * place, and arrays by place. An object per request instead would lie anywhere in the heap: with
 * 100,000 of them, to look into one is what a hit costs.
 *
 * Invariant: a place with a value has the right answer to every request that leads to it. Whatever
 * makes an answer wrong or unwanted takes the value away, and the request takes the slow path.
 */

/** A decoded value under its slot. */
interface HotEntry {
  readonly slot: number;
  /** Number of the URL in the core. */
  readonly url: number;
  value: object;
}

/** Requests, slots, and what the requests for a URL mean. */
export class HotMap {
  /** Place by request as written; only a place with a value counts as a hit. */
  readonly byRequest: ReadonlyMap<string, number>;
  /** By place: the value. */
  readonly values: (object | undefined)[] = [];
  /** By place: its slot. */
  readonly slots: number[] = [];
  /**
   * Two numbers by place, side by side in memory: its hits since the last report, and how many hits of
   * any there were up to the last of them.
   */
  readonly hits: number[] = [];
  /** Places that were hit since the last report. */
  readonly touched: number[] = [];
  /** Hits since that came by no place, as they are reported. */
  readonly noted: number[] = [];
  /** By place: number of its URL. */
  readonly #urls: number[] = [];
  /** By place: how many requests lead there; a place without any is free. */
  readonly #requests: number[] = [];
  readonly #free: number[] = [];
  readonly #limit: number;
  readonly #byRequest = new Map<string, number>();
  readonly #bySlot = new Map<number, HotEntry>();
  /**
   * Where the answer is to what a request means now, by number of its URL and by its version, "" for
   * none. Not by slot: a row put later may come first for the same version, and the slot stays.
   */
  readonly #places = new Map<number, Map<string, number>>();

  /** `limit`: how many spellings are remembered. */
  constructor(limit: number) {
    this.#limit = limit;
    this.byRequest = this.#byRequest;
  }

  /** The decoded value of a slot. */
  valueOf(slot: number): object | undefined {
    return this.#bySlot.get(slot)?.value;
  }

  /** Number of values kept. */
  get size(): number {
    return this.#bySlot.size;
  }

  /** Keeps a decoded value. */
  keep(slot: number, url: number, value: object): void {
    this.#bySlot.set(slot, { slot, url, value });
  }

  /**
   * The hits since the last report: three numbers for each place that was hit, its slot, its hits, and
   * how many hits of any there were up to the last of them; the same for others that were noted. A
   * place changes hands only when there is nothing to report.
   */
  report(): Uint32Array {
    const report = this.noted;
    for (const place of this.touched) {
      const at = 2 * place;
      report.push(
        this.slots[place] as number,
        this.hits[at] as number,
        this.hits[at + 1] as number,
      );
      this.hits[at] = 0;
    }
    const numbers = new Uint32Array(report);
    this.touched.length = 0;
    report.length = 0;
    return numbers;
  }

  /** Remembers that a request means a slot whose value is kept. */
  link(request: string, slot: number): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined || !isMemoisable(request)) return;
    if (this.#byRequest.size >= this.#limit) this.prune();
    const place = this.#placeOf(entry, versionOf(request));
    this.values[place] = entry.value;
    this.slots[place] = slot;
    const before = this.#byRequest.get(request);
    if (before === place) return;
    this.#byRequest.set(request, place);
    this.#requests[place] = (this.#requests[place] ?? 0) + 1;
    if (before !== undefined) this.#leave(before, request);
  }

  /** Lets the value of a slot go, and all that leads to it. */
  drop(slot: number): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined) return;
    this.#bySlot.delete(slot);
    for (const place of this.#places.get(entry.url)?.values() ?? []) {
      if (this.slots[place] === slot) this.values[place] = undefined;
    }
  }

  /** Forgets what the requests for a URL mean. */
  move(url: number): void {
    for (const place of this.#places.get(url)?.values() ?? []) this.values[place] = undefined;
    this.#places.delete(url);
  }

  /** Lets everything go; requests made meanwhile take the slow path. */
  clear(): void {
    this.report();
    this.#bySlot.clear();
    this.#forget();
  }

  /** Forgets requests that lead nowhere, or all when none does: values are found again by slot. */
  prune(): void {
    for (const [request, place] of this.#byRequest) {
      if (this.values[place] !== undefined) continue;
      this.#byRequest.delete(request);
      this.#leave(place, request);
    }
    if (this.#byRequest.size >= this.#limit) this.#forget();
  }

  /** The place of what a version of a URL means, a new one where there is none. */
  #placeOf({ url }: HotEntry, version: string): number {
    const places = this.#places.get(url) ?? new Map<string, number>();
    this.#places.set(url, places);
    const known = places.get(version);
    if (known !== undefined) return known;
    const place = this.#free.pop() ?? this.values.length;
    places.set(version, place);
    this.#urls[place] = url;
    this.#requests[place] = 0;
    this.hits[2 * place] = 0;
    this.hits[2 * place + 1] = 0;
    return place;
  }

  /** A request leads to a place no longer; without any other, the place is free. */
  #leave(place: number, request: string): void {
    const left = (this.#requests[place] ?? 1) - 1;
    this.#requests[place] = left;
    if (left > 0) return;
    this.values[place] = undefined;
    this.#free.push(place);
    const [url, version] = [this.#urls[place] ?? 0, versionOf(request)];
    const places = this.#places.get(url);
    // What the URL means may be at another place by now, and its number may have a new owner.
    if (places?.get(version) !== place) return;
    places.delete(version);
    if (places.size === 0) this.#places.delete(url);
  }

  #forget(): void {
    this.#byRequest.clear();
    this.#places.clear();
    const { values, slots, hits } = this;
    for (const list of [values, slots, hits, this.#urls, this.#requests, this.#free]) {
      list.length = 0;
    }
  }
}

function versionOf(request: string): string {
  const bar = request.indexOf("|");
  return bar < 0 ? "" : request.slice(bar + 1);
}

/** Spellings with white space, a fragment or an empty version are not worth a place. */
function isMemoisable(request: string): boolean {
  return !/[\s#]|\|$/.test(request);
}
