/**
 * The durable tier in a directory: append-only segments and an index snapshot.
 *
 * The log's state machine is Rust; here are the system calls around it, in the order that makes an
 * acknowledged commit survive. Read `fs/recovery.ts` for the way in, `fs/segment-writer.ts` for the way out.
 */

import { rmdirSync } from "node:fs";
import { resolve } from "node:path";
import { SchemaStoreError } from "../errors.js";
import type {
  Durability,
  HostAdapter,
  HostBatch,
  HostCapabilities,
  HostChanges,
  HostContext,
  HostOpened,
  HostRow,
  HostRows,
  HostToken,
  HostUsage,
} from "../host.js";
import { check, checkGiven, nonEmpty } from "../rules.js";
import { diskError, Files, isOurs, sideName } from "./fs/files.js";
import { Locks } from "./fs/lock.js";
import { type Fate, LogCore } from "./fs/log-core.js";
import { unlessGone } from "./fs/recovery.js";
import { readBodies } from "./fs/segment-bodies.js";
import { LogRestarted, SegmentWriter } from "./fs/segment-writer.js";
import { unpackKeys, unpackRows } from "./fs/unpack-rows.js";
import { publishSnapshot, Upkeep } from "./fs/upkeep.js";

/** Bytes of segments beyond the snapshot that are worth a new one. */
const SNAPSHOT_AFTER = 8 << 20;
/** How often other processes' commits are looked for while somebody watches, in milliseconds. */
const WATCH_MS = 1000;

const CAPABILITIES: HostCapabilities = {
  fullIndex: true,
  changes: true,
  atomicBatch: true,
  exclusive: true,
  checked: true,
};

/**
 * A durable tier in `directory`, which is made if it is absent. Any number of processes may use one
 * directory at once. A directory with other people's files in it is INVALID_CONFIG.
 */
export function fsAdapter(directory: string, none?: undefined): HostAdapter {
  checkGiven(none, undefined, "INVALID_CONFIG");
  check(directory, nonEmpty("a path"), "directory", "INVALID_CONFIG");
  return new FsAdapter(resolve(directory));
}

/** What there is between `open` and `close`. */
interface Open {
  readonly core: LogCore;
  readonly writer: SegmentWriter;
  readonly upkeep: Upkeep;
}

class FsAdapter implements HostAdapter {
  readonly name = "fs";
  readonly #files: Files;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #open: Open | undefined;
  /** The end of the commits under way: they go one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #wrote = false;
  /** The last reading of the directory that the listeners were told of. */
  #toldEra = 0;

  constructor(directory: string) {
    this.#files = new Files(directory);
  }

  async open({ core: module }: HostContext): Promise<HostOpened> {
    const core: LogCore = new LogCore(module, this.#files, () => this.#open?.writer.release());
    const damage = core.call((log) => log.damage());
    const writer = new SegmentWriter(this.#files, core);
    const upkeep = new Upkeep(this.#files, core, writer, {
      alone: async (work, patienceMs) =>
        this.#alone(async () => {
          this.#refresh();
          return work();
        }, patienceMs),
      hold: async (name, work, patienceMs) => this.#locks().hold(name, work, patienceMs),
    });
    this.#open = { core, writer, upkeep };
    this.#wrote = false;
    this.#toldEra = core.era;
    return {
      storeId: core.storeId,
      place: this.#files.directory,
      token: core.token(),
      durable: true,
      capabilities: CAPABILITIES,
      damage,
    };
  }

  async index(): Promise<Uint8Array> {
    return this.#core.call((log) => log.index());
  }

  /** Does nothing: the adapter keeps its own snapshot. */
  async saveIndex(): Promise<void> {
    this.#opened;
  }

  async allRows(): Promise<HostRows> {
    const core = this.#core;
    // In one step: others' commits may be taken in while this waits.
    const rows = unpackRows(core.call((log) => log.index()));
    return { rows, token: core.token(), storeId: core.storeId };
  }

  async rows(keys: readonly Uint8Array[]): Promise<(HostRow | undefined)[]> {
    return keys.map((key) => {
      const packed = this.#core.call((log) => log.row(key));
      return packed && unpackRows(packed)[0];
    });
  }

  async byUrl(urls: readonly string[]): Promise<HostRow[]> {
    this.#refresh();
    return urls.flatMap((url) => unpackRows(this.#core.call((log) => log.byUrl(url))));
  }

  async changes(token: HostToken): Promise<HostChanges | "reset"> {
    const core = this.#core;
    this.#refresh();
    const since = core.since(token);
    if (since === undefined) return "reset";
    return {
      rows: unpackRows(core.call((log) => log.changed(since))),
      deleted: unpackKeys(core.call((log) => log.deleted(since))),
      token: core.token(),
    };
  }

  async bodies(hashes: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    let lost = false;
    const bodies = await readBodies(this.#files, this.#core, hashes, {
      refresh: () => this.#refresh(),
      lost: () => {
        lost = true;
      },
    });
    if (lost && this.#open !== undefined) {
      this.#announce();
      // So that the next to open the directory knows of it without reading the body.
      this.#publishLater();
    }
    return bodies;
  }

  damage(): readonly string[] {
    return this.#open === undefined ? [] : this.#core.call((log) => log.damage());
  }

  async giveUp(): Promise<void> {
    // No row has the empty key: its deletion says that nothing lost before it is missed.
    const everything = { put: [], delete: [new Uint8Array()] };
    if (this.damage().length > 0) await this.commit(everything, { durability: "strict" });
  }

  async commit(batch: HostBatch, { durability }: { durability: Durability }): Promise<HostToken> {
    this.#occupyPlace();
    const { core, upkeep } = this.#opened;
    const token = await this.#alone(async () => {
      const token = await this.#commitIn(core.storeId, batch, durability);
      this.#wrote = true;
      if (core.call((log) => log.uncovered()) > SNAPSHOT_AFTER) this.#publishLater();
      return token;
    });
    await upkeep.committed(batch.put.reduce((sum, { body }) => sum + body.length, 0));
    return token;
  }

  commitSync(batch: HostBatch): void {
    const { core } = this.#opened;
    this.#occupyPlace();
    this.#refresh();
    new SegmentWriter(this.#files, core, true).commitNow(batch);
    this.#wrote = true;
  }

  async exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#occupyPlace();
    return this.#locks().hold(`work ${name}`, work);
  }

  async side(name: string): Promise<Uint8Array | undefined> {
    return this.#core.call(() => unlessGone(() => this.#files.readFrom(sideName(name), 0)));
  }

  async saveSide(name: string, bytes: Uint8Array): Promise<void> {
    this.#followPlace();
    // A hint is no reason to make the directory again; the caller keeps it for the next time.
    if (this.#core.isVacant) throw lost(this.#files.directory, "deleted");
    this.#core.call(() => this.#files.replace(sideName(name), bytes));
  }

  async usage(): Promise<HostUsage> {
    const files = this.#files;
    const names = this.#core.call(() => unlessGone(() => files.list()) ?? []);
    const sizes = this.#core.call(() =>
      names.map((name) => (isOurs(name) ? unlessGone(() => files.size(name)) : 0) ?? 0),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return { bytes, memoryBytes: this.#core.memoryBytes };
  }

  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    this.#timer ??= setInterval(() => void this.poll().catch(() => {}), WATCH_MS).unref();
    return () => {
      this.#listeners.delete(onChange);
      if (this.#listeners.size === 0) this.#stopWatching();
    };
  }

  async poll(): Promise<boolean> {
    return this.#refresh();
  }

  async close(): Promise<void> {
    if (this.#open === undefined) return;
    const { writer, core, upkeep } = this.#opened;
    this.#stopWatching();
    try {
      await upkeep.idle();
      await this.#queue;
      this.#followPlace();
      await writer.seal();
      if (this.#wrote && !core.isVacant) await upkeep.close();
    } catch (error) {
      throw diskError(error, "closing the store", this.#files.directory);
    } finally {
      writer.release();
      core.drop();
      this.#open = undefined;
    }
  }

  async destroy(): Promise<void> {
    const open = this.#opened;
    this.#stopWatching();
    await open.upkeep.stop();
    await this.#queue;
    open.writer.release();
    open.core.drop();
    this.#open = undefined;
    try {
      for (const name of this.#files.list().filter(isOurs)) this.#files.remove(name);
    } catch (error) {
      throw diskError(error, "deleting the store", this.#files.directory);
    }
    try {
      rmdirSync(this.#files.directory);
    } catch {
      // Other files are in it.
    }
  }

  get #opened(): Open {
    if (this.#open === undefined) {
      throw new SchemaStoreError("CLOSED", "the store is not open", { key: this.#files.directory });
    }
    return this.#open;
  }

  get #core(): LogCore {
    return this.#opened.core;
  }

  /** Named after the store as it is: it may be another one than before. */
  #locks(): Locks {
    return new Locks(this.#files.directory, this.#core.storeId);
  }

  /** Runs `work` after the commits before it, and while no other process commits to the same store. */
  #alone<T>(work: () => Promise<T>, patienceMs?: number): Promise<T> {
    const { core } = this.#opened;
    const run = this.#queue.then(() => {
      const { storeId } = core;
      const checked = async (): Promise<T> => {
        if (core.storeId !== storeId) throw lost(this.#files.directory, core.fate());
        return work();
      };
      return this.#locks().hold("commit", checked, patienceMs);
    });
    this.#queue = run.catch(() => {});
    return run;
  }

  /** Commits to the store of that identity, whose lock is held. */
  async #commitIn(storeId: string, batch: HostBatch, durability: Durability): Promise<HostToken> {
    const { core, writer } = this.#opened;
    try {
      this.#refresh();
      // It may have been deleted while the commit waited for the lock.
      if (core.storeId === storeId) core.occupy();
      if (core.storeId !== storeId || core.isVacant) {
        throw lost(this.#files.directory, core.fate());
      }
      return await writer.commit(batch, durability);
    } catch (error) {
      throw this.#whyNot(error, storeId);
    }
  }

  /** Why a commit to a store failed: whatever the system said, the store may have gone under it. */
  #whyNot(error: unknown, storeId: string): unknown {
    const restarted = error instanceof LogRestarted;
    const known = error instanceof SchemaStoreError ? error : undefined;
    if (!restarted && (known?.code !== "DISK_ERROR" || known.retryable)) return error;
    const { directory } = this.#files;
    const { core } = this.#opened;
    try {
      const fate = core.fate();
      if (fate !== "same" || core.storeId !== storeId) return lost(directory, fate, error);
    } catch {
      // Then the disk fails, and that is the reason.
    }
    if (!restarted) return error;
    const message = `the store in ${directory} was read again during the write, which may be in it or not`;
    return new SchemaStoreError("DISK_ERROR", message, { key: directory, retryable: true });
  }

  /** Takes in what others wrote, and tells the listeners. */
  #refresh(): boolean {
    this.#followPlace();
    const core = this.#core;
    const changed = core.refresh() || core.era !== this.#toldEra;
    this.#toldEra = core.era;
    if (changed) this.#announce();
    return changed;
  }

  #announce(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }

  /** A directory that was deleted is an empty store, one that was recreated is used as it is now. */
  #followPlace(): void {
    const fate = this.#core.fate();
    if (fate === "deleted" || fate === "replaced") this.#core.restart();
  }

  /** The same before a write, which makes the directory again. INVALID_CONFIG. */
  #occupyPlace(): void {
    this.#followPlace();
    this.#core.occupy();
  }

  #publishLater(): void {
    const { core } = this.#opened;
    // A snapshot is a cache: when it fails, the segments still say everything.
    this.#alone(() => publishSnapshot(this.#files, core)).catch(() => {});
  }

  #stopWatching(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** `fate` is that of the log as it is now: one that is "same" has been read again already. */
function lost(directory: string, fate: Fate, cause?: unknown): SchemaStoreError {
  const isGone = fate === "deleted" || fate === "vacant";
  const what = isGone ? "deleted" : "deleted and recreated";
  const message = `${directory} was ${what} by another process during the write`;
  return new SchemaStoreError("DISK_ERROR", message, { key: directory, cause, retryable: true });
}
