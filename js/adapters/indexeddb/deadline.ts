/** Limits how long a promise of the browser is awaited. */

/** A timer of more milliseconds goes off at once. */
export const LONGEST_MS = 0x7fff_ffff;

/**
 * Rejects with `onLate()` when `promise` has not settled after `deadlineMs`. The time is taken in
 * two halves: when a frozen page wakes up, one timer fires before the events that were due, but
 * not two in a row.
 */
export function within<T>(
  deadlineMs: number,
  promise: Promise<T>,
  onLate: () => Error,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(onLate()), deadlineMs / 2);
    }, deadlineMs / 2);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}
