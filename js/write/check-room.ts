/** Whether there is room for several rows at once: asked before any of them is written. */

import type { PackedRow } from "../core/packed-row.js";
import { CATALOG_ROW_BYTES, RESIDENT_BYTES } from "../core/wall.js";
import type { WritableRow } from "../durable/conditional-writes.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";

/** Limits of the options that bound what a store may hold. */
export interface RoomLimits {
  readonly memoryLimitBytes: number;
  readonly maxCatalogBytes: number;
  readonly maxEntries: number;
}

/** What one commit does. */
export interface Changes {
  readonly write: readonly WritableRow[];
  /** Keys of the rows to be deleted; none of them is written. */
  readonly remove: readonly Uint8Array[];
  /** Keys of rows that the plan relies on being as they were: the commit fails if one of them is not. */
  readonly expect: readonly Uint8Array[];
  /** The same, but not insisted on where others write them all the time. */
  readonly prefer?: readonly Uint8Array[];
}

/** The parts of a store that a commit concerns. */
export interface CommitPlace {
  readonly memory: MemoryTier;
  readonly durable: DurableTier | undefined;
  readonly options: RoomLimits;
  /** Throws CLOSED; asked after every wait. */
  checkOpen(): void;
}

/** STORAGE_FULL where a limit would refuse a row after others were written; `current` is a row as it is now. */
export function checkRoom(
  place: CommitPlace,
  changes: Changes,
  current: (key: Uint8Array) => Partial<PackedRow> | undefined,
): void {
  checkBodies(place, changes);
  checkCatalog(place, changes, current);
}

function checkBodies({ options: { memoryLimitBytes } }: CommitPlace, { write }: Changes): void {
  for (const { body, url } of write) {
    if (body.length <= memoryLimitBytes) continue;
    const message = `${url} of ${body.length} bytes does not fit the limit of ${memoryLimitBytes}`;
    throw new SchemaStoreError("STORAGE_FULL", message, { key: url });
  }
}

function checkCatalog(
  { memory, options: { maxCatalogBytes } }: CommitPlace,
  { write, remove }: Changes,
  current: (key: Uint8Array) => Partial<PackedRow> | undefined,
): void {
  let growth = 0;
  for (const { key, meta } of write) {
    growth += meta.length - (current(key)?.meta?.length ?? -key.length - CATALOG_ROW_BYTES);
  }
  for (const key of remove) {
    const meta = current(key)?.meta;
    if (meta !== undefined) growth -= meta.length + key.length + CATALOG_ROW_BYTES;
  }
  if (growth <= 0) return;
  const catalog = memory.stats().catalogBytes + growth;
  if (catalog <= maxCatalogBytes) return;
  const message = `the catalog would take ${catalog} bytes, the limit is ${maxCatalogBytes}`;
  throw new SchemaStoreError("STORAGE_FULL", message, { key: "maxCatalogMb" });
}

/**
 * STORAGE_FULL if an entry would be evicted to make room for another: there is no other copy. `perByte`: bytes of
 * memory that one of a body takes, more than one where its value is held as well.
 */
export function checkResidence(
  { memory, options }: CommitPlace,
  { write, remove }: Changes,
  perByte = 1,
): void {
  if (write.length === 0) return;
  const { residentEntries, usedBytes, limitBytes } = memory.stats();
  let [entries, bytes] = [residentEntries, usedBytes];
  const sizeOf = (key: Uint8Array) => {
    const slot = memory.catalog.find(key);
    return slot === 0 ? undefined : memory.catalog.metadata(slot).size;
  };
  for (const { key, body } of write) {
    const replaced = sizeOf(key);
    bytes += perByte * body.length - (replaced ?? -key.length - RESIDENT_BYTES);
    if (replaced === undefined) entries += 1;
  }
  for (const key of remove) {
    const size = sizeOf(key);
    if (size === undefined) continue;
    bytes -= size + key.length + RESIDENT_BYTES;
    entries -= 1;
  }
  const refuse = (option: string, taken: string, limit: number) => {
    const message = `the store would hold ${taken}, ${option} allows ${limit}`;
    throw new SchemaStoreError("STORAGE_FULL", message, { key: option });
  };
  if (entries > options.maxEntries) refuse("maxEntries", `${entries} entries`, options.maxEntries);
  if (bytes > limitBytes) refuse("memoryLimitMb", `${Math.ceil(bytes)} bytes`, limitBytes);
}
