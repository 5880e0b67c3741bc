/** What a store is told when it is opened. */

import type { Durability, HostAdapter } from "../host.js";
import type { Converter } from "./convert.js";

/** Where bodies live: memory only, memory over a durable host, or the durable host alone. */
export type Strategy = "memory" | "memory-disk" | "disk";

/** The eviction policies of the memory tier. */
export type EvictionPolicy =
  | "lru"
  | "lfu"
  | "fifo"
  | "random"
  | "sieve"
  | "s3-fifo"
  | "w-tiny-lfu"
  | "gdsf";

/** What a custom policy can rank an entry by; times are counted in uses of any entry. */
export interface EvictionCandidate {
  readonly canonical: string;
  /** Bytes of memory its eviction frees. */
  readonly bytes: number;
  /** Uses since it came to memory, the first one included. */
  readonly uses: number;
  /** Time since it was last used. */
  readonly idle: number;
  /** Time since it came to memory. */
  readonly age: number;
  /** What it costs to bring it back, in a unit that is the same for all. */
  readonly cost: number;
}

/** An eviction policy of your own. */
export interface CustomPolicy {
  readonly name: "custom";
  /**
   * Answers the candidates (or their places in the array) in another order: the first ones leave, as
   * many as must. Called whenever room is to be made, with at most `evictionBatchSize` of those that were
   * not used for the longest time, that one first; the entry used last is never among them.
   *
   * It must answer each of them once, within 100 ms, and not call the store. When it does not, or throws,
   * the one not used for the longest time leaves, `error` is emitted with INVALID_CONFIG, `health` and
   * `stats` say so, and the next batches pass without it: one, then three, at most 1023.
   */
  rank(candidates: EvictionCandidate[]): readonly (EvictionCandidate | number)[];
}

/** How decoded values are handed out: shared and deep-frozen, shared as they are, or a clone each. */
export type ValueMode = "frozen" | "shared" | "cloned";

/** What a resolver answers: a value, its JSON text, or undefined for "not known here". */
export type Resolved = object | string | undefined;

/** The network tier: called after memory and disk have missed. */
export type Resolver = (
  canonical: string,
  context: { readonly signal: AbortSignal },
) => Promise<Resolved>;

/** Everything `openSchemaStore` can be told; the ranges are in the README. */
export interface StoreOptions {
  readonly strategy?: Strategy;
  readonly memoryLimitMb?: number;
  readonly maxEntries?: number;
  readonly maxEntryBytes?: number;
  readonly maxCatalogMb?: number;
  /** Node: the directory. */
  readonly diskCacheDir?: string;
  /** Browser: the database. */
  readonly databaseName?: string;
  /** How long an entry lives. */
  readonly ttlHours?: number;
  /** How long a body stays in memory that nobody reads; with `memory` the entry goes with it. */
  readonly idleTtlHours?: number;
  /** How long an expired entry is kept, to be answered while the resolver fails. */
  readonly graceHours?: number;
  readonly evictionPolicy?: EvictionPolicy | CustomPolicy;
  /** How many candidates a custom policy ranks at a time. */
  readonly evictionBatchSize?: number;
  /** Brings the entries used most into memory after opening, in the background. */
  readonly warmOnStartup?: boolean;
  /** How many of them. */
  readonly warmSize?: number;
  /** Gives memory back before the process or Wasm memory runs out of it. Default: true. */
  readonly autoCleanup?: boolean;
  readonly values?: ValueMode;
  readonly durability?: Durability;
  /** A durable tier of your own choice; overrides `diskCacheDir` and `databaseName`. */
  readonly adapter?: HostAdapter;
  readonly resolver?: Resolver;
  /** An archive that fills the store when it is empty: a URL, in Node also a path, or the bytes. */
  readonly seed?: string | URL | Uint8Array;
  /** Defaults to the converter of `fhir-schema-store/convert`, loaded on first use. */
  readonly converter?: Converter;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}
