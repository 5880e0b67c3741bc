/** The store: one object over memory, a durable host and the network. */

import { checkedItems, RULES } from "./arguments/calls.js";
import type { Assembly } from "./assembly.js";
import { unlessAborted } from "./concurrency.js";
import type { ConvertSource } from "./convert/into-store.js";
import type { EventListener, EventName } from "./events/events.js";
import type { WatchEvent } from "./events/watchers.js";
import { onFirstUse } from "./first-use.js";
import { decodeText } from "./json.js";
import type { MemoryTier } from "./memory/memory-tier.js";
import { PARTS, type StoreParts } from "./parts.js";
import { missing } from "./read/loader.js";
import { reportHealth } from "./report/health.js";
import { check, checkGiven, FUNCTION, type Rules } from "./rules.js";
import type {
  ArchiveSource,
  ConvertOptions,
  ConvertResult,
  Entry,
  Filter,
  GetOptions,
  Health,
  ImportOptions,
  ImportReport,
  JsonObject,
  Lease,
  LeaseOptions,
  Metadata,
  PutItem,
  PutManyOptions,
  PutOptions,
  RequireOptions,
  Stats,
  UpdateOptions,
  WarmOptions,
  WarmReport,
} from "./types.js";

/**
 * A store of JSON documents, identified by canonical URL; typically FHIR Schemas.
 *
 * A put is readable when it resolves, and durable after `flush()` or with `durable: true`. A miss
 * is `undefined`. Every failure is a `SchemaStoreError`; after `close` every call fails with CLOSED.
 * Unknown options and surplus arguments (`none`) are INVALID_VALUE, malformed canonicals INVALID_KEY.
 */
export class SchemaStore {
  readonly #assembly: Assembly;
  readonly #parts: StoreParts;
  readonly #memory: MemoryTier;
  readonly #cloned: boolean;

  /** @internal */
  constructor(assembly: Assembly) {
    this.#assembly = assembly;
    this.#parts = assembly.parts;
    this.#memory = this.#parts.memory;
    this.#cloned = this.#parts.options.values === "cloned";
  }

  /** @internal */
  [PARTS](asked: object): StoreParts | undefined {
    return asked === this && #parts in this ? this.#parts : undefined;
  }

  /** The same as below, but NOT_FOUND instead of undefined. */
  get<T = JsonObject>(canonical: string, options: RequireOptions): Promise<T>;
  /**
   * The value of a canonical: from memory, else from the host, else from the resolver. CORRUPT, RESOLVER.
   * `const patient = await store.get("http://hl7.org/fhir/StructureDefinition/Patient|4.3.0")`
   */
  get<T = JsonObject>(canonical: string, options?: GetOptions): Promise<T | undefined>;
  get<T = JsonObject>(canonical: string, options?: GetOptions): Promise<T | undefined> {
    try {
      if (options !== undefined) checkGiven(options, RULES.get);
      const hot = options?.signal === undefined ? this.#memory.hit(canonical) : undefined;
      if (hot !== undefined) return Promise.resolve(this.#handOut(hot) as T);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#get(canonical, options) as Promise<T | undefined>;
  }

  /** The value of a canonical if it is in memory; undefined if it is only on disk. */
  getSync<T = JsonObject>(canonical: string, none?: undefined): T | undefined {
    if (none !== undefined) checkGiven(none);
    const hot = this.#memory.hit(canonical);
    if (hot !== undefined && !this.#cloned) return hot as T;
    const value = hot ?? this.#lookUp(canonical);
    return value && (this.#handOut(value) as T);
  }

  /** The same as below, but NOT_FOUND instead of undefined. */
  getMany<T = JsonObject>(canonicals: readonly string[], options: RequireOptions): Promise<T[]>;
  /** The values of many canonicals, in the same order; reads of the host are batched. CORRUPT, RESOLVER. */
  getMany<T = JsonObject>(
    canonicals: readonly string[],
    options?: GetOptions,
  ): Promise<(T | undefined)[]>;
  async getMany<T = JsonObject>(
    canonicals: readonly string[],
    options?: GetOptions,
  ): Promise<(T | undefined)[]> {
    this.#begin(options, RULES.get);
    options?.signal?.throwIfAborted();
    const values = await unlessAborted(this.#parts.loader.loadMany(canonicals), options?.signal);
    const found = canonicals.map((canonical, at) =>
      values[at] ? this.#handOut(values[at]) : this.get(canonical, options),
    );
    return Promise.all(found) as Promise<(T | undefined)[]>;
  }

  /** The same as below, but NOT_FOUND instead of undefined. */
  getText(canonical: string, options: RequireOptions): Promise<string>;
  /** The JSON text of a canonical, byte for byte as it was put. CORRUPT, RESOLVER. */
  getText(canonical: string, options?: GetOptions): Promise<string | undefined>;
  async getText(canonical: string, options?: GetOptions): Promise<string | undefined> {
    this.#begin(options, RULES.get);
    const found = await this.#assembly.reader.body(canonical, options);
    return found ? decodeText(found) : missing(canonical, options);
  }

  /** The same as below, but NOT_FOUND instead of undefined. */
  entry<T = JsonObject>(canonical: string, options: RequireOptions): Promise<Entry<T>>;
  /** Value, metadata, and the tier that had the value. CORRUPT, RESOLVER. */
  entry<T = JsonObject>(canonical: string, options?: GetOptions): Promise<Entry<T> | undefined>;
  async entry<T = JsonObject>(
    canonical: string,
    options?: GetOptions,
  ): Promise<Entry<T> | undefined> {
    this.#begin(options, RULES.get);
    options?.signal?.throwIfAborted();
    await this.#assembly.holding.counted();
    const loaded = await this.#assembly.reader.loadEntry(canonical, options);
    if (loaded === undefined) return missing(canonical, options);
    const { metadata, tier, stale } = loaded;
    const entry = { value: this.#handOut(loaded.value) as T, metadata, tier };
    return stale ? { ...entry, stale: true } : entry;
  }

  /** The metadata of a canonical, without reading its body or asking the resolver. CORRUPT. */
  async metadata(canonical: string, none?: undefined): Promise<Metadata | undefined> {
    this.#begin(none);
    await this.#assembly.holding.counted();
    const { loader } = this.#parts;
    return loader.find(canonical, (slot) => this.#memory.catalog.metadata(slot));
  }

  /** Whether memory or the host has a canonical. CORRUPT if it is known to be damaged. */
  async has(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    return (await this.#parts.loader.find(canonical, () => true)) ?? false;
  }

  /**
   * Stores an object under its `url` and `version`, as `JSON.stringify` writes it; what that would silently
   * change is INVALID_VALUE. The object is neither kept nor frozen. ENTRY_TOO_LARGE, STORAGE_FULL, and with
   * `durable` or `ifHash` DISK_ERROR, QUOTA_EXCEEDED, CONCURRENCY.
   * `await store.put({ url: "http://example.org/Tea", version: "1.0.0" }, { durable: true })`
   */
  async put(value: object, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#parts.writer.put(value, options);
  }

  /** The same for the text of one JSON object, which is returned byte for byte. SERIALIZATION. */
  async putText(text: string, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#parts.writer.putText(text, options);
  }

  /** The same for the text in UTF-8; the bytes are copied. SERIALIZATION. */
  async putBytes(bytes: Uint8Array, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#parts.writer.putBytes(bytes, options);
  }

  /** Stores many entries; rejects with the first that fails, and those before it stay stored. */
  async putMany(items: Iterable<PutItem>, options: PutManyOptions = {}): Promise<Metadata[]> {
    this.#begin(options, RULES.putMany);
    return this.#parts.writer.putMany(checkedItems(items), options.durable);
  }

  /**
   * Replaces the current value (undefined: there is none) by what `change` returns (undefined: leave it).
   * Exact across all stores on the same place: `change` is called again if another write of the URL came
   * first; it must not wait for an `update` of its own. Durable when it resolves. CONCURRENCY.
   * `await store.update("http://example.org/Tea", (tea) => ({ ...tea, title: "Tea" }))`
   */
  async update<T = JsonObject>(
    canonical: string,
    change: (current: T | undefined) => object | undefined | Promise<object | undefined>,
    options: UpdateOptions = {},
  ): Promise<Metadata | undefined> {
    this.#begin(options, RULES.update);
    check(change, FUNCTION, "change");
    return this.#parts.writer.update(canonical, options, async (slot) => {
      const loaded =
        slot === undefined ? undefined : await this.#parts.loader.loadCurrent(canonical);
      return change((loaded && structuredClone(loaded.value)) as T | undefined);
    });
  }

  /**
   * Converts a StructureDefinition and stores the schema. A source that the same version of the converter
   * has converted before is left as it is. CONVERSION; its `key` is the StructureDefinition.
   */
  async convert(source: ConvertSource, options: ConvertOptions = {}): Promise<ConvertResult> {
    this.#begin(options, RULES.convert);
    const { convertInto } = await onFirstUse(import("./convert/into-store.js"));
    return convertInto(this.#parts, source, options);
  }

  /** Deletes `url|version` of every source, or, given a `url`, every version. True if there was any. */
  async delete(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    await this.#parts.loader.locate(canonical);
    const slots = this.#memory.catalog.rowsOf(canonical);
    this.#parts.loader.deleted(canonical);
    this.#parts.writer.delete(slots);
    return slots.length > 0;
  }

  /** Metadata of the entries that meet a filter, ordered by canonical; damaged ones are left out. */
  async list(filter: Filter = {}): Promise<Metadata[]> {
    this.#begin(filter, RULES.filter);
    await this.#parts.durable?.upToDate();
    await this.#assembly.holding.counted();
    const { catalog } = this.#memory;
    return Array.from(catalog.list(filter), (slot) => catalog.metadata(slot));
  }

  /** Deletes the entries that meet a filter, or all; durable when it resolves. Returns how many. */
  async clear(filter: Filter = {}): Promise<number> {
    this.#begin(filter, RULES.filter);
    await this.#parts.durable?.upToDate();
    this.#assembly.checkOpen();
    const slots = this.#memory.catalog.list(filter, { expired: true, damaged: true });
    const all = Object.values(filter).every((condition) => condition === undefined);
    if (all) this.#parts.loader.deleted();
    await this.#parts.writer.delete(slots, true);
    if (all) await this.#parts.durable?.giveUp();
    return slots.length;
  }

  /**
   * The entries that meet a filter as an archive: one compressed file with checksums, the same bytes for
   * the same entries everywhere. A failure is the error of the stream. Access counts are not included.
   */
  export(filter: Filter = {}): ReadableStream<Uint8Array> {
    this.#begin(filter, RULES.filter);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    onFirstUse(import("./archive/archive.js")).then(
      ({ exportArchive }) => exportArchive(this.#parts, filter, writable),
      (error) => writable.abort(error),
    );
    return readable;
  }

  /**
   * Imports an archive, completely or not at all: it is read and checked, then written as one commit,
   * which is durable when this resolves. CORRUPT if it is not a whole archive, FORMAT_TOO_NEW if it was
   * written by a later version, ENTRY_TOO_LARGE or STORAGE_FULL if it exceeds the limits.
   */
  async import(source: ArchiveSource, options: ImportOptions = {}): Promise<ImportReport> {
    this.#begin(options, RULES.import);
    const { importArchive } = await onFirstUse(import("./archive/archive.js"));
    return importArchive(this.#parts, source, options);
  }

  /** Number of entries; damaged ones are left out. */
  async size(none?: undefined): Promise<number> {
    this.#begin(none);
    await this.#parts.durable?.upToDate();
    return this.#memory.catalog.list({}).length;
  }

  /** Resolves when everything put before is durable. DISK_ERROR, STORAGE_FULL, QUOTA_EXCEEDED. */
  async flush(none?: undefined): Promise<void> {
    this.#begin(none);
    await this.#parts.durable?.flush();
  }

  /** Picks up at once what other tabs and processes wrote to the same place. */
  async refresh(none?: undefined): Promise<void> {
    this.#begin(none);
    await this.#parts.durable?.refresh();
  }

  /** Counters since the store was opened, and sizes as they are now. */
  async stats(none?: undefined): Promise<Stats> {
    this.#begin(none);
    await this.#parts.durable?.upToDate();
    const { reportStats } = await onFirstUse(import("./report/stats.js"));
    return reportStats(this.#parts);
  }

  /**
   * Frees that many bytes of memory, or as many as it can; returns how many, as `usedBytes` counts. Parsed
   * values go first, then texts, except those that are nowhere else: no entry is lost. INVALID_VALUE.
   */
  trim(bytes: number = Number.POSITIVE_INFINITY, none?: undefined): number {
    this.#begin(none);
    return this.#memory.trim(bytes);
  }

  /** Whether all is well, and what is not. Never fails, and may be asked after `close`. */
  health(none?: undefined): Health {
    checkGiven(none);
    return reportHealth(this.#memory, this.#parts.durable, this.#assembly.isOpen);
  }

  /**
   * Keeps the value that a canonical resolves to in memory, following later changes, until `unpin` was
   * called as often; pins end with the store. NOT_FOUND, STORAGE_FULL.
   */
  async pin(canonical: string, none?: undefined): Promise<void> {
    this.#begin(none);
    return (await this.#assembly.holding.use()).pin(canonical);
  }

  /** Removes one pin; false if the canonical was not pinned. */
  async unpin(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    return (await this.#assembly.holding.use()).unpin(canonical);
  }

  /**
   * The values of these canonicals, and with `closure` of their dependencies, as they are at one moment,
   * until the lease is released. The resolver is not asked for dependencies. STORAGE_FULL, CORRUPT.
   * `using lease = await store.lease(["http://example.org/Tea"], { closure: true })`
   */
  async lease(canonicals: readonly string[], options: LeaseOptions = {}): Promise<Lease> {
    this.#begin(options, RULES.lease);
    return (await this.#assembly.holding.use()).lease(canonicals, options);
  }

  /** Loads values into memory, the most used first, as long as there is room without evicting others. */
  async warm(options: WarmOptions = {}): Promise<WarmReport> {
    this.#begin(options, RULES.warm);
    return (await this.#assembly.holding.use()).warm(options);
  }

  /** Calls `listener` for each event of that name; returns a function that stops it. */
  on<Name extends EventName>(
    name: Name,
    listener: EventListener<Name>,
    none?: undefined,
  ): () => void {
    this.#begin(none);
    return this.#parts.events.on(name, listener);
  }

  /** Calls `listener` when what a canonical resolves to has changed, by whomever; returns a function that stops it. */
  watch(canonical: string, listener: (event: WatchEvent) => void, none?: undefined): () => void {
    this.#begin(none);
    return this.#assembly.watchers.add(canonical, listener);
  }

  /** Flushes and releases everything. Idempotent; rejects if the last flush failed. */
  close(): Promise<void> {
    return this.#assembly.close();
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #get(canonical: string, options: GetOptions | undefined): Promise<unknown> {
    this.#assembly.checkOpen();
    const loaded = await this.#assembly.reader.load(canonical, options);
    return loaded ? this.#handOut(loaded.value) : missing(canonical, options);
  }

  /** A value that memory has in any form, for a caller who goes no further. */
  #lookUp(canonical: string): object | undefined {
    const { loader } = this.#parts;
    const found = loader.lookUp(canonical);
    if (found === undefined) loader.counts.memoryMisses += 1;
    return found?.value;
  }

  #handOut(value: object): object {
    return this.#cloned ? structuredClone(value) : value;
  }

  /** What a call begins with: its options, where there are rules for any. CLOSED, INVALID_VALUE. */
  #begin<Options extends object>(given: Options | undefined, rules?: Rules<Options>): void {
    this.#assembly.checkOpen();
    checkGiven(given, rules);
  }
}
