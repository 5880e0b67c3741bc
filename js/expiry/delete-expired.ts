/** Deletes entries whose grace period is over from the durable host. */

import { isSame } from "../bytes.js";
import type { PackedRow } from "../core/packed-row.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { asStoreError, type SchemaStoreError } from "../errors.js";
import type { HostRow } from "../host.js";
import type { MemoryTier } from "../memory/memory-tier.js";

/** The parts of a store that know of expired entries. */
interface Parts {
  readonly memory: MemoryTier;
  readonly durable: DurableTier | undefined;
  /** Throws CLOSED. */
  checkOpen(): void;
}

/**
 * Deletes the rows of these slots that the host still has as the catalog knows them: what others
 * wrote meanwhile stays. Never rejects; the core reports again what was not deleted.
 */
export async function deleteExpired(
  parts: Parts,
  slots: readonly number[],
  failed: (error: SchemaStoreError) => void,
): Promise<void> {
  try {
    await deleteRows(parts, slots);
  } catch (cause) {
    try {
      parts.checkOpen();
    } catch {
      return;
    }
    failed(asStoreError(cause, "DISK_ERROR", "an expired entry could not be deleted"));
  }
}

async function deleteRows(
  { memory, durable, checkOpen }: Parts,
  slots: readonly number[],
): Promise<void> {
  checkOpen();
  if (durable === undefined) return;
  const rows: (PackedRow & { slot: number })[] = [];
  for (const slot of slots) {
    const [key, hash, meta] = [
      memory.catalog.key(slot),
      memory.catalog.hash(slot),
      memory.catalog.meta(slot),
    ];
    if (key && hash && meta) rows.push({ slot, key, hash, meta });
  }
  const found = await durable.current(rows.map(({ key }) => key));
  checkOpen();
  const isThere = ({ key, slot }: { key: Uint8Array; slot: number }) =>
    memory.catalog.find(key) === slot;
  const revisions: number[] = [];
  const leaving = rows.filter((row, at) => {
    const current = found[at];
    if (!isThere(row) || (current && !isUnchanged(row, current))) return false;
    revisions.push(current?.revision ?? 0);
    return true;
  });
  if (leaving.length === 0) return;
  const keys = leaving.map(({ key }) => key);
  const forget = () => {
    // What was put while the commit was on its way stays.
    for (const row of leaving) if (isThere(row)) memory.removeRow(row.key);
  };
  await durable.conditional.tryCommit([], keys, revisions, forget, keys);
}

function isUnchanged(row: PackedRow, current: HostRow): boolean {
  return isSame(row.hash, current.hash) && isSame(row.meta, current.meta);
}
