/** Sections that exclude each other: across tabs and workers with Web Locks, else within the page. */

import { SchemaStoreError } from "../../errors.js";

/** The ends of the queues used where there are no Web Locks. */
const queues = new Map<string, Promise<unknown>>();

/** Whether sections exclude other tabs too. */
export function hasLocks(): boolean {
  return globalThis.navigator?.locks !== undefined;
}

/**
 * Runs `work` when its turn has come. BLOCKED when another tab has not let go after `deadlineMs`;
 * without Web Locks there is no such limit.
 */
export async function exclusively<T>(
  name: string,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  if (!hasLocks()) return inTurn(name, work);
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

function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const turn = (queues.get(name) ?? Promise.resolve()).then(work);
  const settled = turn.then(
    () => {},
    () => {},
  );
  queues.set(name, settled);
  return turn;
}
