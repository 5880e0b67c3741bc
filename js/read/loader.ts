/** Looking things up: memory, then the durable host, then the network. */

import { checkCanonicals } from "../arguments/calls.js";
import type { CheckedOptions } from "../arguments/options.js";
import { isSame } from "../bytes.js";
import { Flights } from "../concurrency.js";
import { ASK } from "../core/wall.js";
import { refuseUnreadable, unreadable } from "../damage.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { SchemaStoreError, storeClosed } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Found } from "../memory/types.js";
import { urlOf } from "../parse-canonical.js";
import type { GetOptions, Metadata, Tier } from "../types.js";
import type { Writer } from "../write/writer.js";
import type { ConvertAnswer } from "./answer.js";
import { LoadCounts, type LookUpCounts } from "./load-counts.js";
import { Network } from "./network.js";

/** Times the host may fail to have the body of one and the same row before that counts as damage. */
const STALE_TRIES = 3;
/** Canonicals that are asked for one by one while the index is on its way; more wait for it. */
const MAX_ASKED_ONE_BY_ONE = 4;

/** A value with the slot it belongs to and the tier that had it. */
export interface Loaded {
  readonly slot: number;
  readonly value: object;
  readonly tier: Tier;
  /** Of what was read: when it was what its canonical means, as `MemoryTier.revision` counts. */
  readonly revision?: number;
  /** Content hash of what was read. */
  readonly hash?: Uint8Array;
  /** Of what has expired: what is known of it. */
  readonly stale?: Metadata;
}

/** How often in a row the host did not have the body of one and the same row. */
interface Tries {
  missing: number;
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
  readonly #values = new Flights<Loaded | undefined>();
  readonly #bodies = new Flights<Uint8Array | undefined>();
  readonly #network: Network;
  #closed = false;
  /** Look-ups by outcome. */
  readonly counts: LookUpCounts;

  constructor(
    memory: MemoryTier,
    durable: DurableTier | undefined,
    writer: Writer,
    options: CheckedOptions,
    convert?: ConvertAnswer,
  ) {
    this.#memory = memory;
    this.#durable = durable;
    this.#network = new Network(memory, writer, options, convert, () => this.#checkOpen());
    const network = this.#network;
    this.counts = {
      loads: 0,
      memoryMisses: 0,
      disk: new LoadCounts(),
      network: network.counts,
      get misses() {
        return network.unanswered;
      },
    };
  }

  /** The value of a canonical if memory has it in any form. INVALID_KEY, CLOSED. */
  lookUp(canonical: string): Loaded | undefined {
    this.#checkOpen();
    return this.#recalled(canonical, this.#memory.lookUp(canonical));
  }

  /** Makes the catalog know what a canonical means, the host asked if need be. INVALID_KEY, CLOSED. */
  locate(canonical: string): Promise<void> {
    return this.#locate(canonical, this.#memory.lookUp(canonical));
  }

  /**
   * What `use` returns for the slot that a canonical means, if memory or the host has it; called at once, as
   * the slot may have a new owner after any wait. CORRUPT, INVALID_KEY, CLOSED.
   */
  async find<T>(canonical: string, use: (slot: number) => T): Promise<T | undefined> {
    await this.locate(canonical);
    const slot = this.#memory.slotOf(canonical);
    if (slot === undefined) return undefined;
    refuseUnreadable(this.#memory.catalog.hash(slot), canonical);
    return use(slot);
  }

  /** The value of a canonical from the first tier that has it. */
  load(canonical: string, signal?: AbortSignal): Promise<Loaded | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#checkOpen();
    const found = this.#memory.lookUp(canonical);
    const recalled = this.#recalled(canonical, found);
    if (recalled !== undefined) return Promise.resolve(recalled);
    this.counts.memoryMisses += 1;
    return this.#loadShared(canonical, found, signal);
  }

  /** The same, but never an outdated value of a load that began before this call. */
  async loadCurrent(canonical: string): Promise<Loaded | undefined> {
    for (;;) {
      const recalled = this.lookUp(canonical);
      if (recalled !== undefined) return recalled;
      const loaded = await this.load(canonical);
      if (loaded === undefined || this.isCurrent(canonical, loaded)) return loaded;
    }
  }

  /**
   * The values of canonicals that memory or the durable host has, the host read once for all of
   * them. Anything else (unknown, out of date, damaged) is undefined: `load` finds out why.
   * INVALID_VALUE, INVALID_KEY.
   */
  async loadMany(canonicals: readonly string[]): Promise<(object | undefined)[]> {
    checkCanonicals(canonicals);
    // Once for all that are hot; each of the others asks the core anew.
    this.#memory.reportHits();
    const values = canonicals.map((canonical) => this.#memory.hit(canonical));
    let { cold, revision } = this.#recallMany(canonicals, values);
    const missing = values.filter((value) => value === undefined).length;
    if (missing > MAX_ASKED_ONE_BY_ONE && this.#durable?.loaded === false) {
      // A fault of the index is one of the rows too, and is reported there to each caller.
      await this.#durable.complete().catch(() => {});
      ({ cold, revision } = this.#recallMany(canonicals, values));
    }
    if (cold.length === 0 || this.#durable === undefined) return values;
    const start = performance.now();
    const hashes = this.#memory.catalog.hashes(cold.map(({ slot }) => slot));
    const bodies = await this.#durable.bodies.many(hashes);
    for (const body of bodies) if (body !== undefined) this.counts.disk.note(start);
    this.#checkOpen();
    // What was put, deleted or expired meanwhile counts: then every one is looked up on its own.
    this.#memory.reportHits();
    if (this.#memory.revision !== revision) return values;
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
    const found = this.#memory.lookUp(canonical);
    const body = this.#memory.text(found);
    if (body !== undefined) {
      this.#memory.touch(found.slot);
      return Promise.resolve(body);
    }
    this.counts.memoryMisses += 1;
    return this.#bodies.run(canonical.trim(), signal, (flightSignal) =>
      this.#body(canonical, found, flightSignal),
    );
  }

  /** Whether what was loaded is still what its canonical means: its slot may have a new owner. */
  isCurrent(canonical: string, { slot, revision, hash, stale }: Loaded): boolean {
    if (stale) return true;
    this.#memory.reportHits();
    if (this.#memory.revision === revision) return true;
    return this.#memory.slotOf(canonical) === slot && this.#hasHash(slot, hash);
  }

  /** Notes a deletion, of everything where no canonical is given. */
  deleted(canonical?: string): void {
    this.#network.deleted(canonical);
  }

  /** Ends the loads under way with CLOSED. */
  close(): void {
    this.#closed = true;
    const reason = storeClosed();
    this.#values.abort(reason);
    this.#bodies.abort(reason);
  }

  /** Fills in the values that memory has; returns which of the others the catalog knows. */
  #recallMany(canonicals: readonly string[], values: (object | undefined)[]) {
    this.#checkOpen();
    const { revision } = this.#memory;
    const cold: { index: number; canonical: string; slot: number }[] = [];
    canonicals.forEach((canonical, index) => {
      if (values[index] !== undefined) return;
      const found = this.#memory.lookUp(canonical);
      values[index] = this.#recalled(canonical, found)?.value;
      if (values[index] !== undefined || !isKnown(found)) return;
      cold.push({ index, canonical, slot: found.slot });
    });
    return { cold, revision };
  }

  /** The value of what was found, if memory has it; that is a hit. */
  #recalled(canonical: string, found: Found): Loaded | undefined {
    const value = isKnown(found) ? this.#memory.recall(canonical, found) : undefined;
    if (value === undefined) return undefined;
    this.#memory.touch(found.slot);
    return { slot: found.slot, value, tier: "memory" };
  }

  /** One load of a canonical for all who wait for it. */
  #loadShared(canonical: string, found: Found, signal?: AbortSignal): Promise<Loaded | undefined> {
    return this.#values.run(canonical.trim(), signal, (flightSignal) =>
      this.#load(canonical, found, flightSignal),
    );
  }

  /** Asks the host where it may know more than what was found. */
  async #locate(canonical: string, { slot }: Found): Promise<void> {
    this.#checkOpen();
    if (slot === ASK) await this.#durable?.ask(urlOf(canonical));
    else if (slot === 0) await this.#durable?.poll();
    this.#checkOpen();
  }

  /** What a canonical means after a wait, before which it was found to mean that. */
  #now(canonical: string, found: Found): Found {
    this.#memory.reportHits();
    // Learning that there is nothing, or that a URL is complete, does not change what a request means.
    const isSame = isKnown(found) && this.#memory.revision === found.revision;
    return isSame ? found : this.#memory.lookUp(canonical);
  }

  async #load(canonical: string, first: Found, signal: AbortSignal): Promise<Loaded | undefined> {
    this.counts.loads += 1;
    const tries: Tries = { missing: 0 };
    let found = first;
    for (let fetched: "network" | undefined; ; found = this.#memory.lookUp(canonical)) {
      await this.#locate(canonical, found);
      found = this.#now(canonical, found);
      if (isKnown(found)) {
        const loaded = await this.#answer(canonical, found, tries, fetched);
        if (loaded !== undefined) return loaded;
        continue;
      }
      if (fetched) throw strayAnswer(canonical);
      this.#missedOnDisk();
      const outcome = await this.#network.fetch(canonical, signal);
      if (outcome === undefined) return undefined;
      fetched = outcome === "stored" ? "network" : undefined;
    }
  }

  /** The value of what a canonical was found to mean; undefined when it does not mean it any more. */
  async #answer(
    canonical: string,
    found: Found,
    tries: Tries,
    fetched: "network" | undefined,
  ): Promise<Loaded | undefined> {
    const hash = this.#memory.catalog.hash(found.slot);
    if (hash === undefined) return undefined;
    const recalled = this.#memory.recall(canonical, found);
    if (recalled !== undefined) {
      return { ...found, value: recalled, tier: fetched ?? "memory", hash };
    }
    const body = await this.#read(canonical, found, hash, tries);
    const now = this.#stillFound(canonical, found, hash);
    if (body === undefined || now === undefined) return undefined;
    const value = this.#memory.decode(canonical, now.slot, body, true);
    return { ...now, value, tier: fetched ?? "disk", hash };
  }

  async #body(
    canonical: string,
    first: Found,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const tries: Tries = { missing: 0 };
    let isCounted = false;
    for (let found = first; ; found = this.#memory.lookUp(canonical)) {
      await this.#locate(canonical, found);
      found = this.#now(canonical, found);
      if (isKnown(found)) {
        const read = await this.#text(canonical, found, tries);
        if (read === undefined) continue;
        if (!isCounted) this.#memory.used([read.slot]);
        return read.body;
      }
      if ((await this.#loadShared(canonical, found, signal)) === undefined) {
        return undefined;
      }
      isCounted = true;
    }
  }

  /** The bytes of what a canonical was found to mean; undefined when it does not mean it any more. */
  async #text(
    canonical: string,
    found: Found,
    tries: Tries,
  ): Promise<{ slot: number; body: Uint8Array } | undefined> {
    const hash = this.#memory.catalog.hash(found.slot);
    if (hash === undefined) return undefined;
    const body = this.#memory.text(found) ?? (await this.#read(canonical, found, hash, tries));
    const now = this.#stillFound(canonical, found, hash);
    return body && now && { slot: now.slot, body };
  }

  /**
   * A body from the host. Undefined when the host does not have what the catalog names; the catalog has
   * been brought up to date then. CORRUPT when that did not help a few times.
   */
  async #read(
    canonical: string,
    found: Found,
    hash: Uint8Array,
    tries: Tries,
  ): Promise<Uint8Array | undefined> {
    const { disk } = this.counts;
    const isStill = () => this.#stillFound(canonical, found, hash) !== undefined;
    const start = performance.now();
    const body = await this.#durable?.bodies.one(hash, canonical).finally(() => disk.note(start));
    if (body !== undefined) disk.hits += 1;
    this.#checkOpen();
    if (body !== undefined || !isStill()) return body;
    if (tries.missing === STALE_TRIES || this.#durable === undefined) {
      await this.#durable?.adapter.reportDamage?.(hash);
      await this.#durable?.refresh();
      throw unreadable(canonical);
    }
    await this.#durable.refresh();
    this.#checkOpen();
    tries.missing = isStill() ? tries.missing + 1 : 0;
    return undefined;
  }

  /** The same, if it has the same content as what was found. */
  #stillFound(canonical: string, found: Found, hash: Uint8Array): Found | undefined {
    const now = this.#now(canonical, found);
    if (now === found) return found;
    return isKnown(now) && this.#hasHash(now.slot, hash) ? now : undefined;
  }

  #missedOnDisk(): void {
    if (this.#durable !== undefined) this.counts.disk.misses += 1;
  }

  #hasHash(slot: number, hash: Uint8Array | undefined): boolean {
    const actual = this.#memory.catalog.hash(slot);
    return actual !== undefined && hash !== undefined && isSame(actual, hash);
  }

  #checkOpen(): void {
    if (this.#closed) throw storeClosed();
  }
}

/** Whether the catalog has what was found. */
function isKnown({ slot }: Found): boolean {
  return slot !== 0 && slot !== ASK;
}

/** What a get returns if there is no entry. NOT_FOUND if it is required. */
export function missing(canonical: string, options: GetOptions | undefined): undefined {
  if (options?.require !== true) return undefined;
  throw new SchemaStoreError("NOT_FOUND", `there is no entry ${canonical}`, { key: canonical });
}

function strayAnswer(canonical: string): SchemaStoreError {
  const message = `the resolver was asked for ${canonical} and returned another entry`;
  return new SchemaStoreError("RESOLVER", message, { key: canonical });
}
