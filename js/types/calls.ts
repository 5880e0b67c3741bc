/** What the calls of a store are given and give. */

import type { Dependency, Origin } from "./entry.js";

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
