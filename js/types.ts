/** The public types of the store: what goes in, what comes out, what can be asked. */

import type { SchemaStoreError } from "./errors.js";
import type { Durability, HostAdapter } from "./host.js";

/** Any JSON object, as stored and as returned. */
export type JsonObject = { readonly [member: string]: unknown };

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

/** Why one schema needs another. */
export type DependencyKind =
  | "base"
  | "type"
  | "reference"
  | "extension"
  | "binding"
  | "slice"
  | "other";

/** A typed edge from an entry to the canonical it needs. */
export interface Dependency {
  readonly kind: DependencyKind;
  /** Canonical as written in the schema, with a version where it has one. */
  readonly target: string;
}

/** How an entry came to be here. */
export type Origin = "user" | "package" | "converted" | "resolver";

/** What is known of an entry besides its body. */
export interface Metadata {
  /** `url|version`, or `url` alone where there is no version. */
  readonly canonical: string;
  readonly url: string;
  readonly version?: string;
  /** `package#version`, or absent for a direct put. */
  readonly source?: string;
  /** 0 is the base layer. */
  readonly layer: number;
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly kind?: string;
  readonly derivation?: string;
  readonly base?: string;
  readonly status?: string;
  readonly fhirVersion?: string;
  readonly tags: readonly string[];
  readonly origin: Origin;
  /** SHA-256 of the source bytes, lower-case hex. */
  readonly sourceHash?: string;
  /** `id@version` of the converter that made the body. */
  readonly converter?: string;
  /** Milliseconds since 1970, UTC; so are the times below. */
  readonly convertedAt?: number;
  /** What it costs to have it again, if that was said when it was put. */
  readonly cost?: number;
  /** SHA-256 of the body, lower-case hex. */
  readonly contentHash: string;
  /** Length of the body in bytes of UTF-8. */
  readonly size: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Hidden from then on. */
  readonly expiresAt?: number;
  /** Kept as stale until then, and then deleted; absent: until it is deleted or replaced. */
  readonly staleUntil?: number;
  readonly etag?: string;
  /** Gets of its value, loads and leases; those of a week ago count half. A hint, saved now and then. */
  readonly accessCount: number;
  readonly dependencies: readonly Dependency[];
}

/** What a put may say of an entry; what is left out is read from the body's own members. */
export interface PutOptions {
  /** Wait until the entry is durable. */
  readonly durable?: boolean;
  /** Only if the current entry's `contentHash` is this; `null`: only if there is none. Else CONCURRENCY. */
  readonly ifHash?: string | null;
  readonly tags?: readonly string[];
  /** `package#version`. */
  readonly source?: string;
  /** Overrides the body's `url`. */
  readonly url?: string;
  /** Overrides the body's `version`. */
  readonly version?: string;
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly kind?: string;
  readonly derivation?: string;
  readonly base?: string;
  readonly status?: string;
  readonly fhirVersion?: string;
  readonly origin?: Origin;
  /** SHA-256 of the source, lower-case hex. */
  readonly sourceHash?: string;
  readonly converter?: string;
  readonly convertedAt?: number;
  /**
   * What it costs to have the entry again, in a unit of your choice that is the same for all, such as
   * milliseconds: a whole number from 1 to 4294967295, 1 if absent. `gdsf` and a custom policy go by it.
   */
  readonly cost?: number;
  readonly etag?: string;
  /** Milliseconds this entry lives; overrides the option of the store. */
  readonly ttl?: number;
  /** The same in hours; one of the two. */
  readonly ttlHours?: number;
  readonly dependencies?: readonly Dependency[];
}

/** What an update may say; its condition is the value it was given. */
export type UpdateOptions = Omit<PutOptions, "ifHash">;

/** How many entries are put. */
export interface PutManyOptions {
  /** Wait until all of them are durable. */
  readonly durable?: boolean;
}

/** One entry of `putMany`: a value, its JSON text or the bytes of that, with its own options. */
export interface PutItem extends PutOptions {
  readonly value?: object;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

/** How a get behaves. */
export interface GetOptions {
  /** Gives up waiting; the shared load goes on for other callers. Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Reject with NOT_FOUND instead of answering undefined. */
  readonly require?: boolean;
  /** Where only an expired entry is there, answer it at once and ask the resolver meanwhile. */
  readonly allowStale?: boolean;
}

/** Which tier answered. */
export type Tier = "memory" | "disk" | "network";

/** A value with all that is known of it. */
export interface Entry<T> {
  readonly value: T;
  readonly metadata: Metadata;
  readonly tier: Tier;
  /** It has expired: the resolver failed, or `allowStale` was given. */
  readonly stale?: true;
}

/** Which entries `list` and `clear` take; all given conditions must hold. */
export interface Filter {
  readonly urlPrefix?: string;
  /** `name`, or `name#version`. */
  readonly package?: string;
  readonly type?: string;
  readonly tag?: string;
  /** Only entries last written at least this many milliseconds ago. */
  readonly olderThanMs?: number;
}

/** Where an archive is read from. */
export type ArchiveSource =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** How an archive is imported. */
export interface ImportOptions {
  /** What becomes of an entry whose body or description differs from the archive's. Default: keep. */
  readonly conflicts?: "keep" | "replace";
}

/** What an import did: the numbers add up to the entries of the archive. */
export interface ImportReport {
  readonly added: number;
  /** There already, with the same body and description; times and cost do not count. */
  readonly skipped: number;
  /** There, but different, and overwritten. */
  readonly replaced: number;
  /** There, but different, and kept. */
  readonly conflicting: number;
}

/** What a resolver answers: a value, its JSON text, or undefined for "not known here". */
export type Resolved = object | string | undefined;

/** The network tier: called after memory and disk have missed. */
export type Resolver = (
  canonical: string,
  context: { readonly signal: AbortSignal },
) => Promise<Resolved>;

/** What a converter makes of a StructureDefinition. */
export interface Conversion {
  readonly schema: JsonObject;
  readonly dependencies: readonly Dependency[];
}

/** Turns StructureDefinitions into FHIR Schemas. */
export interface Converter {
  /** Names the algorithm; part of the decision whether a source must be converted again. */
  readonly id: string;
  readonly version: string;
  convert(structureDefinition: JsonObject): Conversion;
}

/** What `convert` did. */
export interface ConvertResult {
  readonly metadata: Metadata;
  /** False when the same source had been converted by the same converter before. */
  readonly converted: boolean;
}

/** How a StructureDefinition is to be filed. */
export interface ConvertOptions {
  /** `package#version` it came with. */
  readonly source?: string;
  /** Other tags than the stored ones mean that it is converted and stored again. */
  readonly tags?: readonly string[];
  /** As in `PutOptions`; another one alone is no reason to convert again. */
  readonly cost?: number;
  readonly durable?: boolean;
}

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
    /** The same as `decodedEstimate`. */
    readonly decodedBytes: number;
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
  readonly hits: { readonly memory: number; readonly disk: number; readonly network: number };
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

/** The events of `on`, with what each listener gets. */
export interface StoreEvents {
  readonly put: { readonly canonical: string };
  readonly delete: { readonly canonical: string };
  /** A body left memory; the entry is gone only where there is no durable tier. */
  readonly evict: { readonly canonical: string; readonly cause: EvictionCause };
  readonly expire: { readonly canonical: string };
  /** There was too little memory: in the heap, in the process, or Wasm memory could not grow. */
  readonly pressure: {
    readonly reason: "heap" | "process" | "wasm";
    /** What was missing. */
    readonly wantedBytes: number;
    /** What the store gave, as `usedBytes` counts. */
    readonly freedBytes: number;
  };
  readonly flush: { readonly entries: number; readonly bytes: number };
  readonly change: { readonly urls: readonly string[] };
  /** `emptied`: there was no durable tier to read the entries back from. */
  readonly restart: { readonly emptied: boolean };
  readonly error: { readonly error: SchemaStoreError };
}
