/** What an entry is, and what is known of it. */

/** Any JSON object, as stored and as returned. */
export type JsonObject = { readonly [member: string]: unknown };

/** Why an entry needs another one. */
export type DependencyKind =
  | "base"
  | "type"
  | "reference"
  | "extension"
  | "binding"
  | "slice"
  | "other"
  | "profile";

/** A typed edge from an entry to the canonical it needs. */
export interface Dependency {
  /** Why it is needed. */
  readonly kind: DependencyKind;
  /** Canonical as written in the schema, with a version if it has one. */
  readonly target: string;
}

/** How an entry came into the store. */
export type Origin = "user" | "package" | "converted" | "resolver";

/** What is known of an entry besides its body. */
export interface Metadata {
  /** `url|version`, or `url` alone if there is no version. */
  readonly canonical: string;
  /** Canonical URL, without version. */
  readonly url: string;
  /** Business version; absent if there is none. */
  readonly version?: string;
  /** `package#version` it came with; absent for a direct put. */
  readonly source?: string;
  /** 0, the base layer, in this version. */
  readonly layer: number;
  /** Member `name` of the definition; so are `title`, `description`, `status` and `fhirVersion`. */
  readonly name?: string;
  /** Title for people. */
  readonly title?: string;
  /** Description, in Markdown. */
  readonly description?: string;
  /** Type that the schema describes, such as `Patient`. */
  readonly type?: string;
  /** `resource`, `complex-type`, `primitive-type` or `logical`. */
  readonly kind?: string;
  /** `specialization` or `constraint`. */
  readonly derivation?: string;
  /** Canonical of what it is derived from. */
  readonly base?: string;
  /** Publication status: `draft`, `active`, `retired` or `unknown`. */
  readonly status?: string;
  /** FHIR version, such as `4.3.0`. */
  readonly fhirVersion?: string;
  /** Labels given with the put. */
  readonly tags: readonly string[];
  /** How it came into the store. */
  readonly origin: Origin;
  /** SHA-256 of the source bytes, lower-case hex. */
  readonly sourceHash?: string;
  /** `id@version` of the converter that made the body. */
  readonly converter?: string;
  /** Milliseconds since 1970, UTC; so are the times below. Absent in what came in an archive. */
  readonly convertedAt?: number;
  /** What it costs to obtain it again, if given with the put. */
  readonly cost?: number;
  /** SHA-256 of the body, lower-case hex. */
  readonly contentHash: string;
  /** Length of the body in bytes of UTF-8. */
  readonly size: number;
  /** When a row of this key was first put; of a package's entry from an archive, imported. */
  readonly createdAt: number;
  /** When it was last put. */
  readonly updatedAt: number;
  /** When it expires: it is hidden from then on. Absent: never. */
  readonly expiresAt?: number;
  /** When it is deleted, having been kept as stale; absent: it stays until deleted or replaced. */
  readonly staleUntil?: number;
  /** Entity tag of the source, as given with the put. */
  readonly etag?: string;
  /** Gets of its value, loads and leases, halved every week. A hint, saved from time to time. */
  readonly accessCount: number;
  /** What it needs, as typed edges. */
  readonly dependencies: readonly Dependency[];
}

/** The tier that had the entry. */
export type Tier = "memory" | "disk" | "network";

/** A value with all that is known of it. */
export interface Entry<T> {
  /** The parsed value. */
  readonly value: T;
  /** What is known of the entry. */
  readonly metadata: Metadata;
  /** The tier that had it. */
  readonly tier: Tier;
  /** True if the entry has expired: the resolver failed, or `allowStale` was given. */
  readonly stale?: true;
}
