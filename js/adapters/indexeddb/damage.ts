/**
 * Bodies that do not match their hash. Such a body is dropped, its hash is noted in the `place` record,
 * and the rows that name it are marked until somebody puts the body again.
 */

import { isSame, mapKey } from "../../bytes.js";
import { UNREADABLE } from "../../damage.js";
import type { HostRow } from "../../host.js";
import { result, results } from "./requests.js";
import { readPlace } from "./rows.js";
import { checkPlace, type Place, type StoredRow } from "./schema.js";

/** The hashes whose bodies are noted as damaged, and have not been put again. */
export type Damaged = ReadonlyMap<string, ArrayBuffer>;

/** What is damaged, by `transaction`, which covers `sys` and `bodies`. */
export async function readDamaged(transaction: IDBTransaction, place: Place): Promise<Damaged> {
  const bodies = transaction.objectStore("bodies");
  const noted = place.damaged ?? [];
  const held = await results(noted, (hash) => bodies.getKey(hash));
  const absent = noted.filter((_, at) => held[at] === undefined);
  return new Map(absent.map((hash) => [mapKey(hash), hash]));
}

/** Rows as readers are to see them. */
function seen(rows: HostRow[], damaged: Damaged): HostRow[] {
  if (damaged.size === 0) return rows;
  return rows.map((row) =>
    damaged.has(mapKey(row.hash)) ? { ...row, hash: UNREADABLE.slice() } : row,
  );
}

/**
 * Drops `body`, which is not what `hash` says, if it is what the database still has; without a body, none
 * was there. Resolves to the new token, or to undefined where somebody put the body meanwhile.
 */
export async function drop(
  transaction: IDBTransaction,
  hash: ArrayBuffer,
  body: Uint8Array | undefined,
): Promise<number | undefined> {
  const [bodies, sys] = [transaction.objectStore("bodies"), transaction.objectStore("sys")];
  const named = transaction.objectStore("rows").index("hash");
  const [held, place, count] = await Promise.all([
    result<ArrayBuffer | undefined>(bodies.get(hash)),
    result<Place | undefined>(sys.get("place")).then(checkPlace),
    result(named.count(hash)),
  ]);
  const noted = (await readDamaged(transaction, place)).has(mapKey(hash));
  const other = held !== undefined && !(body && isSame(new Uint8Array(held), body));
  if (noted || other || count === 0) return undefined;
  const token = place.token + 1;
  const rows = await renew(transaction, hash, token);
  bodies.delete(hash);
  const bytes = place.bytes - (held === undefined ? 0 : (rows[0]?.size ?? 0));
  const damaged = [...(place.damaged ?? []), hash];
  sys.put({ ...place, token, bytes, damaged } satisfies Place, "place");
  return token;
}

/** Gives the rows that name a body a new revision, so that everybody looks at them again. */
export async function renew(
  transaction: IDBTransaction,
  hash: ArrayBuffer,
  revision: number,
): Promise<StoredRow[]> {
  const rows = transaction.objectStore("rows");
  const named = rows.index("hash");
  const [keys, found] = await Promise.all([
    result(named.getAllKeys(hash)),
    result<StoredRow[]>(named.getAll(hash)),
  ]);
  found.forEach((row, at) => {
    rows.put({ ...row, revision } satisfies StoredRow, keys[at]);
  });
  return found;
}

/** Rows, and what is read with them, as readers are to see them. */
export async function readSeen<T extends { rows: HostRow[] }>(
  transaction: IDBTransaction,
  read: (transaction: IDBTransaction, place: Place) => Promise<T>,
): Promise<T> {
  const place = await readPlace(transaction);
  const [damaged, found] = await Promise.all([
    readDamaged(transaction, place),
    read(transaction, place),
  ]);
  return { ...found, rows: seen(found.rows, damaged) };
}
