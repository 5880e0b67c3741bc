/** What a store says of itself. */

import type { SchemaStoreError } from "../errors.js";
import type { Strategy } from "./options.js";

/** How often a tier could answer. */
export interface TierStats {
  /** Look-ups it answered. */
  readonly hits: number;
  /** Look-ups it was asked first and could not answer. */
  readonly misses: number;
  /** Hits of all look-ups, from 0 to 1; 0 before the first. */
  readonly hitRatio: number;
}

/** The same of a tier that takes time. */
export interface LoadingTierStats extends TierStats {
  /** Times it was asked, also where it failed; those who wait for one load count once. */
  readonly loads: number;
  /** How long they took. */
  readonly loadTimes: {
    /** Upper ends of the buckets in milliseconds, each twice the one before. */
    readonly upToMs: readonly number[];
    /** Loads per bucket; one more than there are ends, for those that took longer. */
    readonly counts: readonly number[];
  };
}

/** Why a body left memory before its time. */
export type EvictionCause = "size" | "entries" | "explicit" | "pressure" | "expired";

/** Counters since the store was opened, and sizes as they are now. */
export interface Stats {
  readonly strategy: Strategy;
  readonly adapter: string | undefined;
  readonly entries: number;
  /** Sum of the bodies' sizes over all entries, in bytes. */
  readonly totalBytes: number;
  readonly memory: {
    /** Entries with a body in memory. */
    readonly residentEntries: number;
    /** What `memoryLimitMb` bounds: encoded, decoded and pending bytes with their bookkeeping. */
    readonly usedBytes: number;
    readonly limitBytes: number;
    /** Bodies kept as text in Wasm memory, each distinct one once. */
    readonly encodedBytes: number;
    /** Heap taken by decoded values, by the length of their text. */
    readonly decodedEstimate: number;
    /** Bodies on their way to the durable tier. */
    readonly pendingBytes: number;
    /** Pinned or leased, in whatever form. */
    readonly leasedBytes: number;
    /** What is known of every entry, in Wasm memory; bounded by `maxCatalogMb`. */
    readonly catalogBytes: number;
    /**
     * Size of the Wasm memory, that of the adapter's log included. It never shrinks: what was freed
     * in it is used again.
     */
    readonly wasmBytes: number;
    /** Spellings of canonicals that are remembered. */
    readonly hotEntries: number;
    /** Heap taken by what leads from canonicals to decoded values, without the values; an estimate. */
    readonly hotMapBytes: number;
  };
  readonly disk: { readonly bytes: number; readonly quota?: number } | undefined;
  readonly tiers: {
    readonly memory: TierStats;
    readonly disk: LoadingTierStats;
    readonly network: LoadingTierStats;
  };
  /** Look-ups that nobody could answer. */
  readonly misses: number;
  readonly loads: number;
  /** Bodies that left memory, by cause. */
  readonly evictions: {
    /** Because of `memoryLimitMb`. */
    readonly size: number;
    /** Because of `maxEntries`. */
    readonly entries: number;
    /** Their time was over, or nobody read them for `idleTtlHours`. */
    readonly expired: number;
    /** By `trim`, or because their entry was deleted. */
    readonly explicit: number;
    /** The process or Wasm memory had too little. */
    readonly pressure: number;
  };
  /** Of those for size and entries, newcomers that the policy preferred not to keep. */
  readonly refusedAdmissions: number;
  readonly expirations: number;
  /** Answers of a custom policy that were of no use. */
  readonly rankingFailures: number;
  readonly puts: number;
  readonly deletes: number;
  readonly conversions: number;
  readonly conversionsSkipped: number;
  readonly flushes: number;
  readonly restarts: number;
}

/** Whether all is well, and what is not. */
export interface Health {
  readonly ok: boolean;
  /** What failed in the background and is still pending. */
  readonly writeError: SchemaStoreError | undefined;
  /** What is wrong with the last answer of a custom policy. */
  readonly rankingError: SchemaStoreError | undefined;
  readonly pendingWrites: number;
  /** Of these, rows that the host has no room for: kept in memory, tried again, lost when the store ends. */
  readonly refusedWrites: number;
  readonly pendingBytes: number;
  readonly durable: boolean;
  /** What cannot be read any more and was neither written again nor deleted: a sentence each. */
  readonly damage: readonly string[];
}
