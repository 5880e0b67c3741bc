/** A write on its way to the host. */

import type { HostBatch, HostPut } from "../host.js";

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

/** Bytes of the bodies of these writes. */
export function bytesOf(writes: Iterable<PendingWrite | undefined>): number {
  let bytes = 0;
  for (const write of writes) bytes += write?.put?.body.length ?? 0;
  return bytes;
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
