/**
 * Decoded values, and the way to them that needs no core: one `Map` from the request as written.
 *
 * Invariant: an entry whose `value` is defined is the right answer to every request that leads to
 * it. Whatever makes an answer wrong or unwanted sets `value` to undefined, and the request takes
 * the slow path.
 */

/** What a hot request leads to; shared by every spelling that means the same slot. */
export interface HotEntry {
  slot: number;
  /** Number of the URL in the core. */
  url: number;
  value: object | undefined;
}

/** Requests, slots and the aliases of unversioned requests. */
export class HotMap {
  readonly #limit: number;
  readonly #byRequest = new Map<string, HotEntry>();
  readonly #bySlot = new Map<number, HotEntry>();
  /** What `url` without a version means now, by number of the URL. */
  readonly #aliases = new Map<number, HotEntry>();

  /** `limit`: how many spellings are remembered. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The entry of a request; only one with a value counts as a hit. */
  get(request: string): HotEntry | undefined {
    return this.#byRequest.get(request);
  }

  /** The decoded value of a slot. */
  valueOf(slot: number): object | undefined {
    return this.#bySlot.get(slot)?.value;
  }

  /** Number of remembered spellings. */
  get size(): number {
    return this.#byRequest.size;
  }

  /** Keeps a decoded value. */
  keep(slot: number, url: number, value: object): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined) this.#bySlot.set(slot, { slot, url, value });
    else entry.value = value;
  }

  /** Remembers that a request means a slot whose value is kept. */
  link(request: string, slot: number): void {
    const entry = this.#bySlot.get(slot);
    if (entry?.value === undefined || !isMemoisable(request)) return;
    if (this.#byRequest.size >= this.#limit) this.#prune();
    this.#byRequest.set(request, request.includes("|") ? entry : this.#alias(entry));
  }

  /** Lets a value go; the slot stays known. */
  drop(slot: number): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined) return;
    entry.value = undefined;
    const alias = this.#aliases.get(entry.url);
    if (alias?.slot === slot) alias.value = undefined;
  }

  /** Lets everything of a slot go. */
  retire(slot: number): void {
    this.drop(slot);
    this.#bySlot.delete(slot);
  }

  /** Forgets what the unversioned request for a URL means. */
  move(url: number): void {
    const alias = this.#aliases.get(url);
    if (alias === undefined) return;
    alias.value = undefined;
    this.#aliases.delete(url);
  }

  /** Lets everything go; requests made meanwhile take the slow path. */
  clear(): void {
    for (const entry of this.#bySlot.values()) entry.value = undefined;
    for (const alias of this.#aliases.values()) alias.value = undefined;
    this.#byRequest.clear();
    this.#bySlot.clear();
    this.#aliases.clear();
  }

  #alias(entry: HotEntry): HotEntry {
    let alias = this.#aliases.get(entry.url);
    if (alias === undefined) {
      alias = { ...entry };
      this.#aliases.set(entry.url, alias);
    }
    alias.slot = entry.slot;
    alias.value = entry.value;
    return alias;
  }

  /** Forgets spellings that lead nowhere, or all when none does: values are found again by slot. */
  #prune(): void {
    for (const [request, entry] of this.#byRequest) {
      if (entry.value === undefined) this.#byRequest.delete(request);
    }
    if (this.#byRequest.size >= this.#limit) this.#byRequest.clear();
  }
}

/** Spellings with white space, a fragment or an empty version are not worth a place. */
function isMemoisable(request: string): boolean {
  return !/[\s#]|\|$/.test(request);
}
