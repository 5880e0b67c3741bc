/** What pins, leases and warming take and return. */

import type { DependencyKind } from "./entry.js";

/** Which dependencies are included: none, those of every kind, or those of these kinds. */
export type Closure = boolean | readonly DependencyKind[];

/** How a lease is taken. */
export interface LeaseOptions {
  /** The dependencies to include, and theirs in turn. Default: none. */
  readonly closure?: Closure;
  /** Aborts: nothing stays held, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Values as they were at one moment. Whatever is put, deleted, evicted, expires or is written by
 * others afterwards changes nothing for it, until it is released; then its calls fail with CLOSED.
 */
export interface Lease {
  /** What it has values for: the canonicals asked for, then the dependencies, as they are written. */
  readonly canonicals: readonly string[];
  /** The canonicals asked for, and the dependencies, that had no entry. */
  readonly missing: readonly string[];
  /** The value of one of `canonicals`, or of the `url|version` it stood for; else undefined. CLOSED. */
  getSync<T = { readonly [member: string]: unknown }>(canonical: string): T | undefined;
  /** The same. */
  get<T = { readonly [member: string]: unknown }>(canonical: string): Promise<T | undefined>;
  /** Releases everything. Idempotent. */
  release(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** What `warm` brings into memory. */
export interface WarmOptions {
  /** How many of the most used entries; `warmSize` if nothing else is given. */
  readonly top?: number;
  /** These, before the most used ones. */
  readonly canonicals?: readonly string[];
  /** The dependencies of `canonicals` to include. Default: none. */
  readonly closure?: Closure;
  /** Aborts: what was loaded stays, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `warm` did. */
export interface WarmReport {
  /** Entries loaded into memory; not those already there, nor those without room. */
  readonly warmed: number;
  /** Bytes of their JSON. */
  readonly bytes: number;
  /** The canonicals asked for, and the dependencies, that have no entry. */
  readonly missing: readonly string[];
}
