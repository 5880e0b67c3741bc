/** Returns expired entries while they are kept, instead of nothing or a failure. */

import type { DurableTier } from "../durable/durable-tier.js";
import { decodeText, deepFreeze } from "../json.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Loaded, Loader } from "../read/loader.js";
import type { GetOptions, Metadata, Tier, ValueMode } from "../types.js";

/** An expired entry with its bytes. */
interface Stale {
  readonly slot: number;
  readonly body: Uint8Array;
  readonly tier: Tier;
  readonly metadata: Metadata;
}

/** Look-ups that accept an expired entry. It is neither kept in memory nor counted as a hit. */
export class StaleReader {
  readonly #loader: Loader;
  readonly #memory: MemoryTier;
  readonly #durable: DurableTier | undefined;
  readonly #values: ValueMode;

  constructor(
    loader: Loader,
    memory: MemoryTier,
    durable: DurableTier | undefined,
    values: ValueMode,
  ) {
    this.#loader = loader;
    this.#memory = memory;
    this.#durable = durable;
    this.#values = values;
  }

  /** The value of a canonical, from an expired entry if necessary. */
  load(canonical: string, options: GetOptions): Promise<Loaded | undefined> {
    const fresh = (signal?: AbortSignal) => this.#loader.load(canonical, signal);
    return this.#first(canonical, options, fresh, ({ slot, body, tier, metadata }) => {
      const value = JSON.parse(decodeText(body)) as object;
      if (this.#values !== "shared") deepFreeze(value);
      return { slot, value, tier, stale: metadata };
    });
  }

  /** The bytes of a canonical, from an expired entry if necessary. */
  body(canonical: string, options: GetOptions): Promise<Uint8Array | undefined> {
    const fresh = (signal?: AbortSignal) => this.#loader.body(canonical, signal);
    return this.#first(canonical, options, fresh, ({ body }) => body);
  }

  async #first<T>(
    canonical: string,
    { allowStale, signal }: GetOptions,
    fresh: (signal?: AbortSignal) => Promise<T | undefined>,
    from: (stale: Stale) => T,
  ): Promise<T | undefined> {
    if (allowStale === true && signal?.aborted !== true) {
      await this.#loader.locate(canonical);
      const isFresh = this.#memory.slotOf(canonical) !== undefined;
      const stale = isFresh ? undefined : await this.#read(canonical);
      if (stale !== undefined) {
        // Refreshed in the background; a failure is reported to the next caller.
        fresh().catch(() => {});
        return from(stale);
      }
    }
    try {
      return await fresh(signal);
    } catch (error) {
      const stale = signal?.aborted === true ? undefined : await this.#read(canonical);
      if (stale === undefined) throw error;
      return from(stale);
    }
  }

  /** The expired entry a canonical means; undefined when there is none, or it cannot be read. */
  async #read(canonical: string): Promise<Stale | undefined> {
    try {
      const slot = this.#memory.stale(canonical);
      if (slot === 0) return undefined;
      const metadata = this.#memory.catalog.metadata(slot);
      const here = this.#memory.body(slot);
      const hash = this.#memory.catalog.hash(slot);
      const body = here ?? (hash && (await this.#durable?.bodies.one(hash, canonical)));
      return body && { slot, body, metadata, tier: here === undefined ? "disk" : "memory" };
    } catch {
      return undefined;
    }
  }
}
