/** One batch in one transaction: check, write, collect what nothing names any more. */

import { exactBuffer, isSame, mapKey } from "../../bytes.js";
import { SchemaStoreError } from "../../errors.js";
import type { HostBatch, HostToken, HostUrlExpectation } from "../../host.js";
import { readDamaged, renew } from "./damage.js";
import { ownText, result, results } from "./requests.js";
import { checkPlace, isLive, type Place, type StoredRow, type Tombstone } from "./schema.js";

/** Tombstones kept for `changes`; beyond that, all are dropped and older tokens get "reset". */
const MAX_TOMBSTONES = 10_000;

/** A batch whose buffers are of exactly their size, ready for any number of attempts. */
export interface PreparedBatch {
  readonly put: readonly {
    readonly key: ArrayBuffer;
    readonly row: Omit<StoredRow, "revision" | "at">;
    readonly body: ArrayBuffer;
    /** When it was asked for, in milliseconds since 1970; so below. */
    readonly at: number;
  }[];
  readonly delete: readonly { readonly key: ArrayBuffer; readonly at: number }[];
  readonly expect: readonly { readonly key: ArrayBuffer; readonly revision: number }[];
  readonly expectUrl: HostUrlExpectation | undefined;
}

/**
 * `times` says when each write was asked for, puts first; now where it does not. What is not of exact size
 * is copied: a view would be stored with all of the memory below it.
 */
export function prepare(
  batch: HostBatch,
  times: readonly (number | undefined)[] = [],
): PreparedBatch {
  const now = Date.now();
  return {
    put: batch.put.map(({ key, url, hash, meta, body }, i) => ({
      key: exactBuffer(key),
      row: { url, hash: exactBuffer(hash), meta: exactBuffer(meta), size: body.byteLength },
      body: exactBuffer(body),
      at: times[i] ?? now,
    })),
    delete: batch.delete.map((key, i) => ({
      key: exactBuffer(key),
      at: times[batch.put.length + i] ?? now,
    })),
    expect: (batch.expect ?? []).map(({ key, revision }) => ({ key: exactBuffer(key), revision })),
    expectUrl: batch.expectUrl,
  };
}

/** Writes the batch in `transaction`, which covers `rows`, `bodies` and `sys`. */
export async function write(transaction: IDBTransaction, batch: PreparedBatch): Promise<HostToken> {
  const rows = transaction.objectStore("rows");
  const bodies = transaction.objectStore("bodies");
  const sys = transaction.objectStore("sys");

  const byHash = new Map(batch.put.map(({ row, body }) => [mapKey(row.hash), { row, body }]));
  const named = [...byHash.values()];
  const writtenKeys = [...batch.put, ...batch.delete].map(({ key }) => key);
  const place = checkPlace(await result<Place | undefined>(sys.get("place")));
  // An empty database needs no look-ups: the first package is stored twice as fast.
  const empty = place.bytes === 0 && place.tombstones === 0;
  const inUse = <T>(items: readonly T[]) => (empty ? [] : items);
  const { expectUrl } = batch;
  const [damaged, expected, [ofUrl = 0], old, held] = await Promise.all([
    readDamaged(transaction, place),
    results(inUse(batch.expect), ({ key }) => rows.get(key)),
    results(inUse(expectUrl ? [expectUrl.url] : []), (url) =>
      rows.index("url").count(ownText(url)),
    ),
    results(inUse(writtenKeys), (key) => rows.get(key) as IDBRequest<StoredRow | Tombstone>),
    results(inUse(named), ({ row }) => bodies.get(row.hash) as IDBRequest<ArrayBuffer | undefined>),
  ]);
  batch.expect.forEach(({ revision }, i) => {
    if ((isLive(expected[i]) ? expected[i].revision : 0) !== revision) {
      throw new SchemaStoreError("CONCURRENCY", "indexeddb: a row is not at the expected revision");
    }
  });

  if (expectUrl && expectUrl.count !== ofUrl) {
    throw new SchemaStoreError("CONCURRENCY", `indexeddb: ${expectUrl.url} has other rows`);
  }

  const token = place.token + 1;
  const tally = { bytes: place.bytes, tombstones: place.tombstones };
  named.forEach(({ row, body }, i) => {
    // The stored body may be damaged: then it counts as absent.
    const there = held[i];
    if (there !== undefined && isSame(new Uint8Array(there), new Uint8Array(body))) return;
    bodies.put(body, row.hash);
    if (there === undefined) tally.bytes += row.size;
  });
  const left = new Map(damaged);
  for (const { row } of named) {
    if (left.delete(mapKey(row.hash))) await renew(transaction, row.hash, token);
  }
  batch.put.forEach(({ key, row, at }, i) => {
    rows.put({ ...row, at, revision: token } satisfies StoredRow, key);
    tally.bytes += rowBytes(key, row);
    if (old[i] && !isLive(old[i])) tally.tombstones -= 1;
  });
  batch.delete.forEach(({ key, at }, i) => {
    if (!isLive(old[batch.put.length + i])) return;
    rows.put({ at, revision: token } satisfies Tombstone, key);
    tally.tombstones += 1;
  });
  old.forEach((row, i) => {
    if (isLive(row)) tally.bytes -= rowBytes(writtenKeys[i] as ArrayBuffer, row);
  });
  const released = old.filter(isLive).filter((row) => !byHash.has(mapKey(row.hash)));
  for (const { hash, size } of await collectBodies(transaction, released)) {
    if (!left.delete(mapKey(hash))) tally.bytes -= size;
  }

  const full = tally.tombstones > MAX_TOMBSTONES;
  if (full) await collectTombstones(rows);
  const rest = full ? { tombstones: 0, horizon: token } : { tombstones: tally.tombstones };
  const next: Place = { ...place, ...rest, token, bytes: tally.bytes };
  sys.put(place.damaged ? { ...next, damaged: [...left.values()] } : next, "place");
  return token;
}

/**
 * Deletes rows with nothing but deletions, in `transaction`, which covers `rows`, `bodies` and `sys`: over its
 * quota a browser still takes those, where it refuses the least record. `announce` is to follow.
 */
export async function removeRows(
  transaction: IDBTransaction,
  keys: readonly ArrayBuffer[],
): Promise<{ readonly bytes: number }> {
  const rows = transaction.objectStore("rows");
  const old = await results(keys, (key) => rows.get(key) as IDBRequest<StoredRow | undefined>);
  let bytes = 0;
  old.forEach((row, i) => {
    const key = keys[i] as ArrayBuffer;
    if (!isLive(row)) return;
    bytes += rowBytes(key, row);
    rows.delete(key);
  });
  const sys = transaction.objectStore("sys");
  // It would bring them back.
  sys.delete("index");
  const place = checkPlace(await result<Place | undefined>(sys.get("place")));
  const damaged = await readDamaged(transaction, place);
  for (const { hash, size } of await collectBodies(transaction, old.filter(isLive))) {
    if (!damaged.has(mapKey(hash))) bytes += size;
  }
  return { bytes };
}

/** Makes every other tab read all rows again, after some were removed without a tombstone. */
export async function announce(
  transaction: IDBTransaction,
  { bytes }: { readonly bytes: number },
): Promise<HostToken> {
  const sys = transaction.objectStore("sys");
  const place = checkPlace(await result<Place | undefined>(sys.get("place")));
  const token = place.token + 1;
  // Earlier tokens get "reset"; the tombstones there are go with the next collection.
  sys.put({ ...place, token, horizon: token, bytes: place.bytes - bytes } satisfies Place, "place");
  return token;
}

/** Deletes the bodies of `released` that no row names now; resolves to rows that named them. */
async function collectBodies(
  transaction: IDBTransaction,
  released: readonly StoredRow[],
): Promise<StoredRow[]> {
  const distinct = [...new Map(released.map((row) => [mapKey(row.hash), row])).values()];
  const byHash = transaction.objectStore("rows").index("hash");
  const names = await results(distinct, ({ hash }) => byHash.count(hash));
  const gone = distinct.filter((_, i) => names[i] === 0);
  for (const { hash } of gone) transaction.objectStore("bodies").delete(hash);
  return gone;
}

async function collectTombstones(rows: IDBObjectStore): Promise<void> {
  const [all, live] = await Promise.all([
    result(rows.getAllKeys()) as Promise<ArrayBuffer[]>,
    result(rows.index("url").getAllKeys()) as Promise<ArrayBuffer[]>,
  ]);
  const kept = new Set(live.map(mapKey));
  for (const key of all) if (!kept.has(mapKey(key))) rows.delete(key);
}

function rowBytes(key: ArrayBuffer, { hash, meta }: Pick<StoredRow, "hash" | "meta">): number {
  return key.byteLength + hash.byteLength + meta.byteLength;
}
