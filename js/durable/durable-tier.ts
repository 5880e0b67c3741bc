/**
 * The durable tier as the store uses it: the adapter, the writes on their way to it, and the rules
 * that keep the catalog in step with what others write on the same place.
 *
 * Rows read from the host are applied only if nothing was committed or brought in since the read
 * began, and never over a row whose own write is still on its way: no result goes back in time.
 */

import { mapKey } from "../bytes.js";
import { canonicalOf, type PutRecord } from "../core/record.js";
import { againAfterRestart, forgiveRestart } from "../core/restarts.js";
import { sentenceOn } from "../damage.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import type {
  Durability,
  HostAdapter,
  HostBatch,
  HostOpened,
  HostRow,
  HostToken,
} from "../host.js";
import type { CoreModule } from "../load/module.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Metadata } from "../types.js";
import { Backlog } from "./backlog.js";
import { ConditionalWrites } from "./conditional-writes.js";
import { HostBodies } from "./host-bodies.js";
import { bytesOf, type PendingWrite } from "./pending-write.js";
import { SavedIndex } from "./saved-index.js";
import { isFull, noRoom } from "./what-fits.js";
import { WriteBehind } from "./write-behind.js";

/** What the durable tier tells the store. */
export interface DurableListener {
  flushed(entries: number, bytes: number): void;
  failed(error: SchemaStoreError): void;
}

/** An entry that was put, and its write where that is on its way to a host. */
export interface Filed {
  readonly metadata: Metadata;
  readonly write: PendingWrite | undefined;
}

/** Adapter, write-behind queue and catalog synchronisation. */
export class DurableTier {
  /** The adapter, for what needs no synchronisation. */
  readonly adapter: HostAdapter;
  readonly #memory: MemoryTier;
  readonly #durability: Durability;
  readonly #listener: DurableListener;
  /** Writes on their way to the host. */
  readonly writes: WriteBehind;
  /** Makes puts wait when too much is queued. */
  readonly backlog: Backlog;
  /** Writes past the queue. */
  readonly conditional: ConditionalWrites;
  /** Bodies of the host, checked. */
  readonly bodies: HostBodies;
  #opened: HostOpened | undefined;
  #token: HostToken = 0;
  /** Changes whenever the host's state, as far as known here, does. */
  #epoch = 0;
  #complete: Promise<void> | undefined;
  /** The catalog knows every row of the host. */
  #loaded = false;
  #syncing: Promise<boolean> | undefined;
  #unwatch: (() => void) | undefined;
  readonly #savedIndex: SavedIndex;
  #closed = false;

  constructor(
    adapter: HostAdapter,
    memory: MemoryTier,
    durability: Durability,
    listener: DurableListener,
  ) {
    this.adapter = adapter;
    this.#memory = memory;
    this.#durability = durability;
    this.#listener = listener;
    this.#savedIndex = new SavedIndex(adapter, {
      current: () => (this.#loaded && this.writes.size === 0 ? this.#token : undefined),
      pack: () => memory.ask((core) => core.packIndex()),
    });
    this.bodies = new HostBodies(
      adapter,
      memory,
      () => this.#opened?.capabilities.checked === true,
      (slot) => this.writes.body(slot) !== undefined,
    );
    this.writes = new WriteBehind({
      commit: (batch) => this.#commit(batch, () => {}),
      committed: (writes) => this.#committed(writes),
      superseded: (write) => forgiveRestart(() => memory.removePending(bytesOf([write]))),
      failed: (error) => listener.failed(error),
      undo: (write) => this.#undo(write),
      refused: (write, cause) => listener.failed(noRoom(write, cause)),
    });
    this.backlog = new Backlog(memory, this.writes);
    this.conditional = new ConditionalWrites(
      {
        flush: () => this.writes.commitQueued(),
        ask: (url) => this.ask(url),
        commit: (batch, then) => this.#commit(batch, then),
      },
      memory,
      this.writes,
    );
  }

  /** Opens the place; a host that has its index at hand fills the catalog at once. */
  async open(core: CoreModule): Promise<void> {
    const opened = await this.adapter.open({ core });
    this.#opened = opened;
    this.#token = opened.token;
    const complete = this.complete();
    complete.catch(() => {});
    try {
      if (opened.capabilities.fullIndex) await complete;
    } catch (error) {
      await this.adapter.close().catch(() => {});
      throw error;
    }
    this.#unwatch = this.adapter.watch?.(() => void this.refresh().catch(() => {}));
  }

  /** What `open` found. */
  get opened(): HostOpened | undefined {
    return this.#opened;
  }

  /** Whether the catalog knows every row of the host. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Resolves when the catalog knows every row of the host. */
  complete(): Promise<void> {
    this.#complete ??= this.#load().catch((error) => {
      this.#complete = undefined;
      throw error;
    });
    return this.#complete;
  }

  /** Brings all rows of a URL into the catalog; returns them as the host has them. */
  async ask(url: string): Promise<HostRow[]> {
    const rows = await this.#consistent(() => this.adapter.byUrl([url]));
    this.#memory.insertRowsOf(url, this.#withoutPending(rows));
    const there = new Set(rows.map(({ key }) => mapKey(key)));
    for (const slot of this.#memory.catalog.rowsOf(url)) {
      const key = this.#memory.catalog.key(slot);
      if (key !== undefined && !there.has(mapKey(key)) && !this.writes.has(key)) {
        this.#memory.removeRow(key);
      }
    }
    return rows;
  }

  /** Takes an entry into the catalog and queues its row; one that is `awaited` is to be settled. */
  put(record: PutRecord, body: Uint8Array, awaited: boolean): Filed {
    let write: PendingWrite | undefined;
    const metadata = this.#memory.put(record, body, true, (slot, { key, hash, meta }) => {
      const put = { key, url: record.url, hash, meta, body };
      write = { slot, key, canonical: canonicalOf(record), put, awaited };
      this.writes.add(write);
    });
    return { metadata, write };
  }

  /**
   * Waits until a row is durable. If the host has no room for it, the entry is restored.
   * QUOTA_EXCEEDED, STORAGE_FULL; after any other failure of a commit the row stays in the queue.
   */
  async whenDurable(write: PendingWrite): Promise<void> {
    try {
      await this.writes.whenDurable(write);
    } catch (error) {
      throw isFull(error) ? noRoom(write, error) : error;
    }
  }

  /** Restores a row to what it was before a write that was undone. */
  async #undo({ key, before }: PendingWrite): Promise<void> {
    if (before !== undefined) {
      before.slot = this.#takeIn(before);
      this.writes.add(before);
      return;
    }
    const [row] = await this.#consistent(() => this.adapter.rows([key]));
    if (this.writes.has(key)) return;
    if (row === undefined) this.#memory.removeRow(key);
    else this.#memory.insertRow(row);
  }

  /** Feeds a pending write into the catalog; returns its slot. */
  #takeIn({ key, put }: PendingWrite): number {
    return againAfterRestart(() => {
      if (put !== undefined) {
        this.#memory.addPending(put.body.length);
        return this.#memory.insertRow(put);
      }
      this.#memory.removeRow(key);
      return 0;
    });
  }

  /** The rows of these keys as the host has them, with all that was put before. Positional. */
  async current(keys: readonly Uint8Array[]): Promise<(HostRow | undefined)[]> {
    await this.writes.commitQueued();
    return this.adapter.rows(keys);
  }

  /** Takes a row out and queues its deletion. */
  delete(slot: number): PendingWrite | undefined {
    const key = this.#memory.catalog.key(slot);
    if (key === undefined) return undefined;
    const write = { slot, key, canonical: this.#memory.catalog.canonical(slot) };
    this.#memory.removeRow(key);
    this.writes.add(write);
    return write;
  }

  /** What is damaged at the host and not healed yet, as far as is known: a sentence each. */
  damage(): string[] {
    const told = this.adapter.damage?.() ?? this.#opened?.damage ?? [];
    const slots = this.#memory.ask((core) => core.damaged());
    return [
      ...told,
      ...Array.from(slots, (slot) => sentenceOn(this.#memory.catalog.canonical(slot))),
    ];
  }

  /** Brings in what others wrote, if the host can tell cheaply; true when anything came. */
  async poll(): Promise<boolean> {
    if (this.adapter.poll === undefined || !(await this.adapter.poll())) return false;
    return this.#sync();
  }

  /** Brings in what others wrote. */
  async refresh(): Promise<void> {
    await this.complete();
    await this.adapter.poll?.();
    await this.#sync();
  }

  /** Resolves when everything put before is durable. */
  flush(): Promise<void> {
    return this.writes.flush();
  }

  /** After a trap: puts the pending writes in again and reads the catalog again. */
  restart(): void {
    this.#complete = undefined;
    this.#loaded = false;
    this.writes.reslot((write) => this.#takeIn(write));
    this.complete().catch(() => {});
  }

  /** Flushes, saves the index and closes the place; a failed flush rejects after that. */
  async close(): Promise<void> {
    this.#unwatch?.();
    let failure: unknown;
    await this.flush().catch((error) => {
      failure = error;
    });
    await this.#complete?.catch(() => {});
    if (this.#keepsIndex) await this.#savedIndex.save().catch(() => {});
    this.#closed = true;
    this.#savedIndex.stop();
    this.writes.stop();
    await this.adapter.close();
    if (failure !== undefined) throw failure;
  }

  async #load(): Promise<void> {
    const index = await this.#consistent(() => this.adapter.index());
    if (index === undefined || !this.#insertIndex(index)) {
      await this.#replaceRows();
      if (this.#keepsIndex) this.#savedIndex.saveSoon();
    }
    this.#loaded = true;
  }

  /** An index that cannot be decoded is ignored, and so is one with writes under way. */
  #insertIndex(index: Uint8Array): boolean {
    if (this.writes.size > 0) return false;
    try {
      this.#memory.reportHits();
      this.#memory.insertIndex(index);
    } catch (error) {
      if (error instanceof SchemaStoreError && error.code === "CORRUPT") return false;
      throw error;
    }
    this.#savedIndex.is(this.#token);
    return true;
  }

  async #replaceRows(): Promise<void> {
    const { rows, token } = await this.#consistent(() => this.adapter.allRows());
    const keep = this.writes.pending().map(({ slot }) => slot);
    this.#memory.replaceRows(this.#withoutPending(rows), keep);
    this.#token = token;
    this.#epoch += 1;
  }

  /** Repeats a read of the host until nothing was committed or brought in while it ran. */
  async #consistent<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const epoch = this.#epoch;
      const result = await read();
      if (epoch === this.#epoch) return result;
    }
  }

  #withoutPending(rows: readonly HostRow[]): HostRow[] {
    return rows.filter(({ key }) => !this.writes.has(key));
  }

  /** One synchronisation at a time; a request that comes meanwhile is served by another one. */
  #sync(): Promise<boolean> {
    const previous = this.#syncing ?? Promise.resolve(false);
    const next = previous.catch(() => false).then(() => this.#syncOnce());
    this.#syncing = next;
    return next;
  }

  async #syncOnce(): Promise<boolean> {
    if (this.#closed || this.#opened?.capabilities.changes !== true) return false;
    const changes = await this.#consistent(() => this.adapter.changes(this.#token));
    if (changes === "reset") {
      await this.#replaceRows();
      return true;
    }
    if (changes.token === this.#token) return false;
    this.#memory.reportHits();
    for (const row of this.#withoutPending(changes.rows)) this.#memory.insertRow(row);
    for (const key of changes.deleted) {
      if (!this.writes.has(key)) this.#memory.removeRow(key);
    }
    // What waits may be older than what was written meanwhile, and not be written: then that is read again.
    const changed = [...changes.rows.map(({ key }) => key), ...changes.deleted];
    if (!changed.some((key) => this.writes.has(key))) this.#token = changes.token;
    this.#epoch += 1;
    if (this.#keepsIndex) this.#savedIndex.saveSoon();
    return true;
  }

  /** Commits, and runs `then` before anything else can be read from the host or learned of it. */
  async #commit<T>(batch: HostBatch, then: () => T): Promise<T> {
    const { name } = this.adapter;
    let token: HostToken;
    try {
      token = await this.adapter.commit(batch, { durability: this.#durability });
    } catch (cause) {
      throw asStoreError(cause, "DISK_ERROR", `the commit to ${name} failed`);
    }
    let damaged = false;
    // The catalog of a restarted core is read again, which reports it.
    forgiveRestart(() => {
      damaged = this.#memory.ask((core) => core.damaged()).length > 0;
    });
    // Nobody else wrote in between: everything is known already.
    if (token === this.#token + 1 && !damaged) this.#token = token;
    this.#epoch += 1;
    if (this.#keepsIndex) this.#savedIndex.saveSoon();
    const done = then();
    // Other rows may have their body again, or others wrote in between.
    if (damaged || token !== this.#token) this.#sync().catch(() => {});
    return done;
  }

  #committed(writes: readonly PendingWrite[]): void {
    const bytes = bytesOf(writes);
    forgiveRestart(() => {
      this.#memory.removePending(bytes);
      this.#memory.admit(this.#resident(writes));
    });
    this.#listener.flushed(writes.length, bytes);
  }

  /** Bodies that stay in memory now that the host has them, by slot. */
  *#resident(writes: readonly PendingWrite[]): Iterable<readonly [number, Uint8Array]> {
    for (const { slot, key, put } of writes) {
      // The slot of a row that was written again meanwhile may have a new owner.
      if (put !== undefined && !this.writes.has(key)) yield [slot, put.body];
    }
  }

  /** Hosts with an index of their own need no other. */
  get #keepsIndex(): boolean {
    return this.#opened?.capabilities.fullIndex === false && !this.#closed;
  }
}
