/** The events of a store. */

import type { SchemaStoreError } from "../errors.js";
import type { EvictionCause } from "./stats.js";

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
