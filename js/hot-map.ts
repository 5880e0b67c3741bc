/**
 * Decoded values, and the way to them that needs no core: one `Map` from the request as written.
 *
 * Invariant: an entry whose `value` is defined is the right answer to every request that leads to
 * it. Whatever makes an answer wrong or unwanted sets `value` to undefined, and the request takes
 * the slow path.
 */

/** A decoded value under its slot, or what a hot request leads to. */
export interface HotEntry {
  slot: number;
  /** Number of the URL in the core. */
  url: number;
  value: object | undefined;
}

/** Requests, slots, and what the requests for a URL mean. */
export class HotMap {
  /** Requests as written; only an entry with a value counts as a hit. */
  readonly byRequest: ReadonlyMap<string, HotEntry>;
  readonly #limit: number;
  readonly #byRequest = new Map<string, HotEntry>();
  readonly #bySlot = new Map<number, HotEntry>();
  /**
   * What a request means now, by number of its URL and by its version, "" for none. Not the entry
   * of the slot itself: a row put later may come first for the same version, and the slot stays.
   */
  readonly #aliases = new Map<number, Map<string, HotEntry>>();

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
  get values(): number {
    return this.#bySlot.size;
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
    if (this.#byRequest.size >= this.#limit) this.prune();
    this.#byRequest.set(request, this.#alias(entry, versionOf(request)));
  }

  /** Lets the value of a slot go, and all that leads to it. */
  drop(slot: number): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined) return;
    entry.value = undefined;
    this.#bySlot.delete(slot);
    for (const alias of this.#aliases.get(entry.url)?.values() ?? []) {
      if (alias.slot === slot) alias.value = undefined;
    }
  }

  /** Forgets what the requests for a URL mean. */
  move(url: number): void {
    for (const alias of this.#aliases.get(url)?.values() ?? []) alias.value = undefined;
    this.#aliases.delete(url);
  }

  /** Lets everything go; requests made meanwhile take the slow path. */
  clear(): void {
    for (const entry of this.#bySlot.values()) entry.value = undefined;
    for (const url of this.#aliases.keys()) this.move(url);
    this.#byRequest.clear();
    this.#bySlot.clear();
  }

  #alias(entry: HotEntry, version: string): HotEntry {
    const versions = this.#aliases.get(entry.url) ?? new Map<string, HotEntry>();
    this.#aliases.set(entry.url, versions);
    let alias = versions.get(version);
    if (alias === undefined) {
      alias = { ...entry };
      versions.set(version, alias);
    }
    alias.slot = entry.slot;
    alias.value = entry.value;
    return alias;
  }

  /** Forgets requests that lead nowhere, or all when none does: values are found again by slot. */
  prune(): void {
    for (const [request, alias] of this.#byRequest) {
      if (alias.value !== undefined) continue;
      this.#byRequest.delete(request);
      const [versions, version] = [this.#aliases.get(alias.url), versionOf(request)];
      // The number of the URL may have a new owner.
      if (versions?.get(version) !== alias) continue;
      versions.delete(version);
      if (versions.size === 0) this.#aliases.delete(alias.url);
    }
    if (this.#byRequest.size < this.#limit) return;
    this.#byRequest.clear();
    this.#aliases.clear();
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
