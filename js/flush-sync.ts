/** The last resort of a process that is exiting, where a host can commit at once. */

import type { DurableTier } from "./durable.js";
import { batchOf } from "./write-behind.js";

/** Commits what is not durable yet, blocking until it is. DISK_ERROR. */
export function flushSync({ adapter, writes }: DurableTier): void {
  writes.stop();
  const pending = writes.pending();
  if (pending.length > 0) adapter.commitSync?.(batchOf(pending));
}
