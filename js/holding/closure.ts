/** From canonicals to entries, and along their dependencies. */

import { SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Closure } from "../types.js";

/**
 * Calls `visit` for every entry that `canonicals` and, as far as `closure` says, their dependencies
 * mean now: once for each canonical as it is written, the ones asked for first, each of which stands
 * in `canonicals` once. Returns those without an entry. Never waits, so that all results are of one
 * moment. INVALID_KEY for one asked for.
 */
export function walk(
  memory: MemoryTier,
  canonicals: readonly string[],
  closure: Closure,
  visit: (canonical: string, slot: number) => void,
): string[] {
  const missing: string[] = [];
  const kinds = Array.isArray(closure) ? new Set(closure) : undefined;
  const asked = new Set(canonicals);
  const slots = new Set<number>();
  // Grows while it is iterated.
  let met = 0;
  for (const canonical of asked) {
    met += 1;
    const slot = met > canonicals.length ? meantBy(memory, canonical) : memory.slotOf(canonical);
    if (slot === undefined) {
      missing.push(canonical);
      continue;
    }
    visit(canonical, slot);
    if (closure === false || slots.has(slot)) continue;
    slots.add(slot);
    for (const { kind, target } of memory.catalog.metadata(slot).dependencies) {
      if (kinds === undefined || kinds.has(kind)) asked.add(target);
    }
  }
  return missing;
}

/** What the target of a dependency means; it was never checked and may not be a canonical. */
function meantBy(memory: MemoryTier, target: string): number | undefined {
  try {
    return memory.slotOf(target);
  } catch (error) {
    if (error instanceof SchemaStoreError && error.code === "INVALID_KEY") return undefined;
    throw error;
  }
}
