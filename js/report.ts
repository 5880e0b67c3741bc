/** What a store says of itself. */

import type { DurableTier } from "./durable.js";
import type { Loader } from "./loader.js";
import type { Shelf } from "./shelf.js";
import type { Tiers } from "./tiers.js";
import type { Health, Stats } from "./types.js";

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

/** Counters that have counted nothing. */
export function newCounts(): StoreCounts {
  const zeros = { puts: 0, deletes: 0, flushes: 0, restarts: 0 };
  return { ...zeros, conversions: 0, conversionsSkipped: 0 };
}

/** Counters and sizes of all tiers. */
export async function reportStats(
  { options: { strategy }, shelf, durable }: Tiers,
  { loads, misses, diskHits, networkHits }: Loader["counts"],
  counts: StoreCounts,
): Promise<Stats> {
  const disk = await durable?.usage();
  const core = shelf.stats();
  return {
    strategy,
    adapter: durable?.name,
    entries: core.entries,
    totalBytes: core.totalBytes,
    memory: {
      residentEntries: core.residentEntries,
      usedBytes: core.usedBytes,
      limitBytes: core.limitBytes,
      encodedBytes: core.encodedBytes,
      decodedBytes: core.decodedBytes,
      pendingBytes: core.pendingBytes,
      leasedBytes: core.leasedBytes,
      catalogBytes: core.catalogBytes,
      wasmBytes: core.wasmBytes,
      hotEntries: core.hotEntries,
    },
    disk,
    hits: { memory: core.hits, disk: diskHits, network: networkHits },
    misses,
    loads,
    evictions: { size: core.evictedForSize, entries: core.evictedForEntries },
    expirations: core.expirations,
    rankingFailures: shelf.ranking?.failures ?? 0,
    ...counts,
  };
}

/** Whether all is well; a store that is no longer open never is. */
export function reportHealth(
  shelf: Shelf,
  durable: DurableTier | undefined,
  open: boolean,
): Health {
  const writeError = durable?.writeError;
  const rankingError = shelf.ranking?.error;
  const damage = durable?.opened?.damage ?? [];
  return {
    ok: open && !writeError && !rankingError && damage.length === 0,
    writeError,
    rankingError,
    pendingWrites: durable?.pendingWrites ?? 0,
    pendingBytes: open ? shelf.stats().pendingBytes : 0,
    durable: durable?.opened?.durable ?? false,
    damage,
  };
}
