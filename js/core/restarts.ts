/** Work that a restart of the core makes needless, or has to be done again. */

import { SchemaStoreError } from "../errors.js";

/** A core that was restarted reads committed rows back from the host. */
export function ignoreRestart(error: unknown): void {
  if (!(error instanceof SchemaStoreError) || error.code !== "CORE_RESTARTED") throw error;
}

/** Runs `work`; a restart of the core is no failure, because a new core counts from zero. */
export function forgiveRestart(work: () => void): void {
  try {
    work();
  } catch (error) {
    ignoreRestart(error);
  }
}

/** Runs `work`, and once more on the new core if the core trapped. */
export function againAfterRestart<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    ignoreRestart(error);
    return work();
  }
}
