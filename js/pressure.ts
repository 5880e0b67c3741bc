/** When a Node process runs short of memory, and by how much. */

import { getHeapStatistics } from "node:v8";
import type { PressureWatch, Shortage } from "./platform.js";

/** Longest time between two looks while nothing is loaded, in milliseconds. */
const TICK_MS = 1000;
/** Shortest time between two looks, in milliseconds. */
const PAUSE_MS = 100;
/** Shares of a limit: above the first one memory is short, down to the second one it is freed. */
const [HIGH, LOW] = [0.85, 0.75];
/** Share of a limit by which use may grow before more is freed though the collector has not run. */
const GROWTH = 0.05;

/** How much is used of what there is, in bytes. */
export interface Reading {
  readonly reason: Shortage["reason"];
  readonly used: number;
  /** 0 or absent for no limit. */
  readonly limit: number | undefined;
}

/**
 * Looks after the memory of the process: at each `check`, though not too often, and once a second.
 * Keeps no process alive.
 */
export function watchPressure(
  relieve: (shortage: Shortage) => void,
  read: () => readonly Reading[] = readings,
): PressureWatch {
  const shortageNow = gauge(read);
  let lookedAt = Number.NEGATIVE_INFINITY;
  const check = () => {
    const now = performance.now();
    if (now - lookedAt < PAUSE_MS) return;
    lookedAt = now;
    const shortage = shortageNow();
    if (shortage !== undefined) relieve(shortage);
  };
  const timer = setInterval(() => {
    try {
      check();
    } catch {
      // The core was restarted, which has its own event, and freed everything.
    }
  }, TICK_MS);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}

/**
 * What there is too little of. Freed memory counts as used until the collector has run: until then
 * no more is asked for, unless use goes on growing.
 */
function gauge(read: () => readonly Reading[]): () => Shortage | undefined {
  const asked = new Map<Reading["reason"], { canary: WeakRef<object>; level: number }>();
  return () => {
    for (const { reason, used, limit } of read()) {
      if (!limit || used <= HIGH * limit) continue;
      const last = asked.get(reason);
      // Held by nobody else: it goes with the first full collection.
      if (last?.canary.deref() !== undefined && used <= last.level) continue;
      asked.set(reason, { canary: new WeakRef({}), level: used + GROWTH * limit });
      return { reason, wantedBytes: Math.ceil(used - LOW * limit) };
    }
    return undefined;
  };
}

/** Heap against its limit, the process against what its container allows. */
function readings(): Reading[] {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return [
    { reason: "heap", used: used_heap_size, limit: heap_size_limit },
    { reason: "process", used: process.memoryUsage.rss(), limit: process.constrainedMemory?.() },
  ];
}
