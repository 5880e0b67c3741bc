/** Writes: entries are described, packed, added to catalog and memory, and queued for the host. */

import type { CheckedOptions } from "../arguments/options.js";
import { Turns } from "../concurrency.js";
import { hex } from "../core/packed-row.js";
import { canonicalOf, type PutRecord } from "../core/record.js";
import { refuseUnreadable } from "../damage.js";
import type { WritableRow } from "../durable/conditional-writes.js";
import type { DurableTier } from "../durable/durable-tier.js";
import type { Filed, PendingWrite } from "../durable/pending-write.js";
import { SchemaStoreError } from "../errors.js";
import { checkDepth, decodeText, encodeText, parseObject, stringifyStrictly } from "../json.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { parseCanonical } from "../parse-canonical.js";
import { check, type OptionRule, STRING } from "../rules.js";
import type { JsonObject, Metadata, PutItem, PutOptions } from "../types.js";
import { describe } from "./describe-put.js";

/** What the writer tells the store. */
export interface WriterListener {
  /** Throws CLOSED when nothing may be written any more; asked after every wait. */
  checkOpen(): void;
  stored(canonical: string): void;
  deleted(canonical: string): void;
}

/** A record with its body, checked and ready to be stored. */
export interface PreparedPut {
  readonly record: PutRecord;
  readonly body: Uint8Array;
}

/** What an update may return; what is in it is checked as for a put. */
const ENTRY: OptionRule = {
  range: "an object",
  accepts: (value) => typeof value === "object" && value !== null,
};

/** A row that can be stored with others as one commit. */
export interface PreparedRow extends WritableRow {
  readonly canonical: string;
}

/** A value at once, unless a put has to wait for the host. */
type Stored = Metadata | Promise<Metadata>;

/** The same, with what is to be waited for. */
type Filing = Filed | Promise<Filed>;

/** Puts, conditional puts and deletions. */
export class Writer {
  readonly #memory: MemoryTier;
  readonly #durable: DurableTier | undefined;
  readonly #options: CheckedOptions;
  /** Told of what is stored and deleted, also by those who write past this one. */
  readonly listener: WriterListener;
  readonly #updates = new Turns();

  constructor(
    memory: MemoryTier,
    durable: DurableTier | undefined,
    options: CheckedOptions,
    listener: WriterListener,
  ) {
    this.#memory = memory;
    this.#durable = durable;
    this.#options = options;
    this.listener = listener;
  }

  /** Stores an object. INVALID_VALUE for what `JSON.stringify` would silently change. */
  put(value: object, options: PutOptions): Stored {
    return this.putPrepared(this.#prepare(value, options), options);
  }

  /** Stores the text of one JSON object. SERIALIZATION, INVALID_VALUE. */
  putText(text: string, options: PutOptions): Stored {
    return this.putPrepared(this.#prepareText(text, options), options);
  }

  /** Stores UTF-8 bytes of one JSON object. SERIALIZATION, INVALID_VALUE. */
  putBytes(bytes: Uint8Array, options: PutOptions): Stored {
    return this.putPrepared(this.#prepareBytes(bytes, options), options);
  }

  /**
   * Stores many items, one after the other; rejects with the first failure. Where they are to be durable,
   * all of them are waited for at the end.
   */
  async putMany(items: Iterable<PutItem>, durable = false): Promise<Metadata[]> {
    const filed: Filed[] = [];
    let failure: { readonly reason: unknown } | undefined;
    try {
      for (const item of items) filed.push(await this.#fileItem(item, durable));
    } catch (reason) {
      failure = { reason };
    }
    const settled = await Promise.allSettled(filed.map((one) => this.#whenDurable(one)));
    failure ??= settled.find((one) => one.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    return filed.map(({ metadata }) => metadata);
  }

  #prepareText(text: string, options: PutOptions): PreparedPut {
    check(text, STRING, "text");
    if (!text.isWellFormed()) {
      const message = "the text is not well-formed: it holds a lone surrogate";
      throw new SchemaStoreError("INVALID_VALUE", message, { key: options.url });
    }
    const value = parseObject(text, "the text", options.url);
    checkDepth(value, text, options);
    return { record: this.#describe(value, options), body: encodeText(text) };
  }

  #prepareBytes(bytes: Uint8Array, options: PutOptions): PreparedPut {
    let text: string;
    try {
      text = decodeText(bytes);
    } catch (cause) {
      const details = { key: options.url, cause };
      throw new SchemaStoreError("SERIALIZATION", "the bytes are not UTF-8", details);
    }
    return this.#prepareText(text, options);
  }

  #prepareItem({ value, text, bytes, ...options }: PutItem): PreparedPut {
    if (value !== undefined) return this.#prepare(value, options);
    if (text !== undefined) return this.#prepareText(text, options);
    if (bytes !== undefined) return this.#prepareBytes(bytes, options);
    const message = "an item has no value, text or bytes";
    throw new SchemaStoreError("INVALID_VALUE", message, { key: options.url });
  }

  /** Stores what `change` returns for the current slot, if nobody else writes its URL meanwhile. */
  update(
    canonical: string,
    options: PutOptions,
    change: (slot: number | undefined) => Promise<object | undefined>,
  ): Promise<Metadata | undefined> {
    return this.#putIf(canonical, async (slot) => {
      const value = await change(slot);
      if (value === undefined) return undefined;
      check(value, ENTRY, canonical, "INVALID_VALUE", "the update of ");
      const prepared = this.#prepare(value, options);
      if (prepared.record.url === parseCanonical(canonical).url) return prepared;
      const message = `the update of ${canonical} returned an entry with the url ${prepared.record.url}`;
      throw new SchemaStoreError("INVALID_KEY", message, { key: canonical });
    });
  }

  /** An object, or the text of one, checked as for a put and not stored. INVALID_KEY, INVALID_VALUE, SERIALIZATION. */
  prepare(content: object | string, options: PutOptions): PreparedPut {
    return typeof content === "string"
      ? this.#prepareText(content, options)
      : this.#prepare(content, options);
  }

  /** The row of a put that is not stored yet. ENTRY_TOO_LARGE, STORAGE_FULL. */
  row(prepared: PreparedPut): PreparedRow {
    this.listener.checkOpen();
    return { ...this.#row(prepared), canonical: canonicalOf(prepared.record) };
  }

  /**
   * Stores what came of a resolver's answer, unless that is out of date: `when` is given the storing as soon as there
   * is room for it, and does it at once or not at all.
   */
  async putResolved(prepared: PreparedPut, when: (store: () => void) => void): Promise<void> {
    await this.#whenRoom(prepared, () => when(() => this.#file(prepared)));
  }

  /** Deletes the entries in these slots; `durable` waits for it. QUOTA_EXCEEDED, STORAGE_FULL. */
  async delete(slots: Iterable<number>, durable = false): Promise<void> {
    const deletions: PendingWrite[] = [];
    for (const slot of slots) {
      const canonical = this.#memory.catalog.canonical(slot);
      const key = this.#memory.catalog.key(slot);
      const deletion = this.#durable?.delete(slot);
      if (deletion !== undefined) deletions.push(deletion);
      else if (key !== undefined) this.#memory.removeRow(key);
      this.listener.deleted(canonical);
    }
    if (durable) for (const one of deletions) await this.#durable?.whenDurable(one);
  }

  #prepare(value: object, options: PutOptions): PreparedPut {
    const body = encodeText(stringifyStrictly(value, options));
    return { record: this.#describe(value as JsonObject, options), body };
  }

  #describe(value: JsonObject, options: PutOptions): PutRecord {
    return describe(value, options, this.#options);
  }

  /** Stores what was prepared. */
  putPrepared(prepared: PreparedPut, { ifHash, durable }: PutOptions): Stored {
    if (ifHash !== undefined) return this.#putIfHash(prepared, ifHash);
    const filing = this.#fileWhenRoom(prepared, durable === true);
    if (durable) return this.#whenDurable(filing);
    return filing instanceof Promise ? filing.then(({ metadata }) => metadata) : filing.metadata;
  }

  async #fileItem(item: PutItem, durable: boolean): Promise<Filed> {
    const prepared = this.#prepareItem(item);
    if (item.ifHash === undefined) {
      return this.#fileWhenRoom(prepared, durable || item.durable === true);
    }
    return { metadata: await this.#putIfHash(prepared, item.ifHash), write: undefined };
  }

  #fileWhenRoom(prepared: PreparedPut, awaited: boolean): Filing {
    return this.#whenRoom(prepared, () => this.#file(prepared, awaited));
  }

  #whenRoom<T>({ body }: PreparedPut, work: () => T): T | Promise<T> {
    const limit = this.#options.memoryLimitBytes;
    if (this.#durable === undefined) return work();
    return this.#durable.backlog.whenRoom(body.length, limit, work);
  }

  /** Waits for a write that is awaited; others are on their way, and stay there. */
  async #whenDurable(filing: Filing): Promise<Metadata> {
    const { metadata, write } = await filing;
    if (write?.awaited) await this.#durable?.whenDurable(write);
    return metadata;
  }

  async #putIfHash(prepared: PreparedPut, ifHash: string | null): Promise<Metadata> {
    const canonical = canonicalOf(prepared.record);
    const stored = await this.#putIf(canonical, async (slot) => {
      if (slot !== undefined) refuseUnreadable(this.#memory.catalog.hash(slot), canonical);
      const current = slot === undefined ? null : this.#memory.catalog.metadata(slot).contentHash;
      if (current === ifHash) return prepared;
      const message = `${canonical} has hash ${current}, not ${ifHash}`;
      throw new SchemaStoreError("CONCURRENCY", message, { key: canonical, retryable: false });
    });
    return stored as Metadata;
  }

  /** Takes a prepared into catalog and memory, or onto the way to the host. */
  #file({ record, body }: PreparedPut, awaited = false): Filed {
    this.listener.checkOpen();
    const admit = (slot: number) => this.#memory.admit([[slot, body]]);
    const filed = this.#durable?.put(record, body, awaited) ?? {
      metadata: this.#memory.put(record, body, false, admit),
      write: undefined,
    };
    this.listener.stored(filed.metadata.canonical);
    return filed;
  }

  /** One conditional write of a URL at a time: those of one store need not collide. */
  #putIf(
    canonical: string,
    attempt: (slot: number | undefined) => Promise<PreparedPut | undefined>,
  ): Promise<Metadata | undefined> {
    const { url } = parseCanonical(canonical);
    return this.#updates.run(url, async () => {
      const durable = this.#durable;
      if (durable === undefined) return this.#putIfInMemory(url, canonical, attempt);
      const stored = await durable.conditional.putIf(url, async () => {
        const current = this.#memory.slotOf(canonical);
        const prepared = await attempt(current);
        this.listener.checkOpen();
        return prepared && this.#row(prepared);
      });
      if (stored !== undefined) this.listener.stored(stored.canonical);
      return stored;
    });
  }

  /** Without a host, what the rows of the URL hold is the expectation. */
  async #putIfInMemory(
    url: string,
    canonical: string,
    attempt: (slot: number | undefined) => Promise<PreparedPut | undefined>,
  ): Promise<Metadata | undefined> {
    for (;;) {
      const before = this.#contentOf(url);
      const prepared = await attempt(this.#memory.slotOf(canonical));
      if (prepared === undefined) return undefined;
      if (this.#contentOf(url) === before) return this.#file(prepared).metadata;
    }
  }

  /** Keys and hashes of all rows of a URL: equal for equal content. */
  #contentOf(url: string): string {
    const rows = Array.from(
      this.#memory.catalog.rowsOf(url),
      (slot) =>
        `${textOf(this.#memory.catalog.key(slot))} ${textOf(this.#memory.catalog.hash(slot))}`,
    );
    return rows.sort().join("\n");
  }

  #row({ record, body }: PreparedPut): WritableRow {
    return { ...this.#memory.pack(record, body), url: record.url, body };
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : hex(bytes);
}
