/** The options of a store. */

import type { Durability, HostAdapter } from "../host.js";
import type { Converter } from "./convert.js";

/**
 * Where bodies are kept. `memory`: in memory only; what is evicted is gone. `memory-disk`: in a durable
 * host, with parsed values in memory up to the limits. `disk`: in a durable host; parsed at each read.
 */
export type Strategy = "memory" | "memory-disk" | "disk";

/** The eviction policies of the memory tier; docs/eviction.md compares them. */
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
  /** `url|version`, or `url` if there is no version. */
  readonly canonical: string;
  /** Bytes of memory that its eviction frees. */
  readonly bytes: number;
  /** Uses since it came into memory, including the first. */
  readonly uses: number;
  /** Time since it was last used. */
  readonly idle: number;
  /** Time since it came into memory. */
  readonly age: number;
  /** What it costs to obtain it again, as given with the put; 1 if not given. */
  readonly cost: number;
}

/** An eviction policy of your own. */
export interface CustomPolicy {
  /** Distinguishes it from the names of the built-in policies. */
  readonly name: "custom";
  /**
   * Returns the candidates (or their indexes in the array) in the order in which they are to be evicted;
   * as many are evicted as necessary. Called whenever room has to be made, with the `evictionBatchSize`
   * least recently used entries at most, the least recent first; the entry used last is never included.
   *
   * It must return each candidate once, within 100 ms, and must not call the store. If it does not, or
   * throws, the least recently used entry is evicted, `error` is emitted with INVALID_CONFIG, `health` and
   * `stats` report it, and the function is skipped for the next batches: one, then three, at most 1023.
   */
  rank(candidates: EvictionCandidate[]): readonly (EvictionCandidate | number)[];
}

/**
 * How parsed values are returned. `frozen`: shared, and deeply frozen. `shared`: shared and not frozen; a
 * caller that changes one changes it for all. `cloned`: a copy for each call.
 */
export type ValueMode = "frozen" | "shared" | "cloned";

/**
 * What a resolver returns: a value, its JSON text, or undefined for "not known here". A StructureDefinition, told
 * by its `resourceType`, is converted if the store was given a `converter`; anything else is stored as it is.
 */
export type Resolved = object | string | undefined;

/**
 * The network tier: called when neither memory nor the host has an entry, once for concurrent calls. Its
 * result is stored. The signal is aborted when nobody waits any more, or the store is closed.
 */
export type Resolver = (
  canonical: string,
  context: { readonly signal: AbortSignal },
) => Promise<Resolved>;

/** The options of `openSchemaStore`. A value out of its range is INVALID_CONFIG. */
export interface StoreOptions {
  /** Where bodies are kept. Default: `memory-disk`. */
  readonly strategy?: Strategy;
  /**
   * Limit of the memory tier in MiB: bodies as text and as parsed values (estimated), pending writes, and
   * their bookkeeping. 1 to 4000; default 256. The catalog is limited apart, by `maxCatalogMb`.
   */
  readonly memoryLimitMb?: number;
  /** Most entries with a body in memory, 1 to 1,000,000; default 1000. */
  readonly maxEntries?: number;
  /** Longest body that is accepted, in bytes of UTF-8: 1024 to 268,435,456; default 4,194,304. */
  readonly maxEntryBytes?: number;
  /** Limit in MiB of what is known of all entries besides their bodies, 1 to 1024; default 64. */
  readonly maxCatalogMb?: number;
  /** Node: the directory of the store. Default: `fhir-schema-store` in the user's cache directory. */
  readonly diskCacheDir?: string;
  /** Browser: the name of the IndexedDB database. Default: `fhir-schema-store`. */
  readonly databaseName?: string;
  /** Hours until an entry expires after it was put, above 0. Default: never. A put may say otherwise. */
  readonly ttlHours?: number;
  /**
   * Hours a body stays in memory without being read, above 0. Default: until it is evicted. With the
   * strategy `memory` the entry is removed with it.
   */
  readonly idleTtlHours?: number;
  /** Hours an expired entry is kept and returned as stale while the resolver fails, above 0. Default: none. */
  readonly graceHours?: number;
  /** Which body is evicted first. Default: `w-tiny-lfu`. */
  readonly evictionPolicy?: EvictionPolicy | CustomPolicy;
  /** How many candidates a custom policy ranks at a time, 1 to 1000; default 100. */
  readonly evictionBatchSize?: number;
  /** Loads the most used entries into memory after opening, in the background. Default: false. */
  readonly warmOnStartup?: boolean;
  /** How many of them, 1 to 1,000,000; default 100. */
  readonly warmSize?: number;
  /** Frees memory before the process or Wasm memory runs out. Default: true. */
  readonly autoCleanup?: boolean;
  /** How parsed values are returned. Default: `frozen`. */
  readonly values?: ValueMode;
  /** Whether a durable write waits for the disk itself (`strict`, the default) or not (`relaxed`). */
  readonly durability?: Durability;
  /** A host adapter of your choice; overrides `diskCacheDir` and `databaseName`. */
  readonly adapter?: HostAdapter;
  /** Asked for what neither memory nor the host has. Default: none. */
  readonly resolver?: Resolver;
  /**
   * Seconds for which the resolver is not asked again for what it did not know, 0 to 3600; an entry that is put,
   * saved, imported or comes from elsewhere ends it. Default: 5.
   */
  readonly unknownTtlSeconds?: number;
  /**
   * An archive that is imported if the store is empty, and still is when the archive has been read: a URL, in Node
   * also a path, or the bytes.
   */
  readonly seed?: string | URL | Uint8Array;
  /**
   * Converts what `convert` and `savePackage` are given; default: the converter of `fhir-schema-store/convert`,
   * loaded on first use. Only where it is given, StructureDefinitions that the resolver returns are converted too,
   * and their schemas stored: CONVERSION under the canonical asked for if one cannot be.
   */
  readonly converter?: Converter;
  /** The clock, in milliseconds since 1970; for tests. Default: `Date.now`. */
  readonly now?: () => number;
}
