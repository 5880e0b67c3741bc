/**
 * Bytes at rest in a browser: one IndexedDB database. A commit is one transaction, acknowledged
 * when the browser says it is complete; other tabs hear of it over a BroadcastChannel.
 *
 * Without `navigator.locks` (a page that is not a secure context) `exclusive` only holds within
 * this page, and `capabilities.exclusive` is false. Without IndexedDB `open` fails with UNSUPPORTED:
 * this adapter never keeps data in memory instead.
 */

import { exactBuffer, mapKey, randomId } from "../bytes.js";
import { SchemaStoreError } from "../errors.js";
import type {
  Durability,
  HostAdapter,
  HostBatch,
  HostChanges,
  HostOpened,
  HostRow,
  HostRows,
  HostToken,
  HostUsage,
} from "../host.js";
import { check, checkGiven, integer, nonEmpty, type Rules } from "../rules.js";
import { announce, type PreparedBatch, prepare, removeRows, write } from "./indexeddb/commit.js";
import { Connection } from "./indexeddb/connection.js";
import { drop, readSeen } from "./indexeddb/damage.js";
import { LONGEST_MS } from "./indexeddb/deadline.js";
import { forget, isAnyLeft, leave, reclaim, takeLeft } from "./indexeddb/left.js";
import { exclusively, hasLocks } from "./indexeddb/locks.js";
import { estimatedQuota } from "./indexeddb/quota.js";
import { ownText, result, results } from "./indexeddb/requests.js";
import { readPlace, readRows, rowsOfKeys } from "./indexeddb/rows.js";
import {
  COMMITTED,
  type Place,
  type SavedIndex,
  STORES,
  type StoreName,
} from "./indexeddb/schema.js";
import { Tabs } from "./indexeddb/tabs.js";
import { LeftWrites } from "./left-writes.js";

/** The database where no other name is given. */
export const DEFAULT_DATABASE_NAME = "fhir-schema-store";

/** What can be set besides the name. */
export interface IndexedDbOptions {
  /** Milliseconds of silence until the browser is a TIMEOUT, a tab in the way BLOCKED. Default 30000. */
  readonly deadlineMs?: number;
}

const RULES: Rules<IndexedDbOptions> = { deadlineMs: integer(1, LONGEST_MS) };

/** Keeps everything in the database of that name. Needs no Node and no core. INVALID_CONFIG. */
export function indexedDbAdapter(
  databaseName: string = DEFAULT_DATABASE_NAME,
  options: IndexedDbOptions = {},
): HostAdapter {
  check(databaseName, nonEmpty("a name"), "databaseName", "INVALID_CONFIG");
  checkGiven(options, RULES, "INVALID_CONFIG");
  return new IndexedDbAdapter(databaseName, options.deadlineMs ?? 30_000);
}

class IndexedDbAdapter implements HostAdapter {
  readonly name = "indexeddb";
  readonly #database: string;
  readonly #deadlineMs: number;
  readonly #connection: Connection;
  readonly #watchers = new Set<() => void>();
  readonly #running = new Set<Promise<unknown>>();
  /** Names what this page leaves behind. */
  readonly #id = randomId();
  /** The last commit that is known here. */
  #token: HostToken = 0;
  /** Commits under way, and when they began. */
  readonly #begun = new Map<HostBatch, number>();
  /** Of the copy of this page's queue that lies in the database: the last commit it knew of, what is open. */
  #left: { readonly token: HostToken; readonly writes: LeftWrites } | undefined;
  /** What other pages left did not fit. */
  #unfiled = false;
  readonly #tabs: Tabs;
  #state: "new" | "open" | "closed" = "new";

  constructor(database: string, deadlineMs: number) {
    this.#database = database;
    this.#deadlineMs = deadlineMs;
    this.#connection = new Connection(database, deadlineMs, this.#notify);
    this.#tabs = new Tabs(database, { changed: this.#notify, left: () => this.#catchUp() });
  }

  async open(): Promise<HostOpened> {
    if (this.#state === "closed") this.#mustBeOpen();
    const look = () =>
      this.#read(["sys", "side"], (transaction) =>
        Promise.all([readPlace(transaction), isAnyLeft(transaction.objectStore("side"))]),
      );
    const [found, isLeft] = await look();
    const damage = isLeft ? await this.#fileLeft() : [];
    const [{ storeId, token }] = isLeft ? await look() : [found];
    this.#token = token;
    if (this.#state === "new") this.#state = "open";
    this.#mustBeOpen();
    this.#tabs.open();
    const capabilities = {
      fullIndex: false,
      changes: true,
      atomicBatch: true,
      exclusive: hasLocks(),
      checked: false,
    };
    return { storeId, place: this.#database, token, durable: true, capabilities, damage };
  }

  async index(): Promise<Uint8Array | undefined> {
    this.#mustBeOpen();
    return this.#read(["sys"], async (transaction) => {
      const request = transaction.objectStore("sys").get("index");
      const [place, saved] = await Promise.all([
        readPlace(transaction),
        result<SavedIndex | undefined>(request),
      ]);
      return saved?.token === place.token ? new Uint8Array(saved.packed) : undefined;
    });
  }

  async saveIndex(packed: Uint8Array, token: HostToken): Promise<void> {
    this.#mustBeOpen();
    const saved: SavedIndex = { packed: exactBuffer(packed), token };
    await this.#write(["sys"], "relaxed", async (transaction) => {
      const place = await readPlace(transaction);
      if (place.token === token) transaction.objectStore("sys").put(saved, "index");
    });
  }

  async allRows(): Promise<HostRows> {
    this.#mustBeOpen();
    return this.#readRows(async (transaction, { token, storeId }) => {
      const { rows } = await readRows(transaction.objectStore("rows"));
      return { rows, token, storeId };
    });
  }

  async rows(keys: readonly Uint8Array[]): Promise<(HostRow | undefined)[]> {
    this.#mustBeOpen();
    const { rows } = await this.#readRows(async (transaction) => ({
      rows: await rowsOfKeys(transaction.objectStore("rows"), keys),
    }));
    const byKey = new Map(rows.map((row) => [mapKey(row.key), row]));
    return keys.map((key) => byKey.get(mapKey(key)));
  }

  async byUrl(urls: readonly string[]): Promise<HostRow[]> {
    this.#mustBeOpen();
    const distinct = [...new Set(urls)];
    const { rows } = await this.#readRows(async (transaction) => {
      const index = transaction.objectStore("rows").index("url");
      const found = await Promise.all(distinct.map((url) => readRows(index, ownText(url))));
      return { rows: found.flatMap(({ rows }) => rows) };
    });
    return rows;
  }

  async changes(since: HostToken): Promise<HostChanges | "reset"> {
    this.#mustBeOpen();
    const found = await this.#readRows(async (transaction, { token, horizon }) => {
      const index = transaction.objectStore("rows").index("revision");
      const newer = await readRows(index, IDBKeyRange.lowerBound(since, true));
      this.#token = token;
      return { ...newer, token, known: since >= horizon && since <= token };
    });
    return found.known ? found : "reset";
  }

  async bodies(hashes: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#mustBeOpen();
    const wanted = hashes.map(exactBuffer);
    return this.#read(["bodies"], async (transaction) => {
      const store = transaction.objectStore("bodies");
      const found = await results<ArrayBuffer, ArrayBuffer | undefined>(wanted, (hash) =>
        store.get(hash),
      );
      return found.map((body) => body && new Uint8Array(body));
    });
  }

  async reportDamage(hash: Uint8Array, body?: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    const key = exactBuffer(hash);
    const token = await this.#write(["rows", "bodies", "sys"], "strict", (transaction) =>
      drop(transaction, key, body),
    );
    if (token === undefined) return;
    this.#tabs.tellCommit();
    this.#notify();
  }

  async commit(batch: HostBatch, options: { durability: Durability }): Promise<HostToken> {
    this.#mustBeOpen();
    const prepared = prepare(batch);
    this.#begun.set(batch, Date.now());
    try {
      const token = await this.#commit(batch, prepared, options.durability).catch((error) =>
        this.#commitOverQuota(error, prepared, options.durability),
      );
      if (this.#left?.writes.committed(batch)) this.#forgetLeft();
      // A queue that did not fit before may fit now.
      if (this.#unfiled && batch.delete.length > 0) this.#catchUp();
      this.#token = token;
      this.#tabs.tellCommit();
      return token;
    } finally {
      this.#begun.delete(batch);
    }
  }

  /**
   * Copies the batch to where the next one to open the database finds it. Should this page live on,
   * `commit` writes the same puts and deletions, and the copy goes with the last of them.
   */
  commitSync(batch: HostBatch): void {
    if (this.#state !== "open") return;
    const token = this.#token;
    // What a commit under way may have done already is as old as that.
    const writes = new LeftWrites(batch, this.#begun);
    const queue = { id: this.#id, token, writes: prepare(batch, writes.times(batch)) };
    const copied = this.#connection.atOnce(["side"], (transaction) =>
      leave(transaction.objectStore("side"), queue),
    );
    if (!copied) return;
    this.#left = { token, writes };
    this.#tabs.tellLeft();
  }

  async exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#mustBeOpen();
    return exclusively(`fhir-schema-store:${this.#database}:${name}`, this.#deadlineMs, work);
  }

  async side(name: string): Promise<Uint8Array | undefined> {
    this.#mustBeOpen();
    const found = await this.#read(["side"], (transaction) =>
      result<ArrayBuffer | undefined>(transaction.objectStore("side").get(name)),
    );
    return found && new Uint8Array(found);
  }

  async saveSide(name: string, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    const saved = exactBuffer(bytes);
    await this.#write(["side"], "relaxed", async (transaction) => {
      transaction.objectStore("side").put(saved, name);
    });
  }

  async usage(): Promise<HostUsage> {
    this.#mustBeOpen();
    const { bytes } = await this.#read(["sys"], readPlace);
    const quota = await estimatedQuota(this.#deadlineMs);
    return quota === undefined ? { bytes } : { bytes, quota };
  }

  watch(onChange: () => void): () => void {
    this.#mustBeOpen();
    const watcher = (): void => onChange();
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  freeze(): void {
    if (this.#state !== "open") return;
    // An open channel, or handle, keeps a page out of the back/forward cache.
    this.#tabs.close();
    this.#connection.freeze();
  }

  thaw(): void {
    if (this.#state !== "open") return;
    this.#connection.thaw();
    this.#tabs.open();
    this.#catchUp();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#watchers.clear();
    this.#tabs.close();
    this.#connection.thaw();
    await Promise.allSettled(this.#running);
    await this.#connection.close();
  }

  async destroy(): Promise<void> {
    await this.close();
    await this.#connection.delete();
  }

  readonly #notify = (): void => {
    for (const watcher of this.#watchers) {
      // On its own, so that one that throws stops neither the others nor what is going on here.
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher();
      });
    }
  };

  #commit(batch: HostBatch, prepared: PreparedBatch, durability: Durability): Promise<HostToken> {
    const [id, left] = [this.#id, this.#left];
    const copiedAt = left?.writes.times(batch) ?? [];
    if (left === undefined || copiedAt.every((time) => time === undefined)) {
      return this.#write(COMMITTED, durability, (transaction) => write(transaction, prepared));
    }
    return this.#write(STORES, durability, async (transaction) => {
      const due = await reclaim(transaction, { id, token: left.token }, prepared, copiedAt);
      if (left.writes.isWithin(batch)) forget(transaction.objectStore("side"), id);
      return write(transaction, due);
    });
  }

  #forgetLeft(): void {
    this.#left = undefined;
    this.#write(["side"], "relaxed", async (transaction) => {
      forget(transaction.objectStore("side"), this.#id);
    }).catch(() => {
      // Filed after all, it changes nothing: what it holds was written since.
    });
  }

  /** What only deletes makes room, however little of that there is. */
  async #commitOverQuota(
    error: SchemaStoreError,
    { put, delete: deleted, expect }: PreparedBatch,
    durability: Durability,
  ): Promise<HostToken> {
    const isDeletion = put.length === 0 && expect.length === 0;
    if (error.code !== "QUOTA_EXCEEDED" || !isDeletion) throw error;
    const keys = deleted.map(({ key }) => key);
    const removed = await this.#write(COMMITTED, durability, (transaction) =>
      removeRows(transaction, keys),
    );
    return this.#write(COMMITTED, durability, (transaction) => announce(transaction, removed));
  }

  /** Takes in what pages left behind, and has all others look at what is there now. */
  #catchUp(): void {
    const look = (transaction: IDBTransaction) => isAnyLeft(transaction.objectStore("side"));
    const filed = this.#read(["side"], look).then((isLeft) => (isLeft ? this.#fileLeft() : []));
    filed.then(this.#notify, this.#notify);
  }

  /** Files what pages left behind; returns what of it is unreadable, one sentence each. */
  async #fileLeft(): Promise<readonly string[]> {
    try {
      const { wrote, damage } = await this.#write(STORES, "strict", takeLeft);
      this.#unfiled = false;
      if (wrote) this.#tabs.tellCommit();
      return damage;
    } catch (error) {
      if ((error as SchemaStoreError).code !== "QUOTA_EXCEEDED") throw error;
      this.#unfiled = true;
      return ["there is no room to apply the queue of a page that was left"];
    }
  }

  #mustBeOpen(): void {
    if (this.#state === "open") return;
    const how = this.#state === "new" ? "not open yet" : "closed";
    throw new SchemaStoreError("CLOSED", `indexeddb: the adapter of ${this.#database} is ${how}`);
  }

  /** Rows, and what is read with them, as readers are to see them. */
  #readRows<T extends { rows: HostRow[] }>(
    read: (transaction: IDBTransaction, place: Place) => Promise<T>,
  ): Promise<T> {
    return this.#read(["rows", "bodies", "sys"], (transaction) => readSeen(transaction, read));
  }

  #read<T>(
    stores: readonly StoreName[],
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#track(this.#connection.transaction({ stores }, work));
  }

  #write<T>(
    stores: readonly StoreName[],
    durability: Durability,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#track(this.#connection.transaction({ stores, durability }, work));
  }

  /** `close` waits for what is under way. */
  #track<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    const done = (): void => void this.#running.delete(running);
    running.then(done, done);
    return running;
  }
}
