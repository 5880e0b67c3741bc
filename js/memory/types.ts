/** The options of the memory tier, and the listeners it reports to. */

import type { CoreOptions } from "../core/core.js";
import type { SchemaStoreError } from "../errors.js";
import type { StoreEvents, ValueMode } from "../types.js";
import type { Ranking } from "./custom-policy.js";

/** What the store wants to know of effects. */
export interface MemoryListener {
  evicted(canonical: string, cause: StoreEvents["evict"]["cause"]): void;
  /** Memory was given back because there was too little. */
  relieved(event: StoreEvents["pressure"]): void;
  expired(canonical: string): void;
  /** What these URLs resolve to may have changed; `urls` tells which. */
  resolutionChanged(urls: () => string[]): void;
  /** Some entry, or some body in memory, has a limited life. */
  limited(): void;
  /** The time of these slots as stale is over too: the host is to delete their rows. */
  graceEnded(slots: readonly number[]): void;
  /** Something went wrong that no call is to fail for. */
  failed(error: SchemaStoreError): void;
  /** The core trapped: catalog and memory tier are empty. */
  restarted(): void;
  /** The body of a slot that is not durable yet. */
  pendingBody(slot: number): Uint8Array | undefined;
}

/** How the memory tier is set up. */
export interface MemoryOptions {
  readonly core: CoreOptions;
  readonly values: ValueMode;
  /** Decoded values are kept; otherwise each read decodes anew. */
  readonly keepsValues: boolean;
  /** Bodies may leave when Wasm memory cannot grow. */
  readonly autoCleanup: boolean;
  readonly now: () => number;
  /** The host's own SHA-256, where it has a synchronous one; else the core's is used. */
  readonly sha256: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly ranking?: Ranking | undefined;
}

/** What frees memory; returns how many bytes. */
export interface Trimmed {
  trim(bytes: number, pressure: true): number;
}

/** An eye on the memory of the process. */
export interface PressureWatch {
  /** Looks whether memory is short; to be called after so many bytes of JSON were decoded. */
  check(bytes: number): void;
  stop(): void;
}

/** What a request means. */
export interface Found {
  /** 0: nothing that is known of; `ASK`: the host must be asked. */
  readonly slot: number;
  /** Whether the text of its body is in memory. */
  readonly hasText: boolean;
  /** `MemoryTier.revision` then: as long as that is the same, so is the result. */
  readonly revision: number;
}

/** What a listing takes besides what readers can get. */
export interface Hidden {
  readonly expired?: boolean;
  readonly damaged?: boolean;
}
