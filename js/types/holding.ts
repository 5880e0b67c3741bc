/** What pins, leases and warming take and give. */

import type { DependencyKind } from "./entry.js";

/** Which dependencies come along: none, those of every kind, or those of these kinds. */
export type Closure = boolean | readonly DependencyKind[];

/** How a lease is taken. */
export interface LeaseOptions {
  /** The dependencies that come along, and theirs in turn. Default: none. */
  readonly closure?: Closure;
  /** Gives up; nothing stays held. Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Values as they were at one moment. Whatever is put, deleted, evicted, expires or is written by
 * others afterwards changes nothing for it, until it is released; then its calls fail with CLOSED.
 */
export interface Lease {
  /** What it answers: the canonicals asked for, then the dependencies, as they are written. */
  readonly canonicals: readonly string[];
  /** The canonicals asked for, and the dependencies, that there was no entry for. */
  readonly missing: readonly string[];
  /** The value of one of `canonicals`, or of the `url|version` it stood for; else undefined. CLOSED. */
  getSync<T = { readonly [member: string]: unknown }>(canonical: string): T | undefined;
  /** The same. */
  get<T = { readonly [member: string]: unknown }>(canonical: string): Promise<T | undefined>;
  /** Lets all of it go. Idempotent. */
  release(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** What `warm` brings into memory. */
export interface WarmOptions {
  /** So many of the entries used most; `warmSize` where nothing is said of what to warm. */
  readonly top?: number;
  /** These, before those. */
  readonly canonicals?: readonly string[];
  /** The dependencies of `canonicals` that come along. Default: none. */
  readonly closure?: Closure;
  /** Stops; what is warm stays so. Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `warm` did. */
export interface WarmReport {
  /** Entries brought into memory; those that were there do not count, nor those without room. */
  readonly warmed: number;
  /** Bytes of their JSON. */
  readonly bytes: number;
  /** The canonicals asked for, and the dependencies, that there is no entry for. */
  readonly missing: readonly string[];
}
