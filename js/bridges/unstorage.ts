/** `fhir-schema-store/unstorage`: a store as an unstorage driver, and unstorage as a durable tier. */

import { check, FUNCTION, listOf, SPAN } from "../rules.js";
import type { SchemaStore } from "../store.js";
import { type BridgeOptions, Items } from "./items.js";

export {
  type UnstorageOptions,
  type UnstorageStorage,
  unstorageAdapter,
} from "../adapters/unstorage.js";
export type { BridgeOptions };

/** Options of a driver's calls; `ttl` in seconds, as in other drivers of unstorage. */
export interface DriverCallOptions {
  readonly ttl?: number;
}

/** What unstorage calls; structural, so that these types need no unstorage. */
export interface UnstorageDriver {
  readonly name: string;
  readonly flags: { readonly ttl: boolean };
  getInstance(): SchemaStore;
  hasItem(key: string): Promise<boolean>;
  getItem(key: string): Promise<string | null>;
  getItems(items: { key: string }[]): Promise<{ key: string; value: string | null }[]>;
  setItem(key: string, value: string, options?: DriverCallOptions): Promise<void>;
  removeItem(key: string): Promise<void>;
  getMeta(key: string): Promise<{ birthtime: Date; mtime: Date; ttl?: number } | null>;
  getKeys(base?: string): Promise<string[]>;
  clear(base?: string): Promise<void>;
  /** Calls back after every change, whoever made it; returns a function that stops it. */
  watch(callback: (event: "update" | "remove", key: string) => unknown): () => Promise<void>;
  /** Makes everything durable; the store stays open for whoever opened it. */
  dispose(): Promise<void>;
}

const ITEMS = listOf("{ key }", (item) => typeof item === "object" && item !== null);

/**
 * A driver over a store you have opened: `createStorage({ driver: unstorageDriver(store) })`. Keys
 * become URLs under `prefix`, by default `urn:unstorage:`. Unstorage rewrites keys before a driver
 * sees them: `/` becomes `:`, and a query is cut off.
 */
export function unstorageDriver(store: SchemaStore, options: BridgeOptions = {}): UnstorageDriver {
  const items = new Items(store, options, "urn:unstorage:");
  const text = (value: unknown) => (value as string | undefined) ?? null;
  return {
    name: "fhir-schema-store",
    flags: { ttl: true },
    getInstance: () => store,
    hasItem: (key) => items.has(key),
    async getItem(key) {
      return text(await items.get(key));
    },
    async getItems(wanted) {
      check(wanted, ITEMS, "items");
      const values = await items.getMany(wanted.map(({ key }) => key));
      return wanted.map(({ key }, at) => ({ key, value: text(values[at]) }));
    },
    async setItem(key, value, options) {
      const ttl = options?.ttl;
      if (ttl !== undefined) check(ttl, SPAN, "ttl");
      await items.set(key, value, ttl === undefined ? undefined : ttl * 1000);
    },
    async removeItem(key) {
      await items.delete(key);
    },
    async getMeta(key) {
      const known = await items.metadata(key);
      if (known === undefined) return null;
      const { createdAt, updatedAt, expiresAt } = known;
      const times = { birthtime: new Date(createdAt), mtime: new Date(updatedAt) };
      return expiresAt === undefined
        ? times
        : { ...times, ttl: Math.max(0, Math.ceil((expiresAt - Date.now()) / 1000)) };
    },
    getKeys: (base) => items.keys(base),
    clear: (base) => items.clear(base),
    watch(callback) {
      check(callback, FUNCTION, "callback");
      const tell = async (key: string) =>
        callback((await items.has(key)) ? "update" : "remove", key);
      const stop = store.on("change", ({ urls }) => {
        const keys = urls.map((url) => items.keyOf(url)).filter((key) => key !== undefined);
        // A store closed meanwhile has nothing to report.
        for (const key of keys) void tell(key).catch(() => {});
      });
      return async () => stop();
    },
    dispose: () => store.flush(),
  };
}
