/** Sections that exclude each other: across tabs and workers with Web Locks, else within the page. */

import { Turns } from "../../concurrency.js";
import { SchemaStoreError } from "../../errors.js";

/** Used where there are no Web Locks. */
const turns = new Turns();

/** Whether sections exclude other tabs too. */
export function hasLocks(): boolean {
  return globalThis.navigator?.locks !== undefined;
}

/**
 * Runs `work` when its turn has come. BLOCKED if another tab still holds the lock after `deadlineMs`;
 * without Web Locks there is no such limit.
 */
export async function exclusively<T>(
  name: string,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  if (!hasLocks()) return turns.run(name, work);
  const waiting = new AbortController();
  const timer = setTimeout(() => {
    waiting.abort(new SchemaStoreError("BLOCKED", `indexeddb: ${name} is held by another tab`));
  }, deadlineMs);
  const enter = (): Promise<T> => {
    clearTimeout(timer);
    return work();
  };
  return await navigator.locks.request(name, { signal: waiting.signal }, enter);
}
