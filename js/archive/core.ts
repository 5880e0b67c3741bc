/**
 * What both ways of an archive need: packing and checking are done in an instance of the core of
 * their own, whose memory goes with it. A hostile archive costs that instance at most.
 */

import { storeError } from "../core/core.js";
import { SchemaStoreError } from "../errors.js";
import { type ArchiveGlue, makeGlue } from "../load/archive-glue.js";
import type { CoreModule } from "../load/module.js";

/** A fresh instance of the core, for one archive. */
export function archiveCore(core: CoreModule): ArchiveGlue {
  return core.instantiate(makeGlue);
}

/** Calls an instance for archives: an error of the core, or a trap, becomes a `SchemaStoreError` about `key`. */
export function guarded<T>(work: () => T, key?: string): T {
  try {
    return work();
  } catch (error) {
    const message = "the core trapped on an archive; the store is unchanged";
    throw (
      storeError(error, key) ?? new SchemaStoreError("CORE_RESTARTED", message, { cause: error })
    );
  }
}
