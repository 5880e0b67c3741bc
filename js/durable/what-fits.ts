/** Committing as much of a batch as there is room for. */

import { SchemaStoreError } from "../errors.js";
import type { PendingWrite } from "./pending-write.js";

/** Whether a commit failed because it is more than the host has room for. */
export function isFull(error: unknown): error is SchemaStoreError {
  return (
    error instanceof SchemaStoreError &&
    (error.code === "QUOTA_EXCEEDED" || error.code === "STORAGE_FULL")
  );
}

/**
 * Commits writes, no two of which are of one row: all at once where they fit, else deletions, then as
 * many of the puts as fit, the smallest first. Returns why any were refused, undefined where none
 * were. Rejects with any other failure of `commit`; what was committed before that stays so.
 */
export async function commitWhatFits(
  writes: readonly PendingWrite[],
  commit: (part: readonly PendingWrite[]) => Promise<void>,
): Promise<SchemaStoreError | undefined> {
  let refusal: SchemaStoreError | undefined;
  const fits = async (part: readonly PendingWrite[]): Promise<boolean> => {
    try {
      await commit(part);
      return true;
    } catch (error) {
      if (!isFull(error)) throw error;
      refusal = error;
      return false;
    }
  };
  if (await fits(writes)) return undefined;
  const deletions = writes.filter(({ put }) => put === undefined);
  const puts = writes.filter(({ put }) => put !== undefined).sort(bySize);
  if (deletions.length > 0 && puts.length > 0) {
    await fits(deletions);
    if (await fits(puts)) return refusal;
  }
  // From `from` to `to` they do not fit together; what lies behind is as large, or larger.
  for (let from = 0, to = puts.length; to - from > 1; ) {
    const middle = from + Math.ceil((to - from) / 2);
    if (await fits(puts.slice(from, middle))) from = middle;
    else to = middle;
  }
  return refusal;
}

/** A refusal in the terms of the entry it is about. */
export function noRoom(
  { canonical, put }: PendingWrite,
  cause: SchemaStoreError,
): SchemaStoreError {
  const what = put === undefined ? "deletion" : "entry";
  const message = `there is no room for the ${what} ${canonical}: ${cause.message}`;
  return new SchemaStoreError(cause.code, message, { key: canonical, cause });
}

function bySize(one: PendingWrite, other: PendingWrite): number {
  return (one.put?.body.length ?? 0) - (other.put?.body.length ?? 0);
}
