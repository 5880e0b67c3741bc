/** Looking things up: memory, then the durable host, then the network. */

import type { DurableTier } from "./durable.js";
import { asStoreError, SchemaStoreError } from "./errors.js";
import { Flights } from "./flight.js";
import { urlOf } from "./parse-canonical.js";
import { ASK, type Shelf } from "./shelf.js";
import type { Resolver, Tier } from "./types.js";
import type { Writer } from "./writer.js";

/** Reads of a body that is gone when it arrives, before its row counts as damaged. */
const STALE_TRIES = 3;

/** A value with the slot it belongs to and the tier that answered. */
export interface Loaded {
  readonly slot: number;
  readonly value: object;
  readonly tier: Tier;
}

/** The look-up order, and one load per canonical at a time. */
export class Loader {
  readonly #shelf: Shelf;
  readonly #durable: DurableTier | undefined;
  readonly #resolver: Resolver | undefined;
  readonly #writer: Writer;
  readonly #flights = new Flights<Loaded | undefined>();
  /** Look-ups by outcome. */
  readonly counts: { loads: number; misses: number; decodes: number; diskHits: number; networkHits: number } = {
    loads: 0,
    misses: 0,
    decodes: 0,
    diskHits: 0,
    networkHits: 0,
  };
  /** Counts deletions: an answer of the network that is older than one is not kept. */
  #deletions = 0;

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

  /** The value of a canonical if memory has it in any form. */
  recall(canonical: string): Loaded | undefined {
    const slot = this.#shelf.known(canonical);
    if (slot === undefined) return undefined;
    const value = this.#shelf.recall(canonical, slot);
    if (value === undefined) return undefined;
    return { slot, value, tier: "memory" };
  }

  /** The slot of a canonical, the durable host asked if the catalog does not know. */
  async locate(canonical: string): Promise<number | undefined> {
    const slot = this.#shelf.resolve(canonical);
    if (slot !== ASK && slot !== 0) return slot;
    if (slot === ASK) await this.#durable?.ask(urlOf(canonical));
    else if (!(await this.#durable?.poll())) return undefined;
    return this.#shelf.known(canonical);
  }

  /** The value of a canonical from the first tier that has it. */
  load(canonical: string, signal?: AbortSignal): Promise<Loaded | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const recalled = this.recall(canonical);
    if (recalled !== undefined) return Promise.resolve(recalled);
    return this.#flights.run(canonical.trim(), signal, (flightSignal) =>
      this.#load(canonical, flightSignal),
    );
  }

  /** The bytes of a canonical from the first tier that has them. */
  async body(canonical: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (let tries = 0; ; tries += 1) {
      signal?.throwIfAborted();
      const slot = await this.locate(canonical);
      if (slot === undefined) {
        if (tries > 0 || (await this.load(canonical, signal)) === undefined) return undefined;
        continue;
      }
      const body = this.#shelf.body(slot) ?? (await this.#read(slot, canonical));
      if (body !== undefined) return body;
      await this.#stale(canonical, tries);
    }
  }

  /** Notes a deletion. */
  deleted(): void {
    this.#deletions += 1;
  }

  async #load(canonical: string, signal: AbortSignal): Promise<Loaded | undefined> {
    this.counts.loads += 1;
    for (let tries = 0; ; tries += 1) {
      const slot = await this.locate(canonical);
      if (slot === undefined) break;
      const recalled = this.#shelf.recall(canonical, slot);
      if (recalled !== undefined) return { slot, value: recalled, tier: "memory" };
      const body = await this.#read(slot, canonical);
      if (body === undefined) {
        await this.#stale(canonical, tries);
        continue;
      }
      // What was put, deleted or evicted meanwhile decides; the body read counts only for its slot.
      if (this.#shelf.known(canonical) !== slot) continue;
      this.counts.diskHits += 1;
      return { slot, value: this.#shelf.decode(canonical, slot, body), tier: "disk" };
    }
    return this.#fetch(canonical, signal);
  }

  /** A body from the durable host, if it still belongs to the slot when it arrives. */
  async #read(slot: number, canonical: string): Promise<Uint8Array | undefined> {
    const hash = this.#shelf.hash(slot)?.join();
    const body = await this.#durable?.body(slot, canonical);
    return this.#shelf.hash(slot)?.join() === hash ? body : undefined;
  }

  /** The catalog names a body the host does not have: bring it up to date, or give up. */
  async #stale(canonical: string, tries: number): Promise<void> {
    if (tries < STALE_TRIES && this.#durable !== undefined) return this.#durable.refresh();
    const message = `the body of ${canonical} is not where its row says`;
    throw new SchemaStoreError("CORRUPT", message, { key: canonical });
  }

  async #fetch(canonical: string, signal: AbortSignal): Promise<Loaded | undefined> {
    const resolver = this.#resolver;
    const deletions = this.#deletions;
    const answer = resolver && (await this.#ask(resolver, canonical, signal));
    if (answer === undefined) {
      this.counts.misses += 1;
      return undefined;
    }
    // A put that came while the network was busy is newer than its answer.
    const meanwhile = this.recall(canonical);
    if (meanwhile !== undefined) return meanwhile;
    if (deletions !== this.#deletions) return undefined;
    await this.#writer.storeResolved(answer, canonical);
    const stored = this.recall(canonical);
    if (stored === undefined) {
      const message = `the resolver answered ${canonical} with another entry`;
      throw new SchemaStoreError("RESOLVER", message, { key: canonical });
    }
    this.counts.networkHits += 1;
    return { ...stored, tier: "network" };
  }

  async #ask(resolver: Resolver, canonical: string, signal: AbortSignal) {
    try {
      return await resolver(canonical.trim(), { signal });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw asStoreError(cause, "RESOLVER", `the resolver failed for ${canonical}`, canonical);
    }
  }
}
