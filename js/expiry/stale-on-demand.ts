/** Look-ups that accept expired entries if the store or the caller allows it. */

import type { CheckedOptions } from "../arguments/options.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { onFirstUse } from "../first-use.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Loaded, Loader } from "../read/loader.js";
import type { GetOptions, Metadata } from "../types.js";
import type { StaleReader } from "./stale-reader.js";

/** A value with its metadata. */
export interface LoadedEntry extends Loaded {
  readonly metadata: Metadata;
}

/** A loader, and a reader of expired entries that is created when first needed. */
export class StaleOnDemand {
  readonly #loader: Loader;
  readonly #memory: MemoryTier;
  readonly #durable: DurableTier | undefined;
  readonly #options: CheckedOptions;

  constructor(
    loader: Loader,
    memory: MemoryTier,
    durable: DurableTier | undefined,
    options: CheckedOptions,
  ) {
    this.#loader = loader;
    this.#memory = memory;
    this.#durable = durable;
    this.#options = options;
    // Loaded now: when it is needed, the network may be down.
    if (options.graceHours) importStale().catch(() => {});
  }

  /** The value of a canonical from the first tier that has it. */
  load(canonical: string, options: GetOptions = {}): Promise<Loaded | undefined> {
    const fresh = () => this.#loader.load(canonical, options.signal);
    if (!this.#isAllowed(options)) return fresh();
    return this.#reader().then((reader) => reader.load(canonical, options), unlessForbidden(fresh));
  }

  /** The same with its metadata, both as they are at one moment. */
  async loadEntry(canonical: string, options?: GetOptions): Promise<LoadedEntry | undefined> {
    for (;;) {
      const recalled = this.#loader.lookUp(canonical);
      const loaded = recalled ?? (await this.load(canonical, options));
      if (loaded === undefined) return undefined;
      if (recalled === undefined && !this.#loader.isCurrent(canonical, loaded)) continue;
      return { ...loaded, metadata: loaded.stale ?? this.#memory.catalog.metadata(loaded.slot) };
    }
  }

  /** The bytes of a canonical from the first tier that has them. */
  body(canonical: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const fresh = () => this.#loader.body(canonical, options.signal);
    if (!this.#isAllowed(options)) return fresh();
    return this.#reader().then((reader) => reader.body(canonical, options), unlessForbidden(fresh));
  }

  #isAllowed({ allowStale }: GetOptions): boolean {
    return allowStale === true || (this.#options.graceHours ?? 0) > 0;
  }

  async #reader(): Promise<StaleReader> {
    const { StaleReader } = await importStale();
    return new StaleReader(this.#loader, this.#memory, this.#durable, this.#options.values);
  }
}

/** What is done instead where the reader cannot be loaded now; where it never can, that is told. */
function unlessForbidden<T>(instead: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => {
    if ((error as { code?: unknown }).code === "UNSUPPORTED") throw error;
    return instead();
  };
}

/** Loaded only if stale values are wanted. */
function importStale() {
  return onFirstUse(import("./stale-reader.js"));
}
