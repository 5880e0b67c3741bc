/** The adapter as the store uses it: with the writes on their way to it, and what others write on the same place. */

import { canonicalOf, type PutRecord } from "../core/record.js";
import { againAfterRestart, forgiveRestart } from "../core/restarts.js";
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
import { Backlog } from "./backlog.js";
import { ConditionalWrites } from "./conditional-writes.js";
import { HostBodies } from "./host-bodies.js";
import { HostRows } from "./host-rows.js";
import { KnownPlace } from "./known-place.js";
import { Order } from "./order.js";
import { bytesOf, type Filed, type PendingWrite, residentOf } from "./pending-write.js";
import { SavedIndex } from "./saved-index.js";
import { isFull, noRoom } from "./what-fits.js";
import { WriteBehind } from "./write-behind.js";

/** What the durable tier tells the store. */
export interface DurableListener {
  flushed(entries: number, bytes: number): void;
  failed(error: SchemaStoreError): void;
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
  readonly #place: KnownPlace;
  #opened: HostOpened | undefined;
  #token: HostToken = 0;
  readonly #order = new Order();
  readonly #rows: HostRows;
  #complete: Promise<void> | undefined;
  /** The catalog knows every row of the host. */
  #loaded = false;
  #syncing: Promise<boolean> | undefined;
  /** How often the host has told of changes, and up to which time the catalog knows of them. */
  #told = 0;
  #heard = 0;
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
    this.#place = new KnownPlace(adapter.name);
    this.#savedIndex = new SavedIndex(adapter, {
      current: () => (this.#isSettled ? this.#token : undefined),
      pack: () => memory.ask((core) => core.packIndex()),
    });
    this.bodies = new HostBodies(
      adapter,
      memory,
      () => this.#opened?.capabilities.checked === true,
      (slot) => this.writes.body(slot) !== undefined,
    );
    this.writes = new WriteBehind({
      commit: (batch, then) => this.#commit(batch, then),
      committed: (writes) => this.#committed(writes),
      superseded: (write) => forgiveRestart(() => memory.removePending(bytesOf([write]))),
      failed: (error) => listener.failed(error),
      undo: (write) => this.#undo(write),
      refused: (write, cause) => listener.failed(noRoom(write, cause)),
    });
    this.#rows = new HostRows(memory, this.writes, this.#order);
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
    this.#place.opened(opened);
    this.#token = opened.token;
    const complete = this.complete();
    complete.catch(() => {});
    try {
      if (opened.capabilities.fullIndex) await complete;
    } catch (error) {
      await this.adapter.close().catch(() => {});
      throw error;
    }
    this.#unwatch = this.adapter.watch?.(() => {
      this.#told += 1;
      this.refresh().catch(() => {});
    });
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
    return this.#order.read(
      () => this.adapter.byUrl([url]),
      (rows) => {
        this.#rows.takeUrl(url, rows);
        return rows;
      },
    );
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
    await this.#order.read(
      () => this.adapter.rows([key]),
      (rows) => this.#rows.take([key], rows),
    );
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

  /** What is lost or damaged at the host, and not healed yet, that no row tells of: a sentence each. */
  damage(): string[] {
    return [...this.#place.damage, ...(this.adapter.damage?.() ?? this.#opened?.damage ?? [])];
  }

  /** Brings in what others wrote, if the host can tell cheaply; true when anything came. */
  async poll(): Promise<boolean> {
    if (this.adapter.poll === undefined || !(await this.adapter.poll())) return false;
    return this.#sync();
  }

  /** Brings in what others wrote. */
  async refresh(): Promise<void> {
    const told = this.#told;
    await this.complete();
    await this.adapter.poll?.();
    await this.#sync();
    this.#heard = Math.max(this.#heard, told);
  }

  /** Resolves when the catalog knows every row of the host, as far as that has told or tells cheaply. */
  async upToDate(): Promise<void> {
    await this.complete();
    await (this.#order.isUnsure || this.#told > this.#heard ? this.refresh() : this.poll());
  }

  /** Everything was deleted: what was damaged or lost before need not be reported any more. */
  async giveUp(): Promise<void> {
    this.#place.forget();
    await this.adapter.giveUp?.();
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
    // Where the place was deleted meanwhile, there is another one for what is queued.
    const onceMore = (error: SchemaStoreError) =>
      error.code === "DISK_ERROR" && error.retryable ? this.flush() : Promise.reject(error);
    const keep = (error: unknown) => {
      failure = error;
    };
    await this.flush().catch(onceMore).catch(keep);
    await this.#complete?.catch(() => {});
    if (this.#keepsIndex) await this.#savedIndex.save().catch(() => {});
    this.#closed = true;
    this.#savedIndex.stop();
    this.writes.stop();
    await this.adapter.close();
    if (failure !== undefined) throw failure;
  }

  async #load(): Promise<void> {
    const insert = (index: Uint8Array | undefined) =>
      index !== undefined && this.#insertIndex(index);
    if (!(await this.#order.read(() => this.adapter.index(), insert))) {
      await this.#replaceRows();
      if (this.#keepsIndex) this.#savedIndex.saveSoon();
    }
    this.#loaded = true;
  }

  /** An index that cannot be decoded is ignored, and so is one with writes under way. */
  #insertIndex(index: Uint8Array): boolean {
    if (this.writes.size > 0) return false;
    this.#order.saw();
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

  #replaceRows(): Promise<void> {
    return this.#order.read(
      () => this.adapter.allRows(),
      ({ rows, token, storeId }) => {
        const keep = this.writes.pending().map(({ slot }) => slot);
        const loss = this.#place.noteRead(storeId, () => this.#memory.catalog.hasOther(rows, keep));
        this.#rows.takeAll(rows, keep);
        this.#token = token;
        this.#order.changed();
        if (loss !== undefined) this.#listener.failed(loss);
      },
    );
  }

  /** One synchronisation at a time; a request that comes meanwhile is served by another one. */
  #sync(): Promise<boolean> {
    const previous = this.#syncing ?? Promise.resolve(false);
    const next = previous.catch(() => false).then(() => this.#syncOnce());
    this.#syncing = next;
    return next;
  }

  async #syncOnce(): Promise<boolean> {
    if (this.#closed) return false;
    if (!this.#order.isUnsure && this.#opened?.capabilities.changes !== true) return false;
    const read = async () => (this.#order.isUnsure ? "reset" : this.adapter.changes(this.#token));
    const outcome = await this.#order.read(read, (changes) => {
      if (changes === "reset") return changes;
      if (changes.token === this.#token) return false;
      if (this.#rows.takeChanges(changes)) this.#token = changes.token;
      this.#order.changed();
      if (this.#keepsIndex) this.#savedIndex.saveSoon();
      return true;
    });
    if (outcome !== "reset") return outcome;
    await this.#replaceRows();
    return true;
  }

  /** Commits, and runs `then` before anything else can be read from the host or learned of it. */
  #commit<T>(batch: HostBatch, then: () => T): Promise<T> {
    const { adapter } = this;
    const keys = [...batch.put.map(({ key }) => key), ...batch.delete];
    const commit = async () => {
      try {
        return await adapter.commit(batch, { durability: this.#durability });
      } catch (cause) {
        throw asStoreError(cause, "DISK_ERROR", `the commit to ${adapter.name} failed`);
      }
    };
    const again = async () => adapter.rows(keys);
    return this.#order.commit(keys, commit, again, (token, rows) => {
      let damaged = false;
      // The catalog of a restarted core is read again, which reports it.
      forgiveRestart(() => {
        damaged = this.#memory.ask((core) => core.damaged()).length > 0;
      });
      // Nobody else wrote in between: everything is known already.
      if (token === this.#token + 1 && !damaged) this.#token = token;
      if (this.#keepsIndex) this.#savedIndex.saveSoon();
      const done = then();
      // Somebody else may have written them again.
      if (rows !== undefined) forgiveRestart(() => this.#rows.take(keys, rows));
      // Other rows may have their body again, or others wrote in between.
      if (damaged || this.#order.isUnsure || token !== this.#token) this.#sync().catch(() => {});
      return done;
    });
  }

  #committed(writes: readonly PendingWrite[]): void {
    const bytes = bytesOf(writes);
    forgiveRestart(() => {
      this.#memory.removePending(bytes);
      this.#memory.admit(residentOf(writes, (key) => this.writes.has(key)));
    });
    this.#listener.flushed(writes.length, bytes);
  }

  /** The catalog is what the host had at the token. */
  get #isSettled(): boolean {
    return this.#loaded && !this.#order.isUnsure && this.writes.size === 0;
  }

  /** Hosts with an index of their own need no other. */
  get #keepsIndex(): boolean {
    return this.#opened?.capabilities.fullIndex === false && !this.#closed;
  }
}
