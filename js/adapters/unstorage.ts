/**
 * Host adapter over any storage of unstorage: a database, an object store, a key-value service.
 *
 * A storage has no transactions, so what is kept there is a log (`unstorage/commit-log.ts`). A commit writes
 * its bodies, each under its hash, and then one record with all of its rows: until that is there,
 * nothing refers to them. The rows are kept in memory while the adapter is open; bodies are not.
 *
 * Stores of one process on one and the same storage object share one `CommitLog`, and with it the order of
 * their commits. Several processes may write by turns, but not at one moment.
 */

import { copyOf, copyRow, mapKey, randomId } from "../bytes.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import type { HostAdapter, HostOpened, HostToken } from "../host.js";
import { checkGiven, type Rules } from "../rules.js";
import { LeftWrites } from "./left-writes.js";
import { CommitLog } from "./unstorage/commit-log.js";
import { readBody, type UnstorageStorage } from "./unstorage/records.js";

export type { UnstorageStorage };

/** Drivers that forget everything when the process ends. */
const VOLATILE: ReadonlySet<string> = new Set(["memory", "lru-cache", "null"]);

/** Options of the adapter. */
export interface UnstorageOptions {
  /** What every key begins with, `fhir-schema-store` by default; nothing else is read or removed. */
  readonly base?: string;
}

const RULES: Rules<UnstorageOptions> = {
  base: {
    range: "letters, digits, _ and -, with : between parts",
    accepts: (value) => typeof value === "string" && /^[\w-]+(:[\w-]+)*$/.test(value),
  },
};

/** The logs that are open in this process. */
const logs = new WeakMap<UnstorageStorage, Map<string, CommitLog>>();

/**
 * Keeps everything in a storage made by `createStorage`. It is durable as far as the driver's
 * `setItem` is when it resolves: few drivers wait for the disk.
 */
export function unstorageAdapter(
  storage: UnstorageStorage,
  options: UnstorageOptions = {},
): HostAdapter {
  checkGiven(options, RULES, "INVALID_CONFIG");
  const { base = "fhir-schema-store" } = options;
  if (typeof storage?.setItemRaw !== "function") {
    throw new SchemaStoreError(
      "INVALID_CONFIG",
      "unstorage: the storage is not one from createStorage()",
    );
  }
  const log = logOf(storage, base);
  const sideKey = (name: string) => `${base}:side:${name}`;
  const durable = !VOLATILE.has(storage.getMount?.(base).driver.name ?? "");
  const watchers = new Set<() => void>();
  let state: "new" | "open" | "closed" = "new";
  /** Names what this adapter leaves, which lies in the storage until all of it is committed. */
  const id = randomId();
  let left: LeftWrites | undefined;

  const use = (): CommitLog => {
    if (state === "open") return log;
    throw new SchemaStoreError("CLOSED", `unstorage: the adapter is ${state}`);
  };
  /** Whatever the driver throws becomes DISK_ERROR. */
  const guard = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw asStoreError(cause, "DISK_ERROR", `unstorage: ${what} failed`);
    }
  };
  const stop = (): void => {
    state = "closed";
    for (const watcher of watchers) log.watchers.delete(watcher);
  };

  return {
    name: "unstorage",
    async open(): Promise<HostOpened> {
      if (state === "new") {
        await guard("opening", () => log.open());
        state = "open";
      }
      const { storeId, token, damage } = use();
      const capabilities = {
        fullIndex: false,
        changes: true,
        atomicBatch: true,
        exclusive: false,
        checked: false,
      };
      return { storeId, place: base, token, durable, capabilities, damage };
    },
    async index(): Promise<undefined> {
      use();
    },
    async saveIndex(): Promise<void> {
      // The rows are in memory already when a store asks for them.
      use();
    },
    async allRows() {
      const { rows, token, storeId } = use();
      return { rows: Array.from(rows.values(), copyRow), token, storeId };
    },
    async rows(keys) {
      const { rows } = use();
      return keys.map((key) => {
        const row = rows.get(mapKey(key));
        return row && copyRow(row);
      });
    },
    async byUrl(urls) {
      const open = use();
      await guard("reading", () => open.refresh());
      const wanted = new Set(urls);
      return [...use().rows.values()].filter(({ url }) => wanted.has(url)).map(copyRow);
    },
    async changes(since) {
      const open = use();
      await guard("reading", () => open.refresh());
      const { token } = open;
      return since === token ? { rows: [], deleted: [], token } : "reset";
    },
    async bodies(hashes) {
      const open = use();
      return guard("reading", () => open.bodies.read(hashes));
    },
    async commit(batch): Promise<HostToken> {
      const own = {
        put: batch.put.map((put) => ({ ...copyRow({ ...put, revision: 0 }), body: put.body })),
        delete: batch.delete.map(copyOf),
        expect: batch.expect?.map(({ key, revision }) => ({ key: copyOf(key), revision })) ?? [],
        ...(batch.expectUrl && { expectUrl: batch.expectUrl }),
      };
      const open = use();
      return guard("writing", async () => {
        const token = await open.commit(own, watchers);
        if (left?.committed(batch)) {
          left = undefined;
          await open.forgetLeft(id);
        }
        return token;
      });
    },
    commitSync(batch) {
      if (state !== "open") return;
      left = new LeftWrites(batch);
      log.leave(id, batch);
    },
    async exclusive(name, work) {
      return use().turns.run(`exclusive ${name}`, work);
    },
    async side(name) {
      use();
      return guard("reading", async () => readBody(await storage.getItemRaw(sideKey(name)), name));
    },
    async saveSide(name, bytes) {
      const own = copyOf(bytes);
      // One at a time: drivers may write into one file concurrently and mix the results.
      const save = () => storage.setItemRaw(sideKey(name), own);
      return guard("writing", () => use().turns.run(`side ${name}`, save));
    },
    async usage() {
      return { bytes: use().bytes };
    },
    watch(onChange) {
      const watcher = () => onChange();
      use().watchers.add(watcher);
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        log.watchers.delete(watcher);
      };
    },
    async close(): Promise<void> {
      const wasOpen = state === "open";
      stop();
      if (wasOpen) await guard("closing", () => log.idle(id));
    },
    async destroy(): Promise<void> {
      stop();
      await guard("deleting", () => log.destroy());
    },
  };
}

function logOf(storage: UnstorageStorage, base: string): CommitLog {
  const ofStorage = logs.get(storage) ?? new Map<string, CommitLog>();
  logs.set(storage, ofStorage);
  const log = ofStorage.get(base) ?? new CommitLog(storage, base);
  ofStorage.set(base, log);
  return log;
}
