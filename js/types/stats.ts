/** What a store says of itself. */

import type { SchemaStoreError } from "../errors.js";
import type { Strategy } from "./options.js";

/** How often a tier had what it was asked for. */
export interface TierStats {
  /** Look-ups it served. */
  readonly hits: number;
  /** Look-ups it was asked for and could not serve. */
  readonly misses: number;
  /** Share of hits in all look-ups, from 0 to 1; 0 before the first. */
  readonly hitRatio: number;
}

/** The same for a tier that takes time. */
export interface LoadingTierStats extends TierStats {
  /** Times it was asked, failures included; callers who share a load count once. */
  readonly loads: number;
  /** How long they took. */
  readonly loadTimes: {
    /** Upper ends of the buckets in milliseconds, each twice the one before. */
    readonly upToMs: readonly number[];
    /** Loads per bucket; the last one, beyond `upToMs`, is for those that took longer. */
    readonly counts: readonly number[];
  };
}

/** How look-ups were answered. */
export interface LookUpStats {
  readonly tiers: {
    readonly memory: TierStats;
    readonly disk: LoadingTierStats;
    readonly network: LoadingTierStats;
  };
  /** Look-ups that no tier could serve. */
  readonly misses: number;
}

/** The same over all sessions, as they saved it: every minute, and when a store is closed. A hint. */
export interface LifetimeStats extends LookUpStats {
  /** When a session first saved its counts, in milliseconds since 1970. */
  readonly since: number;
  /** When one last did. */
  readonly savedAt: number;
}

/** Why a body left memory before its time. */
export type EvictionCause = "size" | "entries" | "explicit" | "pressure" | "expired";

/** Counters since the store was opened, and sizes as they are now. */
export interface Stats extends LookUpStats {
  readonly strategy: Strategy;
  readonly adapter: string | undefined;
  readonly entries: number;
  /** Sum of the bodies' sizes over all entries, in bytes. */
  readonly totalBytes: number;
  readonly memory: {
    /** Entries with a body in memory. */
    readonly residentEntries: number;
    /** What `memoryLimitMb` limits: encoded, decoded and pending bytes with their bookkeeping. */
    readonly usedBytes: number;
    readonly limitBytes: number;
    /** Bodies kept as text in Wasm memory, each distinct one once. */
    readonly encodedBytes: number;
    /** Heap taken by decoded values, estimated from the length of their text. */
    readonly decodedEstimate: number;
    /** Bodies not written to the durable tier yet. */
    readonly pendingBytes: number;
    /** Pinned or leased, in whatever form. */
    readonly leasedBytes: number;
    /** What is known of every entry, in Wasm memory; limited by `maxCatalogMb`. */
    readonly catalogBytes: number;
    /**
     * Size of the Wasm memory, including that of the adapter's log. It never shrinks: freed space is
     * reused.
     */
    readonly wasmBytes: number;
    /** Spellings of canonicals that are remembered. */
    readonly hotEntries: number;
    /** Heap taken by the map from canonicals to decoded values, without the values; an estimate. */
    readonly hotMapBytes: number;
  };
  readonly disk: { readonly bytes: number; readonly quota?: number } | undefined;
  /** Undefined before anything was looked up, and where the host keeps no such record. */
  readonly lifetime: LifetimeStats | undefined;
  readonly loads: number;
  /** Bodies that left memory, by cause. */
  readonly evictions: {
    /** Because of `memoryLimitMb`. */
    readonly size: number;
    /** Because of `maxEntries`. */
    readonly entries: number;
    /** They expired, or nobody read them for `idleTtlHours`. */
    readonly expired: number;
    /** By `trim`, or because their entry was deleted. */
    readonly explicit: number;
    /** The process or Wasm memory ran short. */
    readonly pressure: number;
  };
  /** Those evicted for size or entries that were newcomers the policy refused. */
  readonly refusedAdmissions: number;
  readonly expirations: number;
  /** Calls of a custom policy that failed or returned no valid order. */
  readonly rankingFailures: number;
  readonly puts: number;
  readonly deletes: number;
  readonly conversions: number;
  readonly conversionsSkipped: number;
  readonly flushes: number;
  readonly restarts: number;
}

/** Whether the store is healthy, and if not, why. */
export interface Health {
  readonly ok: boolean;
  /** What failed in the background and is still pending. */
  readonly writeError: SchemaStoreError | undefined;
  /** Why the last call of a custom policy failed. */
  readonly rankingError: SchemaStoreError | undefined;
  readonly pendingWrites: number;
  /** Those of them the host has no room for: kept in memory, retried, lost when the store ends. */
  readonly refusedWrites: number;
  readonly pendingBytes: number;
  readonly durable: boolean;
  /**
   * What can no longer be read and was neither rewritten nor deleted, and whether the directory or database was deleted
   * behind the store: a sentence each.
   */
  readonly damage: readonly string[];
}
