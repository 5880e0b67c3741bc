/** What goes in: described, packed, filed in catalog and memory, sent on its way to the host. */

import { canonicalOf, describe, type PutRecord } from "./describe.js";
import type { DurableTier } from "./durable.js";
import { SchemaStoreError } from "./errors.js";
import { checkDepth, decodeText, encodeText, parseObject, stringifyStrictly } from "./json.js";
import type { CheckedOptions } from "./options.js";
import { urlOf } from "./parse-canonical.js";
import { isWellFormed, type PackedRow, type Shelf } from "./shelf.js";
import type { JsonObject, Metadata, PutOptions } from "./types.js";

/** What the writer tells the store. */
export interface WriterListener {
  stored(canonical: string): void;
  deleted(canonical: string): void;
}

/** A record with its body, ready to be packed. */
interface Draft {
  readonly record: PutRecord;
  readonly body: Uint8Array;
}

/** Puts, conditional puts and deletions. */
export class Writer {
  readonly #shelf: Shelf;
  readonly #durable: DurableTier | undefined;
  readonly #options: CheckedOptions;
  readonly #listener: WriterListener;

  constructor(
    shelf: Shelf,
    durable: DurableTier | undefined,
    options: CheckedOptions,
    listener: WriterListener,
  ) {
    this.#shelf = shelf;
    this.#durable = durable;
    this.#options = options;
    this.#listener = listener;
  }

  /** Stores an object. INVALID_VALUE for what `JSON.stringify` would silently change. */
  async put(value: object, options: PutOptions): Promise<Metadata> {
    return this.#put(this.#draft(value, options), options);
  }

  /** Stores the text of one JSON object. SERIALIZATION, INVALID_VALUE. */
  async putText(text: string, options: PutOptions): Promise<Metadata> {
    if (typeof text !== "string" || !isWellFormed(text)) {
      throw new SchemaStoreError("INVALID_VALUE", "the text is no well-formed string");
    }
    const value = parseObject(text, "the text");
    checkDepth(value);
    return this.#put({ record: this.#describe(value, options), body: encodeText(text) }, options);
  }

  /** Stores UTF-8 bytes of one JSON object. SERIALIZATION, INVALID_VALUE. */
  async putBytes(bytes: Uint8Array, options: PutOptions): Promise<Metadata> {
    let text: string;
    try {
      text = decodeText(bytes);
    } catch (cause) {
      throw new SchemaStoreError("SERIALIZATION", "the bytes are not UTF-8", { cause });
    }
    return this.putText(text, options);
  }

  /** Stores what `change` makes of the current slot, if nobody else writes meanwhile. */
  update(
    canonical: string,
    options: PutOptions,
    change: (slot: number | undefined) => Promise<object | undefined>,
  ): Promise<Metadata | undefined> {
    return this.#putIf(canonical, async (slot) => {
      const value = await change(slot);
      return value === undefined ? undefined : this.#draft(value, options);
    });
  }

  /** Stores what a resolver answered to `canonical`, under its own name where it has one. */
  async storeResolved(answer: object | string, canonical: string): Promise<void> {
    const text = typeof answer === "string" ? answer : stringifyStrictly(answer);
    const body = parseObject(text, "the resolver's answer");
    const [url = "", version = ""] = canonical.trim().split("#", 1)[0]?.split("|") ?? [];
    await this.putText(text, {
      origin: "resolver",
      ...(body["url"] === undefined ? { url } : {}),
      ...(body["version"] === undefined && version !== "" ? { version } : {}),
    });
  }

  /** Deletes the entry in a slot. */
  delete(slot: number): void {
    const canonical = this.#shelf.canonical(slot);
    const key = this.#shelf.key(slot);
    if (this.#durable !== undefined) this.#durable.delete(slot);
    else if (key !== undefined) this.#shelf.forget(key);
    this.#listener.deleted(canonical);
  }

  #draft(value: object, options: PutOptions): Draft {
    if (typeof value !== "object" || value === null) {
      throw new SchemaStoreError("INVALID_VALUE", `the value is ${value}, not an object`);
    }
    const body = encodeText(stringifyStrictly(value));
    return { record: this.#describe(value as JsonObject, options), body };
  }

  #describe(value: JsonObject, options: PutOptions): PutRecord {
    return describe(value, options, this.#options.now(), this.#options.ttlHours);
  }

  async #put(draft: Draft, options: PutOptions): Promise<Metadata> {
    const { ifHash } = options;
    if (ifHash !== undefined) return this.#putIfHash(draft, ifHash);
    const row = this.#shelf.pack(draft.record, draft.body);
    const limit = this.#options.memoryLimitBytes;
    await this.#durable?.makeRoom(draft.body.length, limit);
    const metadata = this.#shelf.metadata(this.#file(draft, row));
    if (options.durable) await this.#durable?.flush();
    return metadata;
  }

  async #putIfHash(draft: Draft, ifHash: string | null): Promise<Metadata> {
    const canonical = canonicalOf(draft.record);
    const stored = await this.#putIf(canonical, async (slot) => {
      const current = slot === undefined ? null : this.#shelf.metadata(slot).contentHash;
      if (current === ifHash) return draft;
      const message = `${canonical} has hash ${current}, not ${ifHash}`;
      throw new SchemaStoreError("CONCURRENCY", message, { key: canonical, retryable: false });
    });
    return stored as Metadata;
  }

  /** Takes a packed row into catalog and memory, or onto the way to the host; returns its slot. */
  #file({ record, body }: Draft, row: PackedRow): number {
    const slot =
      this.#durable?.put({ ...row, url: record.url, body }) ?? this.#shelf.learn(row);
    if (this.#durable === undefined) this.#shelf.admit(slot, body);
    this.#listener.stored(canonicalOf(record));
    return slot;
  }

  async #putIf(
    canonical: string,
    attempt: (slot: number | undefined) => Promise<Draft | undefined>,
  ): Promise<Metadata | undefined> {
    const slot =
      this.#durable === undefined
        ? await this.#putIfInMemory(canonical, attempt)
        : await this.#durable.putIf(urlOf(canonical), async () => {
            const current = this.#shelf.known(canonical);
            const draft = await attempt(current);
            return draft && this.#conditional(draft, current);
          });
    if (slot === undefined) return undefined;
    if (this.#durable !== undefined) this.#listener.stored(this.#shelf.canonical(slot));
    return this.#shelf.metadata(slot);
  }

  /** Without a host the slot itself is the expectation: every write gives the row a new one. */
  async #putIfInMemory(
    canonical: string,
    attempt: (slot: number | undefined) => Promise<Draft | undefined>,
  ): Promise<number | undefined> {
    for (;;) {
      const current = this.#shelf.known(canonical);
      const draft = await attempt(current);
      if (draft === undefined) return undefined;
      if (this.#shelf.known(canonical) === current) {
        return this.#file(draft, this.#shelf.pack(draft.record, draft.body));
      }
    }
  }

  /** The row of a draft with the keys it depends on: its own, and that of the entry it was made from. */
  #conditional({ record, body }: Draft, current: number | undefined) {
    const row = { ...this.#shelf.pack(record, body), url: record.url, body };
    const expect = [row.key];
    const currentKey = current === undefined ? undefined : this.#shelf.key(current);
    if (currentKey !== undefined && currentKey.join() !== row.key.join()) expect.push(currentKey);
    return { row, expect };
  }
}
