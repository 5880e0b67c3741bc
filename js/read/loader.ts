/** Looking things up: memory, then the durable host, then the network. */

import { checkCanonicals } from "../arguments/calls.js";
import type { CheckedOptions } from "../arguments/options.js";
import { Flights } from "../concurrency.js";
import { ASK } from "../core/core.js";
import { refuseUnreadable, unreadable } from "../damage.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { parseCanonical, urlOf } from "../parse-canonical.js";
import { check, type OptionRule } from "../rules.js";
import type { GetOptions, Metadata, Resolved, Tier } from "../types.js";
import type { Writer } from "../write/writer.js";
import { LoadCounts } from "./load-counts.js";

/** Times the host may fail to have the body of one and the same row before that counts as damage. */
const STALE_TRIES = 3;
/** So many canonicals are asked for one by one while the index is on its way; more wait for it. */
const FEW = 4;

const ANSWER: OptionRule = {
  range: "an object, its JSON text or undefined",
  accepts: (answer) =>
    typeof answer === "string" || (typeof answer === "object" && answer !== null),
};

/** A value with the slot it belongs to and the tier that answered. */
export interface Loaded {
  readonly slot: number;
  readonly value: object;
  readonly tier: Tier;
  /** Content hash, of what was loaded and not recalled. */
  readonly hash?: string | undefined;
  /** Of what has expired: what is known of it. */
  readonly stale?: Metadata;
}

/** Look-ups by outcome. */
interface LookUpCounts {
  loads: number;
  /** Those that nobody could answer. */
  misses: number;
  /** Those that memory could not answer, one for each caller. */
  memoryMisses: number;
  readonly disk: LoadCounts;
  readonly network: LoadCounts;
}

/** How often in a row the host did not have the body of one and the same row. */
interface Tries {
  missing: number;
}

/** A question to the network that is under way. */
interface Fetch {
  readonly url: string;
  readonly version: string | undefined;
  /** What it asks for was deleted meanwhile. */
  deleted: boolean;
}

/**
 * The look-up order, and one load per canonical at a time.
 *
 * After every wait the catalog is asked anew which slot is meant: what was put, deleted or evicted
 * meanwhile decides, and a slot may have a new owner.
 */
export class Loader {
  readonly #memory: MemoryTier;
  readonly #durable: DurableTier | undefined;
  readonly #options: CheckedOptions;
  readonly #writer: Writer;
  readonly #values = new Flights<Loaded | undefined>();
  readonly #bodies = new Flights<Uint8Array | undefined>();
  readonly #fetches = new Set<Fetch>();
  #closed = false;
  /** Look-ups by outcome. */
  readonly counts: LookUpCounts = {
    loads: 0,
    misses: 0,
    memoryMisses: 0,
    disk: new LoadCounts(),
    network: new LoadCounts(),
  };

  constructor(
    memory: MemoryTier,
    durable: DurableTier | undefined,
    writer: Writer,
    options: CheckedOptions,
  ) {
    this.#memory = memory;
    this.#durable = durable;
    this.#options = options;
    this.#writer = writer;
  }

  /** The value of a canonical if memory has it in any form. INVALID_KEY, CLOSED. */
  recall(canonical: string): Loaded | undefined {
    this.#checkOpen();
    const slot = this.#memory.known(canonical);
    if (slot === undefined) return undefined;
    const value = this.#memory.recall(canonical, slot);
    if (value === undefined) return undefined;
    this.#memory.touch(slot);
    return { slot, value, tier: "memory" };
  }

  /** The same for a caller who goes no further. CLOSED, INVALID_KEY. */
  peek(canonical: string): object | undefined {
    const recalled = this.recall(canonical);
    if (recalled === undefined) this.counts.memoryMisses += 1;
    return recalled?.value;
  }

  /** Makes the catalog know what a canonical means, the durable host asked if need be. INVALID_KEY. */
  async locate(canonical: string): Promise<void> {
    const slot = this.#memory.resolve(canonical);
    if (slot === ASK) await this.#durable?.ask(urlOf(canonical));
    else if (slot === 0) await this.#durable?.poll();
    this.#checkOpen();
  }

  /** The slot of what a canonical means, if memory or the durable host has it. CORRUPT, INVALID_KEY. */
  async find(canonical: string): Promise<number | undefined> {
    await this.locate(canonical);
    const slot = this.#memory.known(canonical);
    if (slot !== undefined) refuseUnreadable(this.#memory.hash(slot), canonical);
    return slot;
  }

  /** The value of a canonical from the first tier that has it. */
  load(canonical: string, signal?: AbortSignal): Promise<Loaded | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const recalled = this.recall(canonical);
    if (recalled !== undefined) return Promise.resolve(recalled);
    this.counts.memoryMisses += 1;
    return this.#values.run(canonical.trim(), signal, (flightSignal) =>
      this.#load(canonical, flightSignal),
    );
  }

  /** The same, but never the value of a load that began before this was asked and is out of date by now. */
  async loadCurrent(canonical: string): Promise<Loaded | undefined> {
    for (;;) {
      const recalled = this.recall(canonical);
      if (recalled !== undefined) return recalled;
      const loaded = await this.load(canonical);
      if (loaded === undefined || this.isCurrent(canonical, loaded)) return loaded;
    }
  }

  /**
   * The values of canonicals that memory or the durable host has, the host read once for all of
   * them. What is not that simple (unknown, out of date, damaged) is undefined: `load` will tell.
   * INVALID_VALUE, INVALID_KEY.
   */
  async loadMany(canonicals: readonly string[]): Promise<(object | undefined)[]> {
    checkCanonicals(canonicals);
    // Once for all that are hot; each of the others asks the core anew.
    this.#memory.settle();
    const values = canonicals.map((canonical) => this.#memory.hit(canonical));
    let { cold, version } = this.#recallMany(canonicals, values);
    const missing = values.filter((value) => value === undefined).length;
    if (missing > FEW && this.#durable?.loaded === false) {
      // What is wrong with the index is wrong with the rows too, and those tell each caller.
      await this.#durable.complete().catch(() => {});
      ({ cold, version } = this.#recallMany(canonicals, values));
    }
    if (cold.length === 0 || this.#durable === undefined) return values;
    const start = performance.now();
    const bodies = await this.#durable.bodies(cold.map(({ hash }) => hash));
    for (const body of bodies) if (body !== undefined) this.counts.disk.note(start);
    this.#checkOpen();
    // What was put, deleted or expired meanwhile counts: then every one is looked up on its own.
    this.#memory.settle();
    if (this.#memory.version !== version) return values;
    const read = cold.filter(({ index, canonical, slot }, at) => {
      const body = bodies[at];
      if (body === undefined) return false;
      values[index] = this.#memory.valueOf(slot) ?? this.#memory.decode(canonical, slot, body);
      return true;
    });
    this.#memory.used(read.map(({ slot }) => slot));
    this.counts.loads += read.length;
    this.counts.memoryMisses += read.length;
    this.counts.disk.hits += read.length;
    return values;
  }

  /** The bytes of a canonical from the first tier that has them. */
  body(canonical: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.#memory.known(canonical);
    const body = slot === undefined ? undefined : this.#memory.body(slot);
    if (slot !== undefined && body !== undefined) {
      this.#memory.touch(slot);
      return Promise.resolve(body);
    }
    this.counts.memoryMisses += 1;
    return this.#bodies.run(canonical.trim(), signal, (flightSignal) =>
      this.#body(canonical, flightSignal),
    );
  }

  /** Whether what was loaded is still what its canonical means: its slot may have a new owner. */
  isCurrent(canonical: string, { slot, hash, stale }: Loaded): boolean {
    if (stale) return true;
    return this.#memory.known(canonical) === slot && this.#hashOf(slot) === hash;
  }

  /** Notes a deletion, of everything where no canonical is given. */
  deleted(canonical?: string): void {
    const gone = canonical === undefined ? undefined : parseCanonical(canonical);
    for (const fetch of this.#fetches) {
      const hit = gone === undefined || (gone.url === fetch.url && overlap(gone, fetch));
      if (hit) fetch.deleted = true;
    }
  }

  /** Ends the loads under way with CLOSED. */
  close(): void {
    this.#closed = true;
    const reason = closed();
    this.#values.abort(reason);
    this.#bodies.abort(reason);
  }

  /** Fills in the values that memory has; answers which of the others the catalog knows. */
  #recallMany(canonicals: readonly string[], values: (object | undefined)[]) {
    this.#checkOpen();
    const { version } = this.#memory;
    const cold: { index: number; canonical: string; slot: number; hash: Uint8Array }[] = [];
    canonicals.forEach((canonical, index) => {
      const slot = values[index] === undefined ? this.#memory.known(canonical) : undefined;
      if (slot === undefined) return;
      values[index] = this.#memory.recall(canonical, slot);
      if (values[index] !== undefined) {
        this.#memory.touch(slot);
      } else {
        const hash = this.#memory.hash(slot);
        if (hash !== undefined) cold.push({ index, canonical, slot, hash });
      }
    });
    return { cold, version };
  }

  async #load(canonical: string, signal: AbortSignal): Promise<Loaded | undefined> {
    this.counts.loads += 1;
    const tries: Tries = { missing: 0 };
    for (let fetched: "network" | undefined; ; ) {
      await this.locate(canonical);
      const slot = this.#memory.known(canonical);
      if (slot === undefined) {
        if (fetched) throw strayAnswer(canonical);
        const outcome = await this.#fetch(canonical, signal);
        if (outcome === "nothing") return undefined;
        fetched = outcome === "stored" ? "network" : undefined;
        continue;
      }
      const loaded = await this.#answer(canonical, slot, tries, fetched);
      if (loaded !== undefined) return loaded;
    }
  }

  /** The value of the slot a canonical means; undefined when it does not mean it any more. */
  async #answer(
    canonical: string,
    slot: number,
    tries: Tries,
    fetched: "network" | undefined,
  ): Promise<Loaded | undefined> {
    const hash = this.#hashOf(slot);
    const recalled = this.#memory.recall(canonical, slot);
    if (recalled !== undefined) return { slot, value: recalled, tier: fetched ?? "memory", hash };
    const body = await this.#read(canonical, slot, tries);
    const now = this.#memory.known(canonical);
    if (body === undefined || now === undefined || this.#hashOf(now) !== hash) return undefined;
    const value = this.#memory.decode(canonical, now, body);
    this.#memory.used([now]);
    return { slot: now, value, tier: fetched ?? "disk", hash };
  }

  async #body(canonical: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const tries: Tries = { missing: 0 };
    for (;;) {
      await this.locate(canonical);
      const slot = this.#memory.known(canonical);
      if (slot === undefined) {
        if ((await this.load(canonical, signal)) === undefined) return undefined;
        continue;
      }
      const hash = this.#hashOf(slot);
      const body = this.#memory.body(slot) ?? (await this.#read(canonical, slot, tries));
      const now = this.#memory.known(canonical);
      if (body !== undefined && this.#hashOf(now) === hash) return body;
    }
  }

  /**
   * The body of a slot from the host. Undefined when the host does not have what the catalog names;
   * the catalog has been brought up to date then. CORRUPT when that did not help a few times.
   */
  async #read(canonical: string, slot: number, tries: Tries): Promise<Uint8Array | undefined> {
    const { disk } = this.counts;
    const hash = this.#hashOf(slot);
    const isSame = () => this.#hashOf(this.#memory.known(canonical)) === hash;
    const start = performance.now();
    const body = await this.#durable?.body(slot, canonical).finally(() => disk.note(start));
    if (body !== undefined) disk.hits += 1;
    this.#checkOpen();
    if (body !== undefined || !isSame()) return body;
    if (tries.missing === STALE_TRIES || this.#durable === undefined) {
      const missing = this.#memory.hash(slot);
      if (missing !== undefined) await this.#durable?.adapter.reportDamage?.(missing);
      await this.#durable?.refresh();
      throw unreadable(canonical);
    }
    await this.#durable.refresh();
    this.#checkOpen();
    tries.missing = isSame() ? tries.missing + 1 : 0;
    return undefined;
  }

  #hashOf(slot: number | undefined): string | undefined {
    return slot === undefined ? undefined : this.#memory.hash(slot)?.join();
  }

  /** Asks the network and stores its answer, unless something newer has happened to the canonical. */
  async #fetch(
    canonical: string,
    signal: AbortSignal,
  ): Promise<"stored" | "overtaken" | "nothing"> {
    const { url, version } = parseCanonical(canonical);
    const fetch: Fetch = { url, version, deleted: false };
    if (this.#durable !== undefined) this.counts.disk.misses += 1;
    this.#fetches.add(fetch);
    try {
      const answer = await this.#ask(canonical, signal);
      this.#checkOpen();
      if (this.#memory.known(canonical) !== undefined) return "overtaken";
      if (answer === undefined) this.counts.misses += 1;
      if (answer === undefined || fetch.deleted) return "nothing";
      await this.#writer.storeResolved(answer, canonical);
      this.counts.network.hits += 1;
      return "stored";
    } finally {
      this.#fetches.delete(fetch);
    }
  }

  async #ask(canonical: string, signal: AbortSignal): Promise<Resolved> {
    const { resolver } = this.#options;
    if (resolver === undefined) return undefined;
    const { network } = this.counts;
    const start = performance.now();
    try {
      const answer = await resolver(canonical.trim(), { signal });
      if (answer === undefined) network.misses += 1;
      else check(answer, ANSWER, canonical, "INVALID_VALUE", "the resolver's answer to ");
      return answer;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw asStoreError(cause, "RESOLVER", `the resolver failed for ${canonical}`, canonical);
    } finally {
      network.note(start);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closed();
  }
}

/** The answer to a get of what is not there. NOT_FOUND where it is required. */
export function missing(canonical: string, options: GetOptions | undefined): undefined {
  if (options?.require !== true) return undefined;
  throw new SchemaStoreError("NOT_FOUND", `there is no entry ${canonical}`, { key: canonical });
}

type Versioned = { readonly version: string | undefined };

/** Whether two canonicals of one URL can mean the same entry. */
function overlap(left: Versioned, right: Versioned): boolean {
  return (
    left.version === undefined || right.version === undefined || left.version === right.version
  );
}

function strayAnswer(canonical: string): SchemaStoreError {
  const message = `the resolver answered ${canonical} with another entry`;
  return new SchemaStoreError("RESOLVER", message, { key: canonical });
}

function closed(): SchemaStoreError {
  return new SchemaStoreError("CLOSED", "the store is closed");
}
