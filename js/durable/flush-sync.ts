/** The last resort of an exiting process or a page being left, if the host can commit at once. */

import type { DurableTier } from "./durable-tier.js";
import { batchOf } from "./pending-write.js";

/** Hands over what is not durable yet, blocking until that is done. DISK_ERROR. */
export function flushSync({ adapter, writes }: DurableTier): void {
  writes.stop();
  const sendable = writes.sendable();
  if (sendable.length > 0) adapter.commitSync?.(batchOf(sendable));
}
