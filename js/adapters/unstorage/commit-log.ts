/**
 * The log of commits in a storage, under its base:
 *
 *     all:<token>    every row as it was at a token
 *     log:<token>    what the commit of that token put and deleted
 *     body:<hash>    a body, as bytes
 *     side:<name>    a small record beside the rows
 *     left:<id>      a commit that had to be written in one turn, as its page or process ended
 *     writer         who wrote last
 *
 * A commit is one `log` record, written when its bodies are there: a driver that writes half a record
 * has written none. From time to time a new `all` takes the place of the records before it; those
 * are removed when it has been written.
 *
 * A log that finds another writer's name reads the storage again before it writes. That is enough for
 * processes that take turns; a storage has no means for those that write at the same time.
 */

import { copyOf, copyRow, mapKey, randomId } from "../../bytes.js";
import { Turns } from "../../concurrency.js";
import { SchemaStoreError } from "../../errors.js";
import type { HostBatch, HostToken } from "../../host.js";
import {
  type LogRecord,
  type LogRow,
  readRecord,
  type UnstorageStorage,
  writeRecord,
} from "./records.js";
import { inTurn, StoredBodies } from "./stored-bodies.js";

/** Fewest commits that are joined into a new `all`. */
const MIN_JOINED = 64;

/** The rows in a storage, and the order of commits for all adapters of this process. */
export class CommitLog {
  readonly #storage: UnstorageStorage;
  readonly #base: string;
  readonly #writer: string;
  /** Never a number, as some storages would read it. */
  readonly #me = `writer-${randomId()}`;
  /** Row keys as `mapKey` has them. */
  readonly rows: Map<string, LogRow> = new Map();
  readonly watchers: Set<() => void> = new Set();
  /** Commits and other changes run as "log"; exclusive sections under names of their own. */
  readonly turns: Turns = new Turns();
  storeId = "";
  token: HostToken = 0;
  /** What could not be read, a sentence each. */
  damage: string[] = [];
  /** Bodies that are in the storage. */
  readonly bodies: StoredBodies;
  /** Tokens of the commits since the last `all`. */
  #commits: number[] = [];
  #users = 0;
  #loaded = false;
  /** Ids of what adapters left that live on: they commit it themselves. */
  readonly #living = new Set<string>();
  /** Settled when the driver has done what it was given as an adapter was left. */
  #leaving: Promise<unknown> = Promise.resolve();
  /** What others left is known here, but no commit yet: only a writer makes commits. */
  #unfiled = false;

  constructor(storage: UnstorageStorage, base: string) {
    this.#storage = storage;
    this.#base = base;
    this.bodies = new StoredBodies(storage, (hash) => this.#name("body", hash));
    this.#writer = `${base}:writer`;
  }

  /** Reads the log unless another adapter has it open. CORRUPT, FORMAT_TOO_NEW, UNSUPPORTED. */
  open(): Promise<void> {
    return this.turns.run("log", async () => {
      if (!this.#loaded) await this.#load();
      this.#users += 1;
    });
  }

  /** Waits for what is under way; the last one to go leaves nothing in memory. */
  idle(id: string): Promise<void> {
    return this.turns.run("log", async () => {
      await this.#leaving;
      this.#living.delete(id);
      this.#users -= 1;
      if (this.#users === 0) this.#unload();
    });
  }

  /** Reads the log again if another process wrote last. */
  refresh(): Promise<void> {
    return this.turns.run("log", async () => {
      if (!(await this.#isWriter())) await this.#load();
    });
  }

  /** Writes a batch and tells the watchers that are not `own`. CONCURRENCY. */
  commit(batch: HostBatch, own: ReadonlySet<() => void>): Promise<HostToken> {
    return this.turns.run("log", async () => {
      if (this.#unfiled || !(await this.#isWriter())) {
        await this.#storage.setItem(this.#writer, this.#me);
        await this.#load(true);
      }
      this.#check(batch);
      const put = batch.put.map((one) => ({
        ...copyRow({ ...one, revision: this.token + 1 }),
        size: one.body.byteLength,
      }));
      await this.bodies.write(batch.put);
      await this.#append({ storeId: this.storeId, put, delete: batch.delete });
      const { token } = this;
      for (const watcher of this.watchers) if (!own.has(watcher)) queueMicrotask(watcher);
      // Within the turn of this commit: whoever writes next may name what is removed here. What is
      // left over is found again: the commit is done without it.
      await this.#tidy().catch(() => {});
      return token;
    });
  }

  /**
   * Hands over a batch in one turn, as a page that is left must: a driver that writes at once has written
   * it when this returns. `forgetLeft` takes it back when all of it is committed after all.
   */
  leave(id: string, batch: HostBatch): void {
    if (!this.#loaded) return;
    const put = batch.put.map((one) => ({
      ...copyRow({ ...one, revision: 0 }),
      size: one.body.byteLength,
    }));
    // The batch holds what a commit under way writes, or what came after it.
    const token = this.token + (this.turns.busy("log") ? 1 : 0);
    const record = writeRecord({ storeId: this.storeId, token, put, delete: batch.delete });
    const sent: Promise<void>[] = [];
    for (const [hash, body] of this.bodies.missing(batch.put)) {
      sent.push(this.#storage.setItemRaw(this.#name("body", hash), copyOf(body)));
    }
    this.#living.add(id);
    sent.push(this.#storage.setItem(this.#name("left", id), record));
    // Nobody is left to hear of a failure.
    this.#leaving = Promise.allSettled([this.#leaving, ...sent]);
  }

  /** Takes back what was left under that id. */
  forgetLeft(id: string): Promise<void> {
    return this.turns.run("log", async () => {
      // Else it would be written after it was removed.
      await this.#leaving;
      await this.#storage.removeItem(this.#name("left", id));
      this.#living.delete(id);
    });
  }

  /** Bytes of rows and bodies. */
  get bytes(): number {
    let bytes = 0;
    for (const { key, hash, meta } of this.rows.values()) {
      bytes += key.byteLength + hash.byteLength + meta.byteLength;
    }
    return bytes + this.bodies.bytes;
  }

  /** Removes all there is; what is committed afterwards makes a new place. */
  destroy(): Promise<void> {
    return this.turns.run("log", async () => {
      this.#users = Math.max(0, this.#users - 1);
      this.#unload();
      // Newest first: if this fails half-way, what is left is still a log.
      const commits = (await this.#tokens("log")).reverse();
      for (const token of commits) await this.#storage.removeItem(this.#name("log", token));
      await this.#remove(await this.#storage.getKeys(this.#base));
      for (const watcher of this.watchers) queueMicrotask(watcher);
    });
  }

  async #isWriter(): Promise<boolean> {
    return this.#loaded && (await this.#storage.getItem(this.#writer)) === this.#me;
  }

  /** Rows change at the end and at once: they may be asked for meanwhile. */
  async #load(isWriter = false): Promise<void> {
    await this.#leaving;
    const [wholes, commits] = [await this.#tokens("all"), await this.#tokens("log")];
    for (const token of wholes.reverse()) {
      const all = await this.#read("all", token);
      if (all === undefined) continue;
      const later = commits.filter((commit) => commit > token);
      const records = await inTurn(later, (commit) => this.#read("log", commit));
      this.#unload();
      this.#replay(all, token, later, records);
      await this.#takeLeft(isWriter);
      this.#loaded = true;
      return;
    }
    if (commits.length > 0) {
      const message = `unstorage: ${this.#base} has commits, but no readable record of all rows`;
      throw new SchemaStoreError("CORRUPT", message, { key: this.#base });
    }
    this.#unload();
    await this.#begin(wholes);
    this.#loaded = true;
  }

  /** Makes a new place, and sees that the storage keeps and lists what it is given. */
  async #begin(unreadable: readonly number[]): Promise<void> {
    for (const token of unreadable) this.#noteUnreadable("all", token);
    this.storeId = randomId();
    this.token += 1;
    await this.#writeAll();
    if ((await this.#tokens("all")).includes(this.token)) return;
    const message = `unstorage: ${this.#base} was written, but the storage does not list it: this driver cannot be used`;
    throw new SchemaStoreError("UNSUPPORTED", message, { key: this.#base });
  }

  #replay(
    all: LogRecord,
    token: HostToken,
    commits: number[],
    records: readonly (LogRecord | undefined)[],
  ): void {
    this.storeId = all.storeId;
    this.token = token;
    this.#apply(all);
    this.#commits = commits;
    for (const [at, commit] of commits.entries()) {
      if (commit !== this.token + 1) this.damage.push(`commits before ${commit} are missing`);
      this.token = commit;
      const record = records[at];
      if (record === undefined) this.#noteUnreadable("log", commit);
      else this.#apply(record);
    }
    // They may have been removed; if not, they are when the commits are joined.
    this.bodies.takeUnused();
  }

  /** Takes in what others left: a writer makes commits of it, a reader only knows of it. */
  async #takeLeft(isWriter: boolean): Promise<void> {
    this.#unfiled = false;
    for (const name of await this.#storage.getKeys(this.#name("left", ""))) {
      if (this.#living.has(name.slice(this.#name("left", "").length))) continue;
      const left = readRecord(await this.#storage.getItem(name), name);
      // Else it is half a record, or of a place that was destroyed since.
      if (left !== undefined && left.storeId === this.storeId) {
        const due = await this.#due(left);
        if (isWriter) await this.#append(due);
        else this.#apply(due);
      }
      if (isWriter) await this.#storage.removeItem(name);
      else this.#unfiled = true;
    }
  }

  /** What of a record that was left is whole, and was not written since by somebody it did not know of. */
  async #due(left: LogRecord): Promise<LogRecord> {
    const isNewest = (key: Uint8Array) =>
      (this.rows.get(mapKey(key))?.revision ?? 0) <= (left.token ?? 0);
    const there = await inTurn(left.put, (row) => this.bodies.has(row));
    const put = left.put.filter(({ key }, at) => there[at] && isNewest(key));
    return {
      storeId: this.storeId,
      put: put.map((row) => ({ ...row, revision: this.token + 1 })),
      delete: left.delete.filter(isNewest),
    };
  }

  async #append(record: LogRecord): Promise<void> {
    const token = this.token + 1;
    await this.#storage.setItem(this.#name("log", token), writeRecord(record));
    this.#apply(record);
    this.token = token;
    this.#commits.push(token);
  }

  #noteUnreadable(kind: "all" | "log", token: number): void {
    this.damage.push(`${this.#name(kind, token)} was unreadable`);
  }

  #check({ expect = [], expectUrl }: HostBatch): void {
    for (const { key, revision } of expect) {
      if ((this.rows.get(mapKey(key))?.revision ?? 0) === revision) continue;
      throw new SchemaStoreError("CONCURRENCY", "unstorage: a row is not at the expected revision");
    }
    if (expectUrl === undefined) return;
    const ofUrl = [...this.rows.values()].filter(({ url }) => url === expectUrl.url);
    if (ofUrl.length === expectUrl.count) return;
    throw new SchemaStoreError("CONCURRENCY", `unstorage: ${expectUrl.url} has other rows`);
  }

  #apply({ put, delete: gone }: LogRecord): void {
    for (const row of put) {
      const key = mapKey(row.key);
      this.bodies.add(row);
      this.bodies.release(this.rows.get(key));
      this.rows.set(key, row);
    }
    for (const bytes of gone) {
      const key = mapKey(bytes);
      this.bodies.release(this.rows.get(key));
      this.rows.delete(key);
    }
  }

  /** Removes bodies without rows, and joins the commits when there are many. */
  async #tidy(): Promise<void> {
    if (!this.#loaded) return;
    await this.#remove(this.bodies.takeUnused().map((hash) => this.#name("body", hash)));
    if (this.#commits.length < Math.max(MIN_JOINED, this.rows.size / 16)) return;
    await this.#writeAll();
    this.#commits = [];
    const [all, commits] = [await this.#tokens("all"), await this.#tokens("log")];
    const old = all.filter((token) => token < this.token);
    const joined = commits.filter((token) => token <= this.token);
    await this.#remove(joined.map((token) => this.#name("log", token)));
    await this.#remove(old.map((token) => this.#name("all", token)));
    const bodies = await this.#storage.getKeys(this.#name("body", ""));
    await this.#remove(bodies.filter((name) => !this.bodies.isNamed(name.split(":").at(-1) ?? "")));
  }

  #writeAll(): Promise<void> {
    const record = { storeId: this.storeId, put: [...this.rows.values()], delete: [] };
    return this.#storage.setItem(this.#name("all", this.token), writeRecord(record));
  }

  async #read(kind: "all" | "log", token: number): Promise<LogRecord | undefined> {
    const name = this.#name(kind, token);
    return readRecord(await this.#storage.getItem(name), name);
  }

  /** The tokens of the records of a kind, ascending. */
  async #tokens(kind: "all" | "log"): Promise<number[]> {
    const names = await this.#storage.getKeys(this.#name(kind, ""));
    const tokens = names.map((name) => Number(name.split(":").at(-1)));
    return tokens.filter(Number.isInteger).sort((one, other) => one - other);
  }

  async #remove(names: readonly string[]): Promise<void> {
    await inTurn(names, (name) => this.#storage.removeItem(name));
  }

  #unload(): void {
    this.#loaded = false;
    this.rows.clear();
    this.bodies.clear();
    this.#commits = [];
    this.damage = [];
  }

  #name(kind: "all" | "log" | "body" | "left", rest: number | string): string {
    return `${this.#base}:${kind}:${rest}`;
  }
}
