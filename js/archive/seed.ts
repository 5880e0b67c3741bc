/** Filling an empty store from an archive: see the option `seed`. */

import { asStoreError, SchemaStoreError } from "../errors.js";
import type { Platform } from "../platform/platform.js";
import type { ArchiveSource, StoreOptions } from "../types.js";

/** The part of a store that takes archives in. */
interface Importer {
  import(source: ArchiveSource): Promise<unknown>;
}

/** Imports `seed`, unless the store has entries. NOT_FOUND when there is nothing at its address. */
export async function fillEmpty(
  store: Importer,
  seed: NonNullable<StoreOptions["seed"]>,
  { readFile }: Pick<Platform, "readFile">,
): Promise<void> {
  await store.import(seed instanceof Uint8Array ? seed : await sourceOf(seed, readFile));
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
