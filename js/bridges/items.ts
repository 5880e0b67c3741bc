/**
 * Any JSON value under any key, in a `SchemaStore`: what the bridges to key-value libraries share.
 *
 * The entry of a key has the URL `prefix + key`, where white space, control characters, `%`, `|` and
 * `#` of the key are percent-encoded as UTF-8, and no version. Its body is `{ "value": ... }`, so
 * that strings and numbers can be stored, and so that a member `version` of a value stays a member.
 */

import { check, checkGiven, methods, type OptionRule, type Rules } from "../rules.js";
import type { SchemaStore } from "../store.js";
import type { Filter, Metadata } from "../types.js";

/** What a URL of the store may not hold, and the sign that says so. */
const UNSAFE = /[\s\p{Cc}%|#]/gu;
/** Entries read at a time by `entries`. */
const PAGE = 100;

/** The options of the bridges. */
export interface BridgeOptions {
  /** What the URL of every entry begins with; entries without it are never touched. */
  readonly prefix?: string;
}

const RULES: Rules<BridgeOptions> = {
  prefix: {
    range: "the beginning of a URL, without white space, %, | or #",
    accepts: (value) =>
      typeof value === "string" && value !== "" && value.isWellFormed() && value.search(UNSAFE) < 0,
  },
};
type Used =
  | "clear"
  | "delete"
  | "flush"
  | "get"
  | "getMany"
  | "getSync"
  | "has"
  | "list"
  | "metadata"
  | "on"
  | "put";
/** What the bridges call. */
const STORE = methods<Pick<SchemaStore, Used>>("a store from openSchemaStore", {
  clear: true,
  delete: true,
  flush: true,
  get: true,
  getMany: true,
  getSync: true,
  has: true,
  list: true,
  metadata: true,
  on: true,
  put: true,
});
const KEY: OptionRule = {
  range: "a string without lone surrogates",
  code: "INVALID_KEY",
  accepts: (value) => typeof value === "string" && value.isWellFormed(),
};
const KEYS: OptionRule = { range: "a list of keys", accepts: Array.isArray };

/** Whether an entry is one of those that are meant. */
export type IsWanted = (entry: Metadata) => boolean;

/** The entries of a store under one prefix, by key. */
export class Items {
  readonly #store: SchemaStore;
  readonly #prefix: string;

  /** INVALID_CONFIG if there is no store, or the prefix cannot begin a URL. */
  constructor(store: SchemaStore, options: BridgeOptions, prefix: string) {
    check(store, STORE, "store", "INVALID_CONFIG");
    checkGiven(options, RULES, "INVALID_CONFIG");
    this.#store = store;
    this.#prefix = options.prefix ?? prefix;
  }

  /** The value of a key; the store's resolver is not asked, because keys are not canonicals. */
  async get(key: string): Promise<unknown> {
    const url = this.#url(key);
    const hot = this.#store.getSync(url);
    if (hot !== undefined) return unwrap(hot);
    return (await this.#store.has(url)) ? unwrap(await this.#store.get(url)) : undefined;
  }

  /** The values of keys, in their order; the reads of the durable tier are joined. */
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    check(keys, KEYS, "keys");
    const urls = Array.from(keys, (key) => this.#url(key));
    const there = await Promise.all(urls.map((url) => this.#store.has(url)));
    const found = await this.#store.getMany(urls.filter((_, at) => there[at]));
    const values = found.values();
    return there.map((is) => (is ? unwrap(values.next().value) : undefined));
  }

  /** Stores a value, for `ttl` milliseconds and under a tag if given. INVALID_VALUE for what is not JSON. */
  async set(key: string, value: unknown, ttl?: number, tag?: string): Promise<void> {
    const life = ttl === undefined ? {} : { ttl };
    const tags = tag === undefined ? [] : [tag];
    await this.#store.put({ value }, { url: this.#url(key), tags, ...life });
  }

  async has(key: string): Promise<boolean> {
    return this.#store.has(this.#url(key));
  }

  /** What is known of a key besides its value. */
  async metadata(key: string): Promise<Metadata | undefined> {
    return this.#store.metadata(this.#url(key));
  }

  /** True when there was such a key. */
  async delete(key: string): Promise<boolean> {
    return this.#store.delete(this.#url(key));
  }

  /** The keys that begin with `base`, have a tag if one is given, and are wanted, in the order of their URLs. */
  async keys(base = "", tag?: string, isWanted: IsWanted = () => true): Promise<string[]> {
    const found = (await this.#store.list(this.#filter(base, tag))).filter(isWanted);
    return found.map(({ url }) => this.keyOf(url)).filter((key) => key !== undefined);
  }

  /** The same with their values, a page of them read at a time; what is deleted meanwhile is left out. */
  async *entries(base = "", tag?: string, isWanted?: IsWanted): AsyncGenerator<[string, unknown]> {
    const keys = await this.keys(base, tag, isWanted);
    for (let at = 0; at < keys.length; at += PAGE) {
      const page = keys.slice(at, at + PAGE);
      const values = await this.getMany(page);
      for (const [index, key] of page.entries()) {
        if (values[index] !== undefined) yield [key, values[index]];
      }
    }
  }

  /** Deletes the same; durable when it resolves. */
  async clear(base = "", tag?: string, isWanted?: IsWanted): Promise<void> {
    const filter = this.#filter(base, tag);
    const found = isWanted === undefined ? [] : await this.#store.list(filter);
    const wanted = found.filter((entry) => isWanted?.(entry));
    if (wanted.length === found.length) {
      await this.#store.clear(filter);
      return;
    }
    for (const { canonical } of wanted) await this.#store.delete(canonical);
    await this.#store.flush();
  }

  /** The key of a URL; undefined when it is not the URL of one. */
  keyOf(url: string): string | undefined {
    if (!url.startsWith(this.#prefix)) return undefined;
    try {
      const key = decodeURIComponent(url.slice(this.#prefix.length));
      return this.#url(key) === url ? key : undefined;
    } catch {
      return undefined;
    }
  }

  #filter(base: string, tag: string | undefined): Filter {
    return { urlPrefix: this.#url(base), ...(tag !== undefined && { tag }) };
  }

  #url(key: string): string {
    check(key, KEY, "key");
    return this.#prefix + key.replace(UNSAFE, encodeURIComponent);
  }
}

function unwrap(body: unknown): unknown {
  return (body as { value: unknown } | undefined)?.value;
}
