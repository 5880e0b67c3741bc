/** The guard around the core: every call passes here, and a trap costs an instance, not the store. */

import { type ErrorCode, SchemaStoreError } from "../errors.js";
import type { CoreModule } from "../load/module.js";
import type { StoreGlue } from "../load/store-glue.js";

/** What the core is told at birth; bytes, checked by `checkOptions`. */
export interface CoreOptions {
  readonly memoryLimitBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly maxCatalogBytes: number;
  readonly evictionPolicy: string;
  readonly durable: boolean;
  /** How many hours a body stays in memory that nobody reads; absent for any time. */
  readonly idleTtlHours?: number | undefined;
  /** Fills with random bytes, for the seed of hash tables. */
  readonly random: (length: number) => Uint8Array;
}

/** One store's state in Wasm; the methods are those of `src/wasm/store_handle.rs`. */
export type StoreHandle = InstanceType<StoreGlue["StoreHandle"]>;

/** What the core says of itself; see `src/stats.rs`. */
export interface CoreStats {
  readonly entries: number;
  readonly totalBytes: number;
  readonly catalogBytes: number;
  readonly residentEntries: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly encodedBytes: number;
  readonly decodedBytes: number;
  readonly pendingBytes: number;
  readonly leasedBytes: number;
  readonly evictedForSize: number;
  readonly evictedForEntries: number;
  readonly evictedExplicitly: number;
  readonly evictedForPressure: number;
  readonly evictedAsExpired: number;
  readonly refusals: number;
  readonly expirations: number;
  readonly hits: number;
}

/** An instance of the core with a store in it, replaced when it traps. */
export class Core {
  readonly #module: CoreModule;
  readonly #options: CoreOptions;
  readonly #onRestart: () => void;
  #glue: StoreGlue;
  #handle: StoreHandle;

  /** `onRestart` runs when an instance was replaced by an empty one, before the caller is told. */
  constructor(module: CoreModule, options: CoreOptions, onRestart: () => void) {
    this.#module = module;
    this.#options = options;
    this.#onRestart = onRestart;
    this.#glue = module.instantiate();
    this.#handle = this.#newHandle();
  }

  /**
   * Runs `work` on the store. An error of the core becomes a `SchemaStoreError` about `key`;
   * anything else is a trap: the instance is replaced and the caller gets CORE_RESTARTED.
   */
  call<T>(work: (handle: StoreHandle, glue: StoreGlue) => T, key?: string): T {
    try {
      return work(this.#handle, this.#glue);
    } catch (error) {
      const known = storeError(error, key);
      if (known !== undefined) throw known;
      this.#glue = this.#module.instantiate();
      this.#handle = this.#newHandle();
      this.#onRestart();
      const message = "the core trapped and was restarted; repeat the call";
      throw new SchemaStoreError("CORE_RESTARTED", message, { key, cause: error });
    }
  }

  #newHandle(): StoreHandle {
    const options = this.#options;
    const seed = options.random(8).reduce((sum, byte) => sum * 256 + byte, 0);
    const handle = new this.#glue.StoreHandle(
      options.memoryLimitBytes,
      options.maxEntries,
      options.maxEntryBytes,
      options.maxCatalogBytes,
      options.evictionPolicy,
      options.durable,
      seed,
    );
    handle.setIdle(options.idleTtlHours ?? 0);
    return handle;
  }
}

/** An error of the core as a `SchemaStoreError`; undefined for anything else, which is a trap. */
export function storeError(error: unknown, key?: string): SchemaStoreError | undefined {
  if (error instanceof SchemaStoreError) return error;
  if (!(error instanceof Error) || error.name !== "CoreError") return undefined;
  const { code } = error as Error & { code: ErrorCode };
  return new SchemaStoreError(code, error.message, { key });
}
