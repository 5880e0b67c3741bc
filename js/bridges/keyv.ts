/** `fhir-schema-store/keyv`: a store as the storage of a Keyv, version 5 or 6. */

import { check, TEXT } from "../rules.js";
import type { SchemaStore } from "../store.js";
import type { Metadata } from "../types.js";
import { type BridgeOptions, Items } from "./items.js";

export type { BridgeOptions };

/** What Keyv calls; structural, so that these types need no Keyv. */
export interface KeyvStorage {
  /** Keyv 5 iterates only over stores that name a database it knows. */
  readonly opts: { readonly dialect: string; readonly url: string };
  /** Set by Keyv 5, which puts it before every key itself, unless its `useKeyPrefix` is off. */
  namespace?: string | undefined;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  /** `ttl` in milliseconds; 0 and Infinity mean none. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  /** Deletes the namespace, or, without one, all entries under this adapter's prefix. */
  clear(): Promise<void>;
  /** What `clear` would delete. */
  iterator(namespace?: string): AsyncGenerator<[string, unknown], void>;
  /** Makes everything durable; the store stays open for whoever opened it. */
  disconnect(): Promise<void>;
}

/**
 * A storage adapter over a store you have opened: `new Keyv({ store: keyvAdapter(store) })`. Keys
 * become URLs under `prefix`, by default `urn:keyv:`. Create one adapter for each Keyv: Keyv 5 records
 * its namespace on the adapter.
 */
export function keyvAdapter(store: SchemaStore, options: BridgeOptions = {}): KeyvStorage {
  const items = new Items(store, options, "urn:keyv:");
  const begin = (namespace: string | undefined) => {
    if (namespace !== undefined) check(namespace, TEXT, "namespace");
    return namespace ? `${namespace}:` : "";
  };
  /** Says of which namespace a key is that does not say so itself; undefined for any other. */
  const tagFor = (key: string, namespace: string | undefined) => {
    // What is no key is refused where it is used.
    const says = typeof key !== "string" || key.startsWith(begin(namespace));
    return namespace && !says ? tagOf(namespace) : undefined;
  };
  async function* entries(prefix: string, namespace: string | undefined) {
    yield* items.entries(prefix, undefined, namespace ? isOfNone : undefined);
    if (namespace) yield* items.entries("", tagOf(namespace));
  }
  // Keyv 6 recognises asynchronous methods by their being `async` functions.
  return {
    opts: { dialect: "redis", url: "" },
    async get(key) {
      return items.get(key);
    },
    async getMany(keys) {
      return items.getMany(keys);
    },
    async set(key, value, ttl) {
      // Keyv takes these for no time to live.
      const life = ttl === 0 || ttl === Number.POSITIVE_INFINITY ? undefined : ttl;
      await items.set(key, value, life, tagFor(key, this.namespace));
      return true;
    },
    async has(key) {
      return items.has(key);
    },
    async delete(key) {
      return items.delete(key);
    },
    async clear() {
      const { namespace } = this;
      await items.clear(begin(namespace), undefined, namespace ? isOfNone : undefined);
      if (namespace) await items.clear("", tagOf(namespace));
    },
    iterator(namespace) {
      return entries(begin(namespace), namespace);
    },
    async disconnect() {
      await store.flush();
    },
  };
}

const TAG = "keyv namespace ";

/** The tag of keys that came without their namespace. */
function tagOf(namespace: string): string {
  return TAG + namespace;
}

/** Whether an entry is of no namespace by a tag: what its key begins with is chance where it is. */
function isOfNone({ tags }: Metadata): boolean {
  return !tags.some((tag) => tag.startsWith(TAG));
}
