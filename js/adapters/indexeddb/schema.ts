/**
 * The database: always version 1, so that no tab ever blocks another's upgrade; higher only where an empty
 * database of the name was there and got its stores. The version of the format is in the `place` record; a new
 * major one gets a database of another name.
 *
 * | store    | key         | value |
 * |----------|-------------|-------|
 * | `rows`   | row key     | `StoredRow`, or `Tombstone` after a deletion |
 * | `bodies` | SHA-256     | ArrayBuffer |
 * | `sys`    | `place`     | `Place` |
 * | `sys`    | `index`     | `SavedIndex` |
 * | `side`   | name        | ArrayBuffer: a small record beside the rows |
 * | `side`   | `left:...`  | ArrayBuffer: a piece of the queue of a page that was left (`left.ts`) |
 */

import { randomId } from "../../bytes.js";
import { SchemaStoreError } from "../../errors.js";
import type { HostRow } from "../../host.js";

/** The major version of the format this code reads and writes. */
const MAJOR = 1;

/** The version IndexedDB knows, of a database that was not there before. */
export const VERSION = 1;

export const STORES = ["rows", "bodies", "sys", "side"] as const;
export type StoreName = (typeof STORES)[number];
/** Stores that a commit writes. */
export const COMMITTED: readonly StoreName[] = ["rows", "bodies", "sys"];

/** The one record about the whole. Members not known here are carried along. */
export interface Place {
  readonly major: number;
  readonly minor: number;
  readonly storeId: string;
  /** Version of the database in which the stores were made. Absent: `VERSION`. */
  readonly madeAt?: number;
  /** One more with every commit; a row's revision is the token of the commit that wrote it. */
  readonly token: number;
  /** Deletions up to this token have been forgotten. */
  readonly horizon: number;
  /** Tombstones kept. */
  readonly tombstones: number;
  /** Bytes of keys, metadata and bodies. */
  readonly bytes: number;
  /** Hashes of bodies that were not what their hash says, and were dropped. */
  readonly damaged?: readonly ArrayBuffer[];
}

/** A row at rest. */
export interface StoredRow {
  readonly url: string;
  readonly hash: ArrayBuffer;
  readonly meta: ArrayBuffer;
  /** Length of the body, so that the space it frees is known without reading it. */
  readonly size: number;
  readonly revision: number;
  /**
   * When its commit began, in milliseconds since 1970: of a write that a page left behind and one it
   * had not heard of, the later one counts.
   */
  readonly at: number;
}

/** What stays of a deleted row. Without `url` and `hash` it is in neither of these indexes. */
export interface Tombstone {
  readonly revision: number;
  readonly at: number;
}

/** The packed rows as they were at `token`. */
export interface SavedIndex {
  readonly packed: ArrayBuffer;
  readonly token: number;
}

/** Makes the stores of a new database; runs inside the transaction that makes the database. */
export function createStores(database: IDBDatabase): void {
  const rows = database.createObjectStore("rows");
  for (const index of ["url", "hash", "revision"]) rows.createIndex(index, index);
  database.createObjectStore("bodies");
  database.createObjectStore("side");
  // Starting from the clock, tokens of a deleted database of this name are older than any here.
  const token = Date.now();
  const counts = { token, horizon: token, tombstones: 0, bytes: 0 };
  const place: Place = {
    major: MAJOR,
    minor: 0,
    storeId: randomId(),
    madeAt: database.version,
    ...counts,
  };
  database.createObjectStore("sys").put(place, "place");
}

/** Checks the `place` record. CORRUPT, or FORMAT_TOO_NEW for another major version. */
export function checkPlace(place: Place | undefined): Place {
  if (typeof place?.major !== "number" || !Number.isSafeInteger(place.token)) {
    throw new SchemaStoreError(
      "CORRUPT",
      "indexeddb: the record that describes the database is damaged",
    );
  }
  if (place.major === MAJOR) return place;
  const message = `indexeddb: the database has format ${place.major}, this version reads ${MAJOR}`;
  throw new SchemaStoreError("FORMAT_TOO_NEW", message);
}

/** Whether there is a row, and not what stays of one. */
export function isLive(found: StoredRow | Tombstone | undefined): found is StoredRow {
  return found !== undefined && "url" in found;
}

/** The row as the store sees it. `key` becomes part of it. */
export function hostRow(key: ArrayBuffer, stored: StoredRow): HostRow {
  return {
    key: new Uint8Array(key),
    url: stored.url,
    hash: new Uint8Array(stored.hash),
    meta: new Uint8Array(stored.meta),
    revision: stored.revision,
  };
}
