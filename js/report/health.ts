/** What a store reports about itself. */

import type { DurableTier } from "../durable/durable-tier.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Health } from "../types.js";

/** Whether the store is healthy; one that is no longer open never is. */
export function reportHealth(
  memory: MemoryTier,
  durable: DurableTier | undefined,
  open: boolean,
): Health {
  const writeError = durable?.writes.error;
  const rankingError = memory.ranking?.error;
  const damage = (open && durable?.damage()) || [];
  return {
    ok: open && !writeError && !rankingError && damage.length === 0,
    writeError,
    rankingError,
    pendingWrites: durable?.writes.size ?? 0,
    refusedWrites: durable?.writes.refusedSize ?? 0,
    pendingBytes: open ? memory.stats().pendingBytes : 0,
    durable: durable?.opened?.durable ?? false,
    damage,
  };
}
