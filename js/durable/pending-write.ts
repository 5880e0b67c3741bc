/** A write on its way to the host. */

import type { HostBatch, HostPut } from "../host.js";
import type { Metadata } from "../types.js";

/** A row to be written, or to be deleted where `put` is absent. */
export interface PendingWrite {
  slot: number;
  readonly key: Uint8Array;
  readonly canonical: string;
  readonly put?: HostPut;
  /** Somebody waits for it: if refused, it is undone instead of kept. */
  awaited?: boolean;
  /** If awaited: the pending write it replaced, which is restored if this one is undone. */
  before?: PendingWrite;
}

/** An entry that was put, and its write where that is on its way to a host. */
export interface Filed {
  readonly metadata: Metadata;
  readonly write: PendingWrite | undefined;
}

/** Bytes of the bodies of these writes. */
export function bytesOf(writes: Iterable<PendingWrite | undefined>): number {
  let bytes = 0;
  for (const write of writes) bytes += write?.put?.body.length ?? 0;
  return bytes;
}

/** Bodies that stay in memory now that the host has them, by slot; not those of rows that are pending again. */
export function* residentOf(
  writes: readonly PendingWrite[],
  isPending: (key: Uint8Array) => boolean,
): Iterable<readonly [number, Uint8Array]> {
  for (const { slot, key, put } of writes) {
    // The slot of a row that was written again meanwhile may have a new owner.
    if (put !== undefined && !isPending(key)) yield [slot, put.body];
  }
}

/** The batch of these writes. */
export function batchOf(writes: readonly PendingWrite[]): HostBatch {
  const put: HostPut[] = [];
  const deleted: Uint8Array[] = [];
  for (const write of writes) {
    if (write.put === undefined) deleted.push(write.key);
    else put.push(write.put);
  }
  return { put, delete: deleted };
}
