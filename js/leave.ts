/** Entries that have outlived their grace leave the durable host. */

import type { DurableListener } from "./durable.js";
import { asStoreError } from "./errors.js";
import type { HostRow } from "./host.js";
import type { PackedRow } from "./rows.js";
import type { Tiers } from "./tiers.js";

/**
 * Deletes the rows of these slots, those that are at the host still as the catalog knows them: what
 * others wrote meanwhile stays. Never rejects; what it leaves, the core tells of again.
 */
export async function leave(
  tiers: Tiers,
  slots: readonly number[],
  listener: DurableListener,
): Promise<void> {
  try {
    await tryToLeave(tiers, slots);
  } catch (cause) {
    try {
      tiers.checkOpen();
    } catch {
      return;
    }
    listener.failed(asStoreError(cause, "DISK_ERROR", "what has expired could not be deleted"));
  }
}

async function tryToLeave(
  { shelf, durable, checkOpen }: Tiers,
  slots: readonly number[],
): Promise<void> {
  checkOpen();
  if (durable === undefined) return;
  const rows: (PackedRow & { slot: number })[] = [];
  for (const slot of slots) {
    const [key, hash, meta] = [shelf.key(slot), shelf.hash(slot), shelf.meta(slot)];
    if (key && hash && meta) rows.push({ slot, key, hash, meta });
  }
  const found = await durable.current(rows.map(({ key }) => key));
  checkOpen();
  const isThere = ({ key, slot }: { key: Uint8Array; slot: number }) => shelf.find(key) === slot;
  const revisions: number[] = [];
  const leaving = rows.filter((row, at) => {
    const current = found[at];
    if (!isThere(row) || (current && !isSame(row, current))) return false;
    revisions.push(current?.revision ?? 0);
    return true;
  });
  if (leaving.length === 0) return;
  const keys = leaving.map(({ key }) => key);
  const forget = () => {
    // What was put while the commit was on its way stays.
    for (const row of leaving) if (isThere(row)) shelf.forget(row.key);
  };
  await durable.conditional.tryCommit([], keys, revisions, forget, keys);
}

function isSame(row: PackedRow, current: HostRow): boolean {
  const equal = (left: Uint8Array, right: Uint8Array) => left.join() === right.join();
  return equal(row.hash, current.hash) && equal(row.meta, current.meta);
}
