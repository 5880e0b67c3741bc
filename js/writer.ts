/** What goes in: described, packed, filed in catalog and memory, sent on its way to the host. */

import type { WritableRow } from "./conditional.js";
import { describe } from "./describe.js";
import type { DurableTier } from "./durable.js";
import { SchemaStoreError } from "./errors.js";
import { Turns } from "./flight.js";
import { checkDepth, decodeText, encodeText, parseObject, stringifyStrictly } from "./json.js";
import type { CheckedOptions } from "./options.js";
import { parseCanonical } from "./parse-canonical.js";
import { canonicalOf, type PutRecord } from "./record.js";
import type { Shelf } from "./shelf.js";
import type { JsonObject, Metadata, PutItem, PutOptions } from "./types.js";

/** What the writer tells the store. */
export interface WriterListener {
  /** Throws CLOSED when nothing may be written any more; asked after every wait. */
  checkOpen(): void;
  stored(canonical: string): void;
  deleted(canonical: string): void;
}

/** A record with its body, ready to be packed. */
interface Draft {
  readonly record: PutRecord;
  readonly body: Uint8Array;
}

/** Known at once, but where a put has to wait for the host. */
type Stored = Metadata | Promise<Metadata>;

/** Puts, conditional puts and deletions. */
export class Writer {
  readonly #shelf: Shelf;
  readonly #durable: DurableTier | undefined;
  readonly #options: CheckedOptions;
  readonly #listener: WriterListener;
  readonly #updates = new Turns();

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
  put(value: object, options: PutOptions): Stored {
    return this.#put(this.#draft(value, options), options);
  }

  /** Stores the text of one JSON object. SERIALIZATION, INVALID_VALUE. */
  putText(text: string, options: PutOptions): Stored {
    if (typeof text !== "string" || !text.isWellFormed()) {
      throw new SchemaStoreError("INVALID_VALUE", "the text is no well-formed string");
    }
    const value = parseObject(text, "the text");
    checkDepth(value, text);
    return this.#put({ record: this.#describe(value, options), body: encodeText(text) }, options);
  }

  /** Stores UTF-8 bytes of one JSON object. SERIALIZATION, INVALID_VALUE. */
  putBytes(bytes: Uint8Array, options: PutOptions): Stored {
    let text: string;
    try {
      text = decodeText(bytes);
    } catch (cause) {
      throw new SchemaStoreError("SERIALIZATION", "the bytes are not UTF-8", { cause });
    }
    return this.putText(text, options);
  }

  /** Stores one item of many. INVALID_VALUE for one without anything to store. */
  putItem({ value, text, bytes, ...options }: PutItem): Stored {
    if (value !== undefined) return this.put(value, options);
    if (text !== undefined) return this.putText(text, options);
    if (bytes !== undefined) return this.putBytes(bytes, options);
    throw new SchemaStoreError("INVALID_VALUE", "an item has no value, text or bytes");
  }

  /** Stores what `change` makes of the current slot, if nobody else writes its URL meanwhile. */
  update(
    canonical: string,
    options: PutOptions,
    change: (slot: number | undefined) => Promise<object | undefined>,
  ): Promise<Metadata | undefined> {
    return this.#putIf(canonical, async (slot) => {
      const value = await change(slot);
      if (value === undefined) return undefined;
      const draft = this.#draft(value, options);
      if (draft.record.url === parseCanonical(canonical).url) return draft;
      const message = `the update of ${canonical} made an entry of ${draft.record.url}`;
      throw new SchemaStoreError("INVALID_KEY", message, { key: canonical });
    });
  }

  /** Stores what a resolver answered to `canonical`. RESOLVER when it names another entry. */
  async storeResolved(answer: object | string, canonical: string): Promise<void> {
    const text = typeof answer === "string" ? answer : stringifyStrictly(answer);
    const body = parseObject(text, "the resolver's answer");
    const { url, version } = parseCanonical(canonical);
    // Stored, it would replace what the user put under that other name.
    const strayed =
      (body["url"] ?? url) !== url || (version ?? body["version"]) !== (body["version"] ?? version);
    if (strayed) {
      const message = `the resolver answered ${canonical} with another entry`;
      throw new SchemaStoreError("RESOLVER", message, { key: canonical });
    }
    await this.putText(text, {
      origin: "resolver",
      ...(body["url"] === undefined ? { url } : {}),
      ...(body["version"] === undefined && version !== undefined ? { version } : {}),
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
    const body = encodeText(stringifyStrictly(value));
    return { record: this.#describe(value as JsonObject, options), body };
  }

  #describe(value: JsonObject, options: PutOptions): PutRecord {
    return describe(value, options, this.#options);
  }

  #put(draft: Draft, { ifHash, durable }: PutOptions): Stored {
    if (ifHash !== undefined) return this.#putIfHash(draft, ifHash);
    const file = () => this.#file(draft);
    const limit = this.#options.memoryLimitBytes;
    const stored = this.#durable?.whenRoom(draft.body.length, limit, file) ?? file();
    return durable ? this.#whenDurable(stored) : stored;
  }

  async #whenDurable(stored: Stored): Promise<Metadata> {
    const metadata = await stored;
    await this.#durable?.flush();
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

  /** Takes a draft into catalog and memory, or onto the way to the host. */
  #file({ record, body }: Draft): Metadata {
    this.#listener.checkOpen();
    const metadata =
      this.#durable?.put(record, body) ??
      this.#shelf.put(record, body, false, (slot) => this.#shelf.admit([[slot, body]]));
    this.#listener.stored(metadata.canonical);
    return metadata;
  }

  /** One conditional write of a URL at a time: those of one store need not collide. */
  #putIf(
    canonical: string,
    attempt: (slot: number | undefined) => Promise<Draft | undefined>,
  ): Promise<Metadata | undefined> {
    const { url } = parseCanonical(canonical);
    return this.#updates.run(url, async () => {
      const durable = this.#durable;
      if (durable === undefined) return this.#putIfInMemory(url, canonical, attempt);
      const stored = await durable.conditional.putIf(url, async () => {
        const current = this.#shelf.known(canonical);
        const draft = await attempt(current);
        this.#listener.checkOpen();
        return draft && this.#row(draft);
      });
      if (stored !== undefined) this.#listener.stored(stored.canonical);
      return stored;
    });
  }

  /** Without a host, what the rows of the URL hold is the expectation. */
  async #putIfInMemory(
    url: string,
    canonical: string,
    attempt: (slot: number | undefined) => Promise<Draft | undefined>,
  ): Promise<Metadata | undefined> {
    for (;;) {
      const before = this.#contentOf(url);
      const draft = await attempt(this.#shelf.known(canonical));
      if (draft === undefined) return undefined;
      if (this.#contentOf(url) === before) return this.#file(draft);
    }
  }

  /** Keys and hashes of all rows of a URL: equal for equal content. */
  #contentOf(url: string): string {
    const rows = Array.from(
      this.#shelf.rowsOf(url),
      (slot) => `${this.#shelf.key(slot)?.join()} ${this.#shelf.hash(slot)?.join()}`,
    );
    return rows.sort().join("\n");
  }

  #row({ record, body }: Draft): WritableRow {
    return { ...this.#shelf.pack(record, body), url: record.url, body };
  }
}
