/** Opening a store, the same on every platform. */

import { type CheckedOptions, checkOptions } from "./arguments/options.js";
import { Assembly } from "./assembly.js";
import { onFirstUse } from "./first-use.js";
import type { StoreParts } from "./parts.js";
import type { Platform } from "./platform/platform.js";
import { SchemaStore } from "./store.js";
import type { StoreOptions } from "./types.js";

/**
 * Opens a store. INVALID_CONFIG names the option, its value and its range; what the durable tier
 * cannot open is DISK_ERROR, CORRUPT, FORMAT_TOO_NEW, BLOCKED or UNSUPPORTED. There is never a
 * silent fall-back to memory.
 */
export type OpenSchemaStore = (options?: StoreOptions) => Promise<SchemaStore>;

/** `openSchemaStore` for a platform. */
export function opener(platform: Platform): OpenSchemaStore {
  return async (options = {}) => {
    const checked = checkOptions(options);
    const inMemory = checked.strategy === "memory";
    const [core, adapter, ranking] = await Promise.all([
      platform.loadCore(),
      inMemory ? undefined : (checked.adapter ?? platform.defaultAdapter(checked)),
      rankingOf(checked),
    ]);
    const assembly = new Assembly(core, { ...checked, ranking }, adapter, platform);
    const store = new SchemaStore(assembly);
    await assembly.open();
    if (checked.seed !== undefined) await seed(store, assembly.parts, checked.seed, platform);
    return store;
  };
}

async function rankingOf({ evictionPolicy, evictionBatchSize }: CheckedOptions) {
  if (typeof evictionPolicy === "string") return undefined;
  const { Ranking } = await onFirstUse(import("./memory/custom-policy.js"));
  return new Ranking(evictionPolicy, evictionBatchSize);
}

async function seed(
  store: SchemaStore,
  parts: StoreParts,
  from: NonNullable<StoreOptions["seed"]>,
  platform: Platform,
): Promise<void> {
  try {
    if ((await store.size()) > 0) return;
    const { fillEmpty } = await onFirstUse(import("./archive/seed.js"));
    await fillEmpty(parts, from, platform);
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}
