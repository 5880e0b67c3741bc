/**
 * What a page had queued when it was left. Such a page does not live to see a result, so a commit,
 * which reads before it writes, comes too late. Instead the whole queue is copied into the store
 * `side` in one turn; whoever opens the database next applies it to rows and bodies.
 *
 * The copy is cut into pieces: Chromium stores a value of more than 64 KB as a blob, and fetches the
 * bytes of that from the page afterwards, when it is gone.
 */

import { joinBytes, mapKey } from "../../bytes.js";
import type { HostToken } from "../../host.js";
import { type PreparedBatch, write } from "./commit.js";
import { result, results } from "./requests.js";
import type { StoredRow, Tombstone } from "./schema.js";

/** Bytes of a piece. */
const PIECE = 48 * 1024;
/** Version of the copy; others are left as they are. */
const FORMAT = 1;
/** Names of side records are letters: none begins like this. */
const PREFIX = "left:";

/** A queue that was copied. */
export interface LeftQueue {
  /** Whose it is: one for each adapter that is open. */
  readonly id: string;
  /** The last commit its page knew of. */
  readonly token: HostToken;
  readonly writes: Pick<PreparedBatch, "put" | "delete">;
}

/** What was left, once it is applied. */
export interface Taken {
  /** Whether anything was written. */
  readonly wrote: boolean;
  /** What could not be read, and stays: one sentence each. */
  readonly damage: readonly string[];
}

/** Copies a queue into `side`, in place of an earlier copy of the same page; waits for nothing. */
export function leave(side: IDBObjectStore, queue: LeftQueue): void {
  side.delete(piecesOf(queue.id));
  const bytes = pack(queue);
  for (let at = 0; at < bytes.length; at += PIECE) {
    side.put(bytes.slice(at, at + PIECE).buffer, pieceName(queue.id, at / PIECE));
  }
}

/** Removes the copy of a page. */
export function forget(side: IDBObjectStore, id: string): void {
  side.delete(piecesOf(id));
}

/** Whether any page left anything. */
export async function isAnyLeft(side: IDBObjectStore): Promise<boolean> {
  return (await result(side.count(allPieces()))) > 0;
}

/** Applies everything that was left, in `transaction`, which covers every store. */
export async function takeLeft(transaction: IDBTransaction): Promise<Taken> {
  const side = transaction.objectStore("side");
  const [names, pieces] = await Promise.all([
    result(side.getAllKeys(allPieces())) as Promise<string[]>,
    result(side.getAll(allPieces())) as Promise<ArrayBuffer[]>,
  ]);
  const found = joined(names, pieces).map(([id, bytes]) => [id, unpack(id, bytes)] as const);
  const queues = found.flatMap(([, queue]) => queue ?? []);
  for (const { id } of queues) side.delete(piecesOf(id));
  const due = await writesDue(transaction, queues);
  const wrote = due.put.length + due.delete.length > 0;
  if (wrote) await write(transaction, { ...due, expect: [], expectUrl: undefined });
  const unreadable = found.filter(([, queue]) => queue === undefined);
  const damage = unreadable.map(
    ([id]) => `the queue of a page that was left, ${id}, is unreadable`,
  );
  return { wrote, damage };
}

/**
 * The batch of a page that lives on after it made a copy. `copiedAt` says when each of its writes was
 * copied, puts first, undefined for those that were not. If another tab has applied the copy already, its
 * writes are not repeated over what was written since.
 */
export async function reclaim(
  transaction: IDBTransaction,
  { id, token }: Pick<LeftQueue, "id" | "token">,
  batch: PreparedBatch,
  copiedAt: readonly (number | undefined)[],
): Promise<PreparedBatch> {
  const side = transaction.objectStore("side");
  if ((await result(side.getKey(pieceName(id, 0)))) !== undefined) return batch;
  const all = allWrites(batch);
  const stored = await storedRows(transaction, all);
  const outdated = new Set(
    all.filter((_, at) => {
      const time = copiedAt[at];
      return time !== undefined && isLater(stored[at], time, token);
    }),
  );
  return {
    ...batch,
    put: batch.put.filter((one) => !outdated.has(one)),
    delete: batch.delete.filter((one) => !outdated.has(one)),
  };
}

type Write = PreparedBatch["put"][number] | PreparedBatch["delete"][number];
type Stored = StoredRow | Tombstone | undefined;

function allWrites({ put, delete: deleted }: LeftQueue["writes"]): Write[] {
  return [...put, ...deleted];
}

/** Of several pages that wrote one row the last one counts, and what was stored later than all. */
async function writesDue(
  transaction: IDBTransaction,
  queues: readonly LeftQueue[],
): Promise<LeftQueue["writes"]> {
  const last = new Map<string, { readonly one: Write; readonly token: HostToken }>();
  for (const { token, writes } of queues) {
    for (const one of allWrites(writes)) {
      const other = last.get(mapKey(one.key));
      if (other === undefined || other.one.at <= one.at) last.set(mapKey(one.key), { one, token });
    }
  }
  const found = [...last.values()];
  const stored = await storedRows(
    transaction,
    found.map(({ one }) => one),
  );
  const due = found.filter(({ one, token }, at) => !isLater(stored[at], one.at, token));
  const put: PreparedBatch["put"][number][] = [];
  const deleted: PreparedBatch["delete"][number][] = [];
  for (const { one } of due) {
    if ("row" in one) put.push(one);
    else deleted.push(one);
  }
  return { put, delete: deleted };
}

function storedRows(transaction: IDBTransaction, writes: readonly Write[]): Promise<Stored[]> {
  const rows = transaction.objectStore("rows");
  return results(writes, ({ key }) => rows.get(key) as IDBRequest<Stored>);
}

/** Whether what is stored was written after `at`, by somebody the page had not heard of. */
function isLater(stored: Stored, at: number, token: HostToken): boolean {
  return stored !== undefined && stored.revision > token && stored.at > at;
}

/** What stands before the bytes of a copy, as JSON. */
interface Head {
  readonly format: number;
  readonly token: HostToken;
  /** Time, URL and lengths of key, hash, metadata and body of each put. */
  readonly put: readonly [number, string, number, number, number, number][];
  /** Time of each deletion, and the length of its key. */
  readonly delete: readonly [number, number][];
}

/** Length of the head, the head, then the bytes it describes, one after the other. */
function pack({ token, writes }: LeftQueue): Uint8Array<ArrayBuffer> {
  const { put, delete: deleted } = writes;
  const head: Head = {
    format: FORMAT,
    token,
    put: put.map(({ at, key, row, body }) => [
      at,
      row.url,
      key.byteLength,
      row.hash.byteLength,
      row.meta.byteLength,
      body.byteLength,
    ]),
    delete: deleted.map(({ at, key }) => [at, key.byteLength]),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, text.length);
  return joinBytes([
    length.buffer,
    text,
    ...put.flatMap(({ key, row, body }) => [key, row.hash, row.meta, body]),
    ...deleted.map(({ key }) => key),
  ]);
}

/** The queue of a copy; undefined where that is damaged, or of another version. */
function unpack(id: string, bytes: Uint8Array<ArrayBuffer>): LeftQueue | undefined {
  try {
    let end = 4 + new DataView(bytes.buffer).getUint32(0);
    const head: Head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end)));
    const next = (length: number): ArrayBuffer => {
      const part = bytes.slice(end, end + length);
      end += length;
      return part.buffer;
    };
    const put = head.put.map(([at, url, ...lengths]) => {
      const [key, hash, meta, body] = lengths.map(next) as [
        ArrayBuffer,
        ArrayBuffer,
        ArrayBuffer,
        ArrayBuffer,
      ];
      return { at, key, row: { url, hash, meta, size: body.byteLength }, body };
    });
    const deleted = head.delete.map(([at, length]) => ({ at, key: next(length) }));
    const isWhole = head.format === FORMAT && end === bytes.length;
    return isWhole ? { id, token: head.token, writes: { put, delete: deleted } } : undefined;
  } catch {
    return undefined;
  }
}

/** The pieces of each page, joined. */
function joined(
  names: readonly string[],
  pieces: readonly ArrayBuffer[],
): [string, Uint8Array<ArrayBuffer>][] {
  const byId = new Map<string, ArrayBuffer[]>();
  names.forEach((name, at) => {
    const id = name.slice(PREFIX.length, name.lastIndexOf(":"));
    byId.set(id, [...(byId.get(id) ?? []), pieces[at] as ArrayBuffer]);
  });
  return Array.from(byId, ([id, parts]) => [id, joinBytes(parts)]);
}

function pieceName(id: string, number: number): string {
  return `${PREFIX}${id}:${String(number).padStart(6, "0")}`;
}

function piecesOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound(`${PREFIX}${id}:`, `${PREFIX}${id}:~`);
}

function allPieces(): IDBKeyRange {
  return IDBKeyRange.bound(PREFIX, `${PREFIX}~`);
}
