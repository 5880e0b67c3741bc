/** The last resort of a process that is exiting or a page that is left, where a host can commit at once. */

import type { DurableTier } from "./durable-tier.js";
import { batchOf } from "./pending-write.js";

/** Hands over what is not durable yet, blocking until that is done. DISK_ERROR. */
export function flushSync({ adapter, writes }: DurableTier): void {
  writes.stop();
  const sendable = writes.sendable();
  if (sendable.length > 0) adapter.commitSync?.(batchOf(sendable));
}
