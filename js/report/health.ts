/** What a store reports about itself. */

import { sentenceOn } from "../damage.js";
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
  const damage = open && durable ? [...durable.damage(), ...unreadable(memory)] : [];
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

/** A sentence on each entry that cannot be read and was not healed yet. */
function unreadable(memory: MemoryTier): string[] {
  const slots = memory.ask((core) => core.damaged());
  return Array.from(slots, (slot) => sentenceOn(memory.catalog.canonical(slot)));
}
