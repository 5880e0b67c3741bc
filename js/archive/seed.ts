/** Filling an empty store from an archive: see the option `seed`. */

import { asStoreError, SchemaStoreError } from "../errors.js";
import type { StoreParts } from "../parts.js";
import type { Platform } from "../platform/platform.js";
import type { ArchiveSource, StoreOptions } from "../types.js";
import { importArchive } from "./import.js";

/** Imports `seed`, unless the store has entries, also by the time it is there. NOT_FOUND when it is not. */
export async function fillEmpty(
  store: StoreParts,
  seed: NonNullable<StoreOptions["seed"]>,
  { readFile }: Pick<Platform, "readFile">,
): Promise<void> {
  const source = seed instanceof Uint8Array ? seed : await sourceOf(seed, readFile);
  await importArchive(store, source, {}, async () => {
    // What others have written meanwhile, or written and deleted in part, is newer than the seed.
    await store.durable?.refresh();
    return store.memory.catalog.list({}).length === 0;
  });
}

async function sourceOf(
  seed: string | URL,
  readFile: Platform["readFile"],
): Promise<ArchiveSource> {
  const address = String(seed);
  if (readFile !== undefined && !/^https?:/i.test(address)) return readFile(seed);
  const response = await fetch(address).catch((cause: unknown) => {
    throw asStoreError(cause, "NOT_FOUND", `the seed ${address} could not be fetched`, address);
  });
  if (response.ok && response.body !== null) return response.body;
  const message = `the seed ${address} could not be fetched: status ${response.status}`;
  throw new SchemaStoreError("NOT_FOUND", message, { key: address });
}
