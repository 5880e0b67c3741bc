/** Work that a restart of the core makes needless, or has to be done again. */

import { SchemaStoreError } from "../errors.js";

/** A core that was restarted reads committed rows back from the host. */
export function ignoreRestart(error: unknown): void {
  if (!(error instanceof SchemaStoreError) || error.code !== "CORE_RESTARTED") throw error;
}

/** Runs what is of no account to a core that was restarted: it counts anew. */
export function forgiveRestart(work: () => void): void {
  try {
    work();
  } catch (error) {
    ignoreRestart(error);
  }
}

/** Runs what the core that takes the place of one that trapped may have to be told again. */
export function againAfterRestart<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    ignoreRestart(error);
    return work();
  }
}
