/** The events of a store. */

import type { SchemaStoreError } from "../errors.js";
import type { EvictionCause } from "./stats.js";

/** The events of `on`, with what each listener gets. */
export interface StoreEvents {
  /** An entry was put here, by a caller, a conversion or the resolver. */
  readonly put: { readonly canonical: string };
  /** An entry was deleted here. */
  readonly delete: { readonly canonical: string };
  /** A body left memory; the entry is gone only where there is no durable tier. */
  readonly evict: { readonly canonical: string; readonly cause: EvictionCause };
  /** An entry has expired and is hidden. */
  readonly expire: { readonly canonical: string };
  /** Memory ran short: in the heap, in the process, or Wasm memory could not grow. */
  readonly pressure: {
    /** Where: V8's heap, the memory of the process or container, or Wasm memory. */
    readonly reason: "heap" | "process" | "wasm";
    /** How much was needed. */
    readonly wantedBytes: number;
    /** How much the store freed, as `usedBytes` counts. */
    readonly freedBytes: number;
  };
  /** Queued writes became durable: how many, and the bytes of their bodies. */
  readonly flush: { readonly entries: number; readonly bytes: number };
  /** What these URLs resolve to may have changed, whoever changed it. */
  readonly change: { readonly urls: readonly string[] };
  /** `emptied`: there was no durable tier to read the entries back from. */
  readonly restart: { readonly emptied: boolean };
  /** Something failed in the background; no call rejects with it. */
  readonly error: { readonly error: SchemaStoreError };
}
