/** Looking things up: memory, then the durable host, then the network. */

import { ASK } from "./core.js";
import type { DurableTier } from "./durable.js";
import { asStoreError, SchemaStoreError } from "./errors.js";
import { Flights } from "./flight.js";
import { parseCanonical, urlOf } from "./parse-canonical.js";
import type { Shelf } from "./shelf.js";
import type { Resolved, Resolver, Tier } from "./types.js";
import type { Writer } from "./writer.js";

/** Times the host may fail to have the body of one and the same row before that counts as damage. */
const STALE_TRIES = 3;

/** A value with the slot it belongs to and the tier that answered. */
export interface Loaded {
  readonly slot: number;
  readonly value: object;
  readonly tier: Tier;
  /** Content hash, of what was loaded and not recalled. */
  readonly hash?: string | undefined;
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
  readonly #shelf: Shelf;
  readonly #durable: DurableTier | undefined;
  readonly #resolver: Resolver | undefined;
  readonly #writer: Writer;
  readonly #values = new Flights<Loaded | undefined>();
  readonly #bodies = new Flights<Uint8Array | undefined>();
  readonly #fetches = new Set<Fetch>();
  #closed = false;
  /** Look-ups by outcome. */
  readonly counts: { loads: number; misses: number; diskHits: number; networkHits: number } = {
    loads: 0,
    misses: 0,
    diskHits: 0,
    networkHits: 0,
  };

  constructor(
    shelf: Shelf,
    durable: DurableTier | undefined,
    writer: Writer,
    resolver: Resolver | undefined,
  ) {
    this.#shelf = shelf;
    this.#durable = durable;
    this.#resolver = resolver;
    this.#writer = writer;
  }

  /** The value of a canonical if memory has it in any form. INVALID_KEY. */
  recall(canonical: string): Loaded | undefined {
    const slot = this.#shelf.known(canonical);
    if (slot === undefined) return undefined;
    const value = this.#shelf.recall(canonical, slot);
    if (value === undefined) return undefined;
    return { slot, value, tier: "memory" };
  }

  /** Makes the catalog know what a canonical means, the durable host asked if need be. INVALID_KEY. */
  async locate(canonical: string): Promise<void> {
    const slot = this.#shelf.resolve(canonical);
    if (slot === ASK) await this.#durable?.ask(urlOf(canonical));
    else if (slot === 0) await this.#durable?.poll();
    this.#checkOpen();
  }

  /** The value of a canonical from the first tier that has it. */
  load(canonical: string, signal?: AbortSignal): Promise<Loaded | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const recalled = this.recall(canonical);
    if (recalled !== undefined) return Promise.resolve(recalled);
    return this.#values.run(canonical.trim(), signal, (flightSignal) =>
      this.#load(canonical, flightSignal),
    );
  }

  /** The bytes of a canonical from the first tier that has them. */
  body(canonical: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.#shelf.known(canonical);
    const body = slot === undefined ? undefined : this.#shelf.body(slot);
    if (body !== undefined) return Promise.resolve(body);
    return this.#bodies.run(canonical.trim(), signal, (flightSignal) =>
      this.#body(canonical, flightSignal),
    );
  }

  /** Whether what was loaded is still what its canonical means: its slot may have a new owner. */
  isCurrent(canonical: string, { slot, hash }: Loaded): boolean {
    return this.#shelf.known(canonical) === slot && this.#hashOf(slot) === hash;
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

  async #load(canonical: string, signal: AbortSignal): Promise<Loaded | undefined> {
    this.counts.loads += 1;
    let tier: Tier = "disk";
    for (let missing = 0; ; ) {
      if (this.#shelf.known(canonical) === undefined) await this.locate(canonical);
      const slot = this.#shelf.known(canonical);
      if (slot === undefined) {
        if (tier === "network") throw strayAnswer(canonical);
        const fetched = await this.#fetch(canonical, signal);
        if (fetched === "nothing") return undefined;
        if (fetched === "stored") tier = "network";
        continue;
      }
      const hash = this.#hashOf(slot);
      const recalled = this.#shelf.recall(canonical, slot);
      if (recalled !== undefined) {
        return { slot, value: recalled, tier: tier === "network" ? tier : "memory", hash };
      }
      const body = await this.#read(canonical, slot);
      const now = this.#shelf.known(canonical);
      if (now === undefined || this.#hashOf(now) !== hash) continue;
      if (body === undefined) {
        missing = await this.#stale(canonical, missing);
        continue;
      }
      if (tier === "disk") this.counts.diskHits += 1;
      return { slot: now, value: this.#shelf.decode(canonical, now, body), tier, hash };
    }
  }

  async #body(canonical: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    for (let missing = 0; ; ) {
      if (this.#shelf.known(canonical) === undefined) await this.locate(canonical);
      const slot = this.#shelf.known(canonical);
      if (slot === undefined) {
        if ((await this.load(canonical, signal)) === undefined) return undefined;
        continue;
      }
      const hash = this.#hashOf(slot);
      const body = this.#shelf.body(slot) ?? (await this.#read(canonical, slot));
      if (this.#hashOf(this.#shelf.known(canonical)) !== hash) continue;
      if (body !== undefined) return body;
      missing = await this.#stale(canonical, missing);
    }
  }

  async #read(canonical: string, slot: number): Promise<Uint8Array | undefined> {
    const body = await this.#durable?.body(slot, canonical);
    this.#checkOpen();
    return body;
  }

  /**
   * The host does not have the body the catalog names: brings the catalog up to date. Answers how
   * often in a row that has happened to one and the same row; CORRUPT when it was too often.
   */
  async #stale(canonical: string, missing: number): Promise<number> {
    if (missing === STALE_TRIES || this.#durable === undefined) {
      const message = `the body of ${canonical} is not where its row says`;
      throw new SchemaStoreError("CORRUPT", message, { key: canonical });
    }
    const hash = this.#hashOf(this.#shelf.known(canonical));
    await this.#durable.refresh();
    this.#checkOpen();
    return this.#hashOf(this.#shelf.known(canonical)) === hash ? missing + 1 : 0;
  }

  #hashOf(slot: number | undefined): string | undefined {
    return slot === undefined ? undefined : this.#shelf.hash(slot)?.join();
  }

  /** Asks the network and stores its answer, unless something newer has happened to the canonical. */
  async #fetch(canonical: string, signal: AbortSignal): Promise<"stored" | "overtaken" | "nothing"> {
    const { url, version } = parseCanonical(canonical);
    const fetch: Fetch = { url, version, deleted: false };
    this.#fetches.add(fetch);
    try {
      const answer = await this.#ask(canonical, signal);
      this.#checkOpen();
      if (this.#shelf.known(canonical) !== undefined) return "overtaken";
      if (answer === undefined) this.counts.misses += 1;
      if (answer === undefined || fetch.deleted) return "nothing";
      await this.#writer.storeResolved(answer, canonical);
      this.counts.networkHits += 1;
      return "stored";
    } finally {
      this.#fetches.delete(fetch);
    }
  }

  async #ask(canonical: string, signal: AbortSignal): Promise<Resolved> {
    try {
      return await this.#resolver?.(canonical.trim(), { signal });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw asStoreError(cause, "RESOLVER", `the resolver failed for ${canonical}`, canonical);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closed();
  }
}

type Versioned = { readonly version: string | undefined };

/** Whether two canonicals of one URL can mean the same entry. */
function overlap(left: Versioned, right: Versioned): boolean {
  return left.version === undefined || right.version === undefined || left.version === right.version;
}

function strayAnswer(canonical: string): SchemaStoreError {
  const message = `the resolver answered ${canonical} with another entry`;
  return new SchemaStoreError("RESOLVER", message, { key: canonical });
}

function closed(): SchemaStoreError {
  return new SchemaStoreError("CLOSED", "the store is closed");
}
