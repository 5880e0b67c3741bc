/** Reading rows as they are stored. */

import { copyOf } from "../../bytes.js";
import type { HostRow } from "../../host.js";
import { result, results } from "./requests.js";
import {
  checkPlace,
  hostRow,
  isLive,
  type Place,
  type StoredRow,
  type Tombstone,
} from "./schema.js";

/** A row, what stays of one, or nothing. */
export type Stored = StoredRow | Tombstone | undefined;

/** The record about the database, checked. CORRUPT, FORMAT_TOO_NEW. */
export async function readPlace(transaction: IDBTransaction): Promise<Place> {
  return checkPlace(await result(transaction.objectStore("sys").get("place")));
}

/** Rows and deleted keys of a range, whole: a cursor takes several times as long. */
export async function readRows(
  source: IDBObjectStore | IDBIndex,
  range?: IDBValidKey | IDBKeyRange,
): Promise<{ rows: HostRow[]; deleted: Uint8Array[] }> {
  const [keys, found] = await Promise.all([
    result(source.getAllKeys(range)) as Promise<ArrayBuffer[]>,
    result(source.getAll(range)) as Promise<Stored[]>,
  ]);
  const rows: HostRow[] = [];
  const deleted: Uint8Array[] = [];
  found.forEach((row, i) => {
    const key = keys[i] as ArrayBuffer;
    if (isLive(row)) rows.push(hostRow(key, row));
    else deleted.push(new Uint8Array(key));
  });
  return { rows, deleted };
}

/** The rows of these keys that are there. */
export async function rowsOfKeys(
  store: IDBObjectStore,
  keys: readonly Uint8Array[],
): Promise<HostRow[]> {
  const wanted = keys.map((key) => copyOf(key).buffer);
  const found = await results<ArrayBuffer, Stored>(wanted, (key) => store.get(key));
  return found.flatMap((row, at) => (isLive(row) ? hostRow(wanted[at] as ArrayBuffer, row) : []));
}
