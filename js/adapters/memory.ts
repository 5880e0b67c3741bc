/**
 * The reference adapter: everything `HostAdapter` promises, on two maps. Nothing survives the
 * process. Read it beside `host.ts` before writing an adapter of your own.
 */

import { copyOf, copyRow, isSame, mapKey, randomId } from "../bytes.js";
import { Turns } from "../concurrency.js";
import { UNREADABLE } from "../damage.js";
import { SchemaStoreError } from "../errors.js";
import type {
  HostAdapter,
  HostBatch,
  HostChanges,
  HostOpened,
  HostPut,
  HostRow,
  HostRows,
  HostToken,
  HostUsage,
} from "../host.js";
import { check, checkGiven, type OptionRule } from "../rules.js";

/** Deletions remembered for `changes`; beyond that, older tokens get "reset". */
const MAX_TOMBSTONES = 10_000;

interface Body {
  /** Undefined where they were damaged. */
  bytes: Uint8Array | undefined;
  /** Rows that name it; the last one to go takes it along. */
  uses: number;
}

interface Tombstone {
  readonly key: Uint8Array;
  readonly revision: number;
}

/** What several memory adapters share: the "disk". */
export class MemoryPlace {
  storeId: string = randomId();
  /** One more with every commit; a row's revision is the token of the commit that wrote it. */
  token: HostToken = 0;
  /** Deletions up to this token are forgotten. */
  horizon: HostToken = 0;
  readonly rows: Map<string, HostRow> = new Map();
  readonly tombstones: Map<string, Tombstone> = new Map();
  readonly bodies: Map<string, Body> = new Map();
  readonly side: Map<string, Uint8Array> = new Map();
  index: { readonly packed: Uint8Array; readonly token: HostToken } | undefined;
  readonly watchers: Set<{ readonly by: HostAdapter; readonly onChange: () => void }> = new Set();
  /** Sections of `exclusive`, by name. */
  readonly turns: Turns = new Turns();

  /** Checks every expectation, then writes: nothing here can fail half-way. */
  commit(batch: HostBatch): HostToken {
    for (const { key, revision } of batch.expect ?? []) {
      if ((this.rows.get(mapKey(key))?.revision ?? 0) === revision) continue;
      throw new SchemaStoreError("CONCURRENCY", "memory: a row is not at the expected revision");
    }
    const { expectUrl } = batch;
    if (expectUrl !== undefined) {
      const ofUrl = [...this.rows.values()].filter(({ url }) => url === expectUrl.url);
      if (ofUrl.length !== expectUrl.count) {
        throw new SchemaStoreError("CONCURRENCY", `memory: ${expectUrl.url} has other rows`);
      }
    }
    this.token += 1;
    for (const put of batch.put) this.#put(put);
    for (const key of batch.delete) this.#delete(key);
    if (this.tombstones.size > MAX_TOMBSTONES) {
      this.tombstones.clear();
      this.horizon = this.token;
    }
    return this.token;
  }

  /** Forgets everything; tokens go on, so that none given before is taken for a new one. */
  clear(): void {
    this.storeId = randomId();
    this.token += 1;
    this.horizon = this.token;
    this.index = undefined;
    for (const map of [this.rows, this.tombstones, this.bodies, this.side]) map.clear();
  }

  /** A row as readers are to see it. */
  seen(row: HostRow): HostRow {
    const body = this.bodies.get(mapKey(row.hash));
    return copyRow(body?.bytes ? row : { ...row, hash: UNREADABLE });
  }

  /** Drops a body that is not what its hash says, if it is there still; false when it is not. */
  reportDamage(hash: Uint8Array, body: Uint8Array | undefined): boolean {
    const held = this.bodies.get(mapKey(hash));
    if (held?.bytes && !(body && isSame(held.bytes, body))) return false;
    if (held) held.bytes = undefined;
    this.token += 1;
    this.#renew(hash);
    return true;
  }

  /** Gives the rows that name a body a new revision, so that everybody looks at them again. */
  #renew(hash: Uint8Array): void {
    for (const [rowKey, row] of this.rows) {
      if (isSame(row.hash, hash)) this.rows.set(rowKey, { ...row, revision: this.token });
    }
  }

  #put({ key, url, hash, meta, body }: HostPut): void {
    const [rowKey, bodyKey] = [mapKey(key), mapKey(hash)];
    const held = this.bodies.get(bodyKey) ?? { bytes: undefined, uses: 0 };
    if (held.uses > 0 && held.bytes === undefined) this.#renew(hash);
    // Also where there is one: it may be damaged.
    this.bodies.set(bodyKey, { bytes: copyOf(body), uses: held.uses + 1 });
    this.#release(rowKey);
    this.tombstones.delete(rowKey);
    this.rows.set(rowKey, copyRow({ key, url, hash, meta, revision: this.token }));
  }

  #delete(key: Uint8Array): void {
    const rowKey = mapKey(key);
    this.#release(rowKey);
    if (!this.rows.delete(rowKey)) return;
    this.tombstones.set(rowKey, { key: copyOf(key), revision: this.token });
  }

  #release(rowKey: string): void {
    const row = this.rows.get(rowKey);
    const held = row && this.bodies.get(mapKey(row.hash));
    if (!row || !held) return;
    held.uses -= 1;
    if (held.uses === 0) this.bodies.delete(mapKey(row.hash));
  }
}

const PLACE: OptionRule = {
  range: "a MemoryPlace",
  accepts: (value) => value instanceof MemoryPlace,
};

/** Keeps everything in `place`; adapters on one place see each other's commits. INVALID_CONFIG. */
export function memoryAdapter(
  place: MemoryPlace = new MemoryPlace(),
  none?: undefined,
): HostAdapter {
  checkGiven(none, undefined, "INVALID_CONFIG");
  check(place, PLACE, "place", "INVALID_CONFIG");
  let state: "new" | "open" | "closed" = "new";

  const use = (): MemoryPlace => {
    if (state === "open") return place;
    throw new SchemaStoreError("CLOSED", `memory: the adapter is ${state}`);
  };
  const announce = (): void => {
    for (const watcher of place.watchers) {
      if (watcher.by !== adapter) queueMicrotask(watcher.onChange);
    }
  };
  const stop = (): void => {
    state = "closed";
    for (const watcher of place.watchers) {
      if (watcher.by === adapter) place.watchers.delete(watcher);
    }
  };

  const adapter: HostAdapter = {
    name: "memory",
    async open(): Promise<HostOpened> {
      if (state === "new") state = "open";
      const { storeId, token } = use();
      const capabilities = {
        fullIndex: false,
        changes: true,
        atomicBatch: true,
        exclusive: true,
        checked: false,
      };
      return { storeId, token, durable: false, capabilities, damage: [] };
    },
    async index(): Promise<Uint8Array | undefined> {
      const { index, token } = use();
      return index?.token === token ? copyOf(index.packed) : undefined;
    },
    async saveIndex(packed, token): Promise<void> {
      use().index = { packed: copyOf(packed), token };
    },
    async allRows(): Promise<HostRows> {
      const { rows, token, storeId } = use();
      return { rows: Array.from(rows.values(), (row) => place.seen(row)), token, storeId };
    },
    async rows(keys): Promise<(HostRow | undefined)[]> {
      const { rows } = use();
      return keys.map((key) => {
        const row = rows.get(mapKey(key));
        return row && place.seen(row);
      });
    },
    async byUrl(urls): Promise<HostRow[]> {
      const wanted = new Set(urls);
      const found = [...use().rows.values()].filter((row) => wanted.has(row.url));
      return found.map((row) => place.seen(row));
    },
    async changes(since): Promise<HostChanges | "reset"> {
      const { rows, tombstones, token, horizon } = use();
      if (since < horizon || since > token) return "reset";
      const newer = <T extends { revision: number }>(all: Iterable<T>): T[] =>
        [...all].filter(({ revision }) => revision > since);
      return {
        rows: newer(rows.values()).map((row) => place.seen(row)),
        deleted: newer(tombstones.values()).map(({ key }) => copyOf(key)),
        token,
      };
    },
    async bodies(hashes): Promise<(Uint8Array | undefined)[]> {
      const { bodies } = use();
      return hashes.map((hash) => {
        const body = bodies.get(mapKey(hash))?.bytes;
        return body && copyOf(body);
      });
    },
    async reportDamage(hash, body): Promise<void> {
      if (!use().reportDamage(hash, body)) return;
      for (const { onChange } of place.watchers) queueMicrotask(onChange);
    },
    async commit(batch): Promise<HostToken> {
      const token = use().commit(batch);
      announce();
      return token;
    },
    async exclusive(name, work) {
      return use().turns.run(name, work);
    },
    async side(name): Promise<Uint8Array | undefined> {
      const found = use().side.get(name);
      return found && copyOf(found);
    },
    async saveSide(name, bytes): Promise<void> {
      use().side.set(name, copyOf(bytes));
    },
    async usage(): Promise<HostUsage> {
      const { rows, bodies } = use();
      let bytes = 0;
      for (const { key, hash, meta } of rows.values()) {
        bytes += key.byteLength + hash.byteLength + meta.byteLength;
      }
      for (const body of bodies.values()) bytes += body.bytes?.byteLength ?? 0;
      return { bytes };
    },
    watch(onChange) {
      const watcher = { by: adapter, onChange };
      use().watchers.add(watcher);
      return () => void place.watchers.delete(watcher);
    },
    async close(): Promise<void> {
      stop();
    },
    async destroy(): Promise<void> {
      stop();
      place.clear();
      announce();
    },
  };
  return adapter;
}
