/** What a store reports about itself. */

import type { DurableTier } from "../durable/durable-tier.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Health, Stats } from "../types.js";

/** Counters the store keeps itself. */
export type StoreCounts = {
  -readonly [Name in
    | "puts"
    | "deletes"
    | "conversions"
    | "conversionsSkipped"
    | "flushes"
    | "restarts"]: Stats[Name];
};

/** Counters at zero. */
export function newCounts(): StoreCounts {
  return {
    puts: 0,
    deletes: 0,
    conversions: 0,
    conversionsSkipped: 0,
    flushes: 0,
    restarts: 0,
  };
}

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
