/** What an entry is, and what is known of it. */

/** Any JSON object, as stored and as returned. */
export type JsonObject = { readonly [member: string]: unknown };

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
