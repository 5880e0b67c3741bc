/** What the calls of a store take and return. */

import type { Dependency, Origin } from "./entry.js";

/** Options of a put. What is left out is taken from the members of the body. */
export interface PutOptions {
  /** Resolve only when the entry is durable. Default: false, when it is readable. */
  readonly durable?: boolean;
  /** Only if the current entry's `contentHash` is this; `null`: only if there is none. Else CONCURRENCY. */
  readonly ifHash?: string | null;
  /** Labels to find it by. Default: none. */
  readonly tags?: readonly string[];
  /** `package#version` it comes with. Entries of different sources are kept side by side. */
  readonly source?: string;
  /** Overrides the body's `url`. */
  readonly url?: string;
  /** Overrides the body's `version`. */
  readonly version?: string;
  /** Overrides the body's `name`; so do the members below with theirs. */
  readonly name?: string;
  /** Title for people. */
  readonly title?: string;
  /** Description, in Markdown. */
  readonly description?: string;
  /** Type that the schema describes. */
  readonly type?: string;
  /** `resource`, `complex-type`, `primitive-type` or `logical`. */
  readonly kind?: string;
  /** `specialization` or `constraint`. */
  readonly derivation?: string;
  /** Canonical of what it is derived from. */
  readonly base?: string;
  /** Publication status. */
  readonly status?: string;
  /** FHIR version, such as `4.3.0`. */
  readonly fhirVersion?: string;
  /** How it comes into the store. Default: `user`. */
  readonly origin?: Origin;
  /** SHA-256 of the source, hex. */
  readonly sourceHash?: string;
  /** `id@version` of the converter that made the body. */
  readonly converter?: string;
  /** When it was converted, in milliseconds since 1970. */
  readonly convertedAt?: number;
  /**
   * What it costs to obtain the entry again, in a unit of your choice that is the same for all, such as
   * milliseconds: a whole number from 1 to 4294967295, 1 if absent. `gdsf` and a custom policy use it.
   */
  readonly cost?: number;
  /** Entity tag of the source. */
  readonly etag?: string;
  /** Milliseconds until the entry expires, above 0; overrides `ttlHours` of the store. */
  readonly ttl?: number;
  /** The same in hours; only one of the two may be given. */
  readonly ttlHours?: number;
  /** What it needs, as typed edges. Default: none. */
  readonly dependencies?: readonly Dependency[];
}

/** Options of an update; its condition is the value that `change` was given. */
export type UpdateOptions = Omit<PutOptions, "ifHash">;

/** Options of `putMany`. Like puts one by one, late ones may evict early ones from a store in memory. */
export interface PutManyOptions {
  /** Resolve only when all of them are durable. Default: false. */
  readonly durable?: boolean;
}

/** One entry of `putMany`: a value, its JSON text or the bytes of that, with its own options. */
export interface PutItem extends PutOptions {
  /** The entry as a value; else one of the two below. */
  readonly value?: object;
  /** The entry as JSON text. */
  readonly text?: string;
  /** The entry as JSON text in UTF-8. */
  readonly bytes?: Uint8Array;
}

/** Options of the calls that read. */
export interface GetOptions {
  /** Stops waiting: the call rejects with the signal's reason. A load shared with other callers goes on. */
  readonly signal?: AbortSignal;
  /** Reject with NOT_FOUND instead of returning undefined. Default: false. */
  readonly require?: boolean;
  /** If only an expired entry is there, return it at once and ask the resolver meanwhile. Default: false. */
  readonly allowStale?: boolean;
}

/** The same of a call that rejects with NOT_FOUND and so never returns undefined. */
export interface RequireOptions extends GetOptions {
  readonly require: true;
}

/** Which entries `list`, `clear` and `export` take: those that meet all given conditions. */
export interface Filter {
  /** The URL begins with this. */
  readonly urlPrefix?: string;
  /** The source is this package: `name`, or `name#version`; the case of the name does not matter. */
  readonly package?: string;
  /** The type is this one. */
  readonly type?: string;
  /** This is one of the tags. */
  readonly tag?: string;
  /** Only entries last written at least this many milliseconds ago. */
  readonly olderThanMs?: number;
}

/** An archive: its bytes, whole or piece by piece. */
export type ArchiveSource =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** Options of `import`. */
export interface ImportOptions {
  /** What happens to an entry that differs from the archive's: `keep` (the default) or `replace` it. */
  readonly conflicts?: "keep" | "replace";
}

/** What an import did: the numbers add up to the entries of the archive. */
export interface ImportReport {
  /** Entries that were not there. */
  readonly added: number;
  /** Already there, with the same body and metadata, times and cost aside. */
  readonly skipped: number;
  /** There, but different, and overwritten. */
  readonly replaced: number;
  /** There, but different, and kept. */
  readonly conflicting: number;
}
