/** The store: one object over memory, a durable host and the network. */

import { checkedItems, RULES } from "./arguments/calls.js";
import type { Assembly } from "./assembly.js";
import { unlessAborted } from "./concurrency.js";
import type { ConvertSource } from "./convert/into-store.js";
import type { EventListener, EventName } from "./events/events.js";
import type { WatchEvent } from "./events/watchers.js";
import { decodeText } from "./json.js";
import type { MemoryTier } from "./memory/memory-tier.js";
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
  Stats,
  UpdateOptions,
  WarmOptions,
  WarmReport,
} from "./types.js";

/**
 * A store of JSON documents named by canonicals, FHIR Schemas above all.
 *
 * A put is readable when it resolves, and durable after `flush()` or with `durable: true`. A miss
 * is `undefined`. Every failure is a `SchemaStoreError`; after `close` every call fails with CLOSED.
 * What a call does not know of options, and what is given for `none`, is INVALID_VALUE.
 */
export class SchemaStore {
  readonly #assembly: Assembly;
  readonly #memory: MemoryTier;
  readonly #cloned: boolean;

  /** @internal */
  constructor(assembly: Assembly) {
    this.#assembly = assembly;
    this.#memory = assembly.parts.memory;
    this.#cloned = assembly.parts.options.values === "cloned";
  }

  /** The value of a canonical: from memory, else from the durable host, else by the resolver. */
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

  /** The value of a canonical if memory has it; a value that is only on disk is `undefined` here. */
  getSync<T = JsonObject>(canonical: string, none?: undefined): T | undefined {
    if (none !== undefined) checkGiven(none);
    const hot = this.#memory.hit(canonical);
    if (hot !== undefined && !this.#cloned) return hot as T;
    const value = hot ?? this.#assembly.loader.peek(canonical);
    return value && (this.#handOut(value) as T);
  }

  /** The values of many canonicals, in their order; the reads of the durable host are joined. */
  async getMany<T = JsonObject>(
    canonicals: readonly string[],
    options?: GetOptions,
  ): Promise<(T | undefined)[]> {
    this.#begin(options, RULES.get);
    options?.signal?.throwIfAborted();
    const values = await unlessAborted(this.#assembly.loader.loadMany(canonicals), options?.signal);
    const found = canonicals.map((canonical, at) =>
      values[at] ? this.#handOut(values[at]) : this.get(canonical, options),
    );
    return Promise.all(found) as Promise<(T | undefined)[]>;
  }

  /** The JSON text of a canonical, byte for byte as it was put. */
  async getText(canonical: string, options?: GetOptions): Promise<string | undefined> {
    this.#begin(options, RULES.get);
    const found = await this.#assembly.reader.body(canonical, options);
    return found ? decodeText(found) : missing(canonical, options);
  }

  /** Value, metadata and the tier that answered. */
  async entry<T = JsonObject>(
    canonical: string,
    options?: GetOptions,
  ): Promise<Entry<T> | undefined> {
    this.#begin(options, RULES.get);
    options?.signal?.throwIfAborted();
    await this.#assembly.holding.counted();
    for (;;) {
      const recalled = this.#assembly.loader.recall(canonical);
      const loaded = recalled ?? (await this.#assembly.reader.load(canonical, options));
      if (loaded === undefined) return missing(canonical, options);
      if (recalled === undefined && !this.#assembly.loader.isCurrent(canonical, loaded)) continue;
      const metadata = loaded.stale ?? this.#memory.metadata(loaded.slot);
      const entry = { value: this.#handOut(loaded.value) as T, metadata, tier: loaded.tier };
      return loaded.stale ? { ...entry, stale: true } : entry;
    }
  }

  /** What is known of a canonical, without reading its body; the network is not asked. CORRUPT. */
  async metadata(canonical: string, none?: undefined): Promise<Metadata | undefined> {
    this.#begin(none);
    await this.#assembly.holding.counted();
    const slot = await this.#assembly.loader.find(canonical);
    return slot === undefined ? undefined : this.#memory.metadata(slot);
  }

  /** Whether memory or the durable host has a canonical. CORRUPT for one that is known to be damaged. */
  async has(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    return (await this.#assembly.loader.find(canonical)) !== undefined;
  }

  /**
   * Stores an object under its `url` and `version`, with the semantics of `JSON.stringify`; what
   * that would silently change is INVALID_VALUE. The object is neither kept nor frozen.
   */
  async put(value: object, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#assembly.writer.put(value, options);
  }

  /** Stores the text of one JSON object, to come back byte for byte. SERIALIZATION, INVALID_VALUE. */
  async putText(text: string, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#assembly.writer.putText(text, options);
  }

  /** Stores UTF-8 bytes of one JSON object, which are copied. */
  async putBytes(bytes: Uint8Array, options: PutOptions = {}): Promise<Metadata> {
    this.#begin(options, RULES.put);
    return this.#assembly.writer.putBytes(bytes, options);
  }

  /** Stores many entries; rejects at the first that fails, those before it stay stored. */
  async putMany(items: Iterable<PutItem>, options: PutManyOptions = {}): Promise<Metadata[]> {
    this.#begin(options, RULES.putMany);
    return this.#assembly.writer.putMany(checkedItems(items), options.durable);
  }

  /**
   * Replaces the current value by what `change` makes of it (undefined: no value; leave as it is).
   * Exact across all stores on the same place: `change` is called again when another write of the URL
   * came first; it must not wait for an `update` of its own. Durable when this resolves. CONCURRENCY.
   */
  async update<T = JsonObject>(
    canonical: string,
    change: (current: T | undefined) => object | undefined | Promise<object | undefined>,
    options: UpdateOptions = {},
  ): Promise<Metadata | undefined> {
    this.#begin(options, RULES.update);
    check(change, FUNCTION, "change");
    return this.#assembly.writer.update(canonical, options, async (slot) => {
      const loaded =
        slot === undefined ? undefined : await this.#assembly.loader.loadCurrent(canonical);
      return change((loaded && structuredClone(loaded.value)) as T | undefined);
    });
  }

  /**
   * Converts a StructureDefinition and stores the schema. The same source, converted before by the
   * same version of the converter, is left as it is. CONVERSION names the StructureDefinition.
   */
  async convert(source: ConvertSource, options: ConvertOptions = {}): Promise<ConvertResult> {
    this.#begin(options, RULES.convert);
    const { convertInto } = await import("./convert/into-store.js");
    const result = await convertInto(
      this.#assembly.parts,
      this.#assembly.loader,
      this,
      source,
      options,
    );
    this.#assembly.counts[result.converted ? "conversions" : "conversionsSkipped"] += 1;
    return result;
  }

  /** Deletes `url|version` from every source, or with `url` every version. True if any was there. */
  async delete(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    await this.#assembly.loader.locate(canonical);
    const slots = this.#memory.rowsOf(canonical);
    this.#assembly.loader.deleted(canonical);
    this.#assembly.writer.delete(slots);
    return slots.length > 0;
  }

  /** Metadata of the entries a filter takes, ordered by canonical; those known to be damaged left out. */
  async list(filter: Filter = {}): Promise<Metadata[]> {
    this.#begin(filter, RULES.filter);
    await this.#assembly.parts.durable?.complete();
    await this.#assembly.holding.counted();
    return Array.from(this.#memory.list(filter), (slot) => this.#memory.metadata(slot));
  }

  /** Deletes the entries a filter takes, all without one; durable when it resolves. Answers how many. */
  async clear(filter: Filter = {}): Promise<number> {
    this.#begin(filter, RULES.filter);
    await this.#assembly.parts.durable?.complete();
    this.#assembly.checkOpen();
    const slots = this.#memory.list(filter, { expired: true, damaged: true });
    const all = Object.values(filter).every((condition) => condition === undefined);
    if (all) this.#assembly.loader.deleted();
    await this.#assembly.writer.delete(slots, true);
    if (all) await this.#assembly.parts.durable?.adapter.giveUp?.();
    return slots.length;
  }

  /**
   * The entries a filter takes as an archive: one compressed, checked file, the same bytes for the
   * same entries everywhere. What fails is the error of the stream. Access counts do not travel.
   */
  export(filter: Filter = {}): ReadableStream<Uint8Array> {
    this.#begin(filter, RULES.filter);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    import("./archive/archive.js").then(
      ({ exportArchive }) => exportArchive(this.#assembly.parts, filter, writable),
      (error) => writable.abort(error),
    );
    return readable;
  }

  /**
   * Brings in an archive, all of it or nothing: it is read and checked whole, then written as one
   * commit, and durable when this resolves. What is no whole archive is CORRUPT, one of a later
   * version FORMAT_TOO_NEW, what the limits do not allow ENTRY_TOO_LARGE or STORAGE_FULL; the store is
   * as it was then.
   */
  async import(source: ArchiveSource, options: ImportOptions = {}): Promise<ImportReport> {
    this.#begin(options, RULES.import);
    const { importArchive } = await import("./archive/archive.js");
    return importArchive(this.#assembly.parts, source, options);
  }

  /** Number of entries, those known to be damaged left out. */
  async size(none?: undefined): Promise<number> {
    this.#begin(none);
    await this.#assembly.parts.durable?.complete();
    return this.#memory.list({}).length;
  }

  /** Resolves when everything put before is durable; rejects when that fails, or the host has no room. */
  async flush(none?: undefined): Promise<void> {
    this.#begin(none);
    await this.#assembly.parts.durable?.flush();
  }

  /** Brings in what other tabs and processes wrote on the same place, at once. */
  async refresh(none?: undefined): Promise<void> {
    this.#begin(none);
    await this.#assembly.parts.durable?.refresh();
  }

  /** Counters and sizes. */
  async stats(none?: undefined): Promise<Stats> {
    this.#begin(none);
    await this.#assembly.parts.durable?.complete();
    const { reportStats } = await import("./report/stats.js");
    return reportStats(this.#assembly.parts, this.#assembly.loader.counts, this.#assembly.counts);
  }

  /**
   * Frees so many bytes of memory, or all it can; answers how many, as `usedBytes` counts. Decoded
   * values go first, then texts, but for those that nothing else has: no entry is lost. INVALID_VALUE.
   */
  trim(bytes: number = Number.POSITIVE_INFINITY, none?: undefined): number {
    this.#begin(none);
    return this.#memory.trim(bytes);
  }

  /** Whether all is well, and what is not. */
  health(none?: undefined): Health {
    checkGiven(none);
    return reportHealth(this.#memory, this.#assembly.parts.durable, this.#assembly.isOpen);
  }

  /**
   * Keeps the value of what a canonical means in memory, whatever it comes to mean, until `unpin` was
   * called as often; pins end with the store. NOT_FOUND, STORAGE_FULL.
   */
  async pin(canonical: string, none?: undefined): Promise<void> {
    this.#begin(none);
    return (await this.#assembly.holding.use()).pin(canonical);
  }

  /** Takes one pin away; false when the canonical was not pinned. */
  async unpin(canonical: string, none?: undefined): Promise<boolean> {
    this.#begin(none);
    return (await this.#assembly.holding.use()).unpin(canonical);
  }

  /**
   * The values of these canonicals, and of their dependencies where asked for, as they are at one
   * moment, until it is released. Dependencies are not asked of the resolver. STORAGE_FULL.
   */
  async lease(canonicals: readonly string[], options: LeaseOptions = {}): Promise<Lease> {
    this.#begin(options, RULES.lease);
    return (await this.#assembly.holding.use()).lease(canonicals, options);
  }

  /** Brings values into memory, those used most first, as far as there is room without evicting. */
  async warm(options: WarmOptions = {}): Promise<WarmReport> {
    this.#begin(options, RULES.warm);
    return (await this.#assembly.holding.use()).warm(options);
  }

  /** Calls `listener` at each event of that name; returns a function that stops it. */
  on<Name extends EventName>(
    name: Name,
    listener: EventListener<Name>,
    none?: undefined,
  ): () => void {
    this.#begin(none);
    return this.#assembly.events.on(name, listener);
  }

  /** Calls `listener` whenever what a canonical resolves to has changed, by whomever. */
  watch(canonical: string, listener: (event: WatchEvent) => void, none?: undefined): () => void {
    this.#begin(none);
    return this.#assembly.watchers.add(canonical, listener);
  }

  /** Flushes and lets everything go. Idempotent; rejects when the last flush failed. */
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

  #handOut(value: object): object {
    return this.#cloned ? structuredClone(value) : value;
  }

  /** What a call begins with: its options, where there are rules for any. CLOSED, INVALID_VALUE. */
  #begin<Options extends object>(given: Options | undefined, rules?: Rules<Options>): void {
    this.#assembly.checkOpen();
    checkGiven(given, rules);
  }
}
