/** What `stats` returns; loaded on first use. */

import type { HotMap } from "../memory/hot-map.js";
import type { StoreParts } from "../parts.js";
import { type Answered, decodeLifetime, LIFETIME_RECORD, type LoadSums } from "../read/lifetime.js";
import { LEAST_POWER } from "../read/load-counts.js";
import type { LoadingTierStats, LookUpStats, Stats, TierStats } from "../types.js";

/** Counters and sizes of all tiers. */
export async function reportStats({
  options,
  memory,
  durable,
  loader: { counts: loads },
  counts,
}: StoreParts): Promise<Stats> {
  const { memoryBytes = 0, ...disk } = (await durable?.adapter.usage()) ?? { bytes: 0 };
  const record = await durable?.adapter.side?.(LIFETIME_RECORD).catch(() => undefined);
  const lifetime = decodeLifetime(record);
  const core = memory.stats();
  const answered: Answered = { memoryHits: core.hits, ...loads };
  return {
    strategy: options.strategy,
    adapter: durable?.adapter.name,
    entries: core.entries,
    totalBytes: core.totalBytes,
    memory: {
      residentEntries: core.residentEntries,
      usedBytes: core.usedBytes,
      limitBytes: core.limitBytes,
      encodedBytes: core.encodedBytes,
      decodedEstimate: core.decodedBytes,
      pendingBytes: core.pendingBytes,
      leasedBytes: core.leasedBytes,
      catalogBytes: core.catalogBytes,
      wasmBytes: core.wasmBytes + memoryBytes,
      hotEntries: core.hotMap.byRequest.size,
      hotMapBytes: hotMapBytes(core.hotMap),
    },
    disk: durable && disk,
    ...lookUpStats(answered),
    lifetime: lifetime && {
      since: lifetime.since,
      savedAt: lifetime.savedAt,
      ...lookUpStats(lifetime.answered),
    },
    loads: loads.loads,
    evictions: {
      size: core.evictedForSize,
      entries: core.evictedForEntries,
      expired: core.evictedAsExpired,
      explicit: core.evictedExplicitly,
      pressure: core.evictedForPressure,
    },
    refusedAdmissions: core.refusals,
    expirations: core.expirations,
    rankingFailures: memory.ranking?.failures ?? 0,
    ...counts,
  };
}

function lookUpStats({ memoryHits, memoryMisses, misses, disk, network }: Answered): LookUpStats {
  const memory = tierStats(memoryHits, memoryMisses);
  return {
    tiers: { memory, disk: loadingTierStats(disk), network: loadingTierStats(network) },
    misses,
  };
}

function tierStats(hits: number, misses: number): TierStats {
  return { hits, misses, hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses) };
}

function loadingTierStats({ hits, misses, times }: LoadSums): LoadingTierStats {
  const counts = [...times];
  const loads = counts.reduce((sum, count) => sum + count, 0);
  const upToMs = Array.from(counts.slice(1), (_, at) => 2 ** (at + LEAST_POWER));
  return { ...tierStats(hits, misses), loads, loadTimes: { upToMs, counts } };
}

/** Heap per spelling and per value, in bytes, as measured in V8 with strings of one byte per character. */
const [SPELLING_BYTES, VALUE_BYTES] = [270, 100];

function hotMapBytes({ byRequest, size }: HotMap): number {
  let bytes = size * VALUE_BYTES + byRequest.size * SPELLING_BYTES;
  for (const request of byRequest.keys()) bytes += request.length;
  return bytes;
}
