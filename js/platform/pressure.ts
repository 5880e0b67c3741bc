/** When a Node process runs short of memory, and by how much. */

import type { MemoryListener, PressureWatch, Trimmed } from "../memory/types.js";

/** Longest time between two looks while nothing is loaded, in milliseconds. */
const TICK_MS = 1000;
/** A look is due after so many milliseconds, or so many bytes of JSON that were decoded. */
const [PAUSE_MS, PAUSE_BYTES] = [100, 1024 * 1024];
/** Shares of a limit: above the first one memory is short, down to the second one it is freed. */
const [HIGH, LOW] = [0.85, 0.75];
/** Up to this share it waits for the collector, unless use has grown by that share meanwhile. */
const [CRITICAL, GROWTH] = [0.92, 0.05];

/** What V8 counts as heap but keeps for new objects, in bytes: most of a small heap. */
const YOUNG_BYTES = 48 * 1024 * 1024;

/** How much is used, and the limit, in bytes. */
export interface Reading {
  readonly reason: "heap" | "process";
  readonly used: number;
  /** 0 or absent for no limit. */
  readonly limit: number | undefined;
}

/** Too little of something. */
interface Shortage {
  readonly reason: Reading["reason"];
  readonly wantedBytes: number;
}

/**
 * Looks after the memory of the process: at each `check`, though not too often, and once a second.
 * Keeps no process alive.
 */
export function watchPressure(
  memory: Trimmed,
  listener: Pick<MemoryListener, "relieved">,
  read: () => readonly Reading[] = readings,
): PressureWatch {
  const shortageNow = gauge(read);
  let lookedAt = performance.now();
  let loaded = 0;
  const check = (bytes: number) => {
    const now = performance.now();
    loaded += bytes;
    if (loaded < PAUSE_BYTES && now - lookedAt < PAUSE_MS) return;
    lookedAt = now;
    loaded = 0;
    const shortage = shortageNow();
    if (shortage === undefined) return;
    const { reason, wantedBytes } = shortage;
    const freedBytes = memory.trim(wantedBytes, true);
    if (freedBytes > 0) listener.relieved({ reason, wantedBytes, freedBytes });
  };
  const timer = setInterval(() => {
    try {
      check(0);
    } catch {
      // The core was restarted, which has its own event, and freed everything.
    }
  }, TICK_MS);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}

/**
 * Which memory is short. Freed memory counts as used until the collector has run: until then no more
 * is freed, unless use keeps growing or is close to the limit.
 */
function gauge(read: () => readonly Reading[]): () => Shortage | undefined {
  const asked = new Map<Reading["reason"], { canary: WeakRef<object>; level: number }>();
  return () => {
    for (const { reason, used, limit } of read()) {
      if (!limit || used <= HIGH * limit) continue;
      const last = asked.get(reason);
      // Held by nobody else: it goes with the first full collection.
      if (last?.canary.deref() !== undefined && used <= last.level) continue;
      const level = Math.min(used + GROWTH * limit, CRITICAL * limit);
      asked.set(reason, { canary: new WeakRef({}), level });
      return { reason, wantedBytes: Math.ceil(used - LOW * limit) };
    }
    return undefined;
  };
}

/** The heap against what of it may become old, the process against what its container allows. */
function readings(): Reading[] {
  // Loaded by the first look: a store is open sooner without.
  const v8 = process.getBuiltinModule("node:v8");
  const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
  const limit = heap_size_limit - Math.min(YOUNG_BYTES, (2 / 3) * heap_size_limit);
  const heap: Reading = { reason: "heap", used: used_heap_size, limit };
  const allowed = containerLimit();
  return allowed
    ? [heap, { reason: "process", used: process.memoryUsage.rss(), limit: allowed }]
    : [heap];
}

/** In bytes; where nobody may ask (Deno without `--allow-sys`) there is none. */
function containerLimit(): number | undefined {
  try {
    return process.constrainedMemory?.();
  } catch {
    return undefined;
  }
}
