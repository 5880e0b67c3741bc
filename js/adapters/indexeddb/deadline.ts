/** Limits how long a promise of the browser is awaited. */

/** A timer of more milliseconds goes off at once. */
export const LONGEST_MS = 0x7fff_ffff;

/**
 * Rejects with `onLate()` when `promise` has not settled after `deadlineMs`, counted from the last time
 * that `answers()` was another number, where it is given. The time is taken in two halves: when a frozen
 * page wakes up, one timer fires before the events that were due, but not two in a row.
 */
export function within<T>(
  deadlineMs: number,
  promise: Promise<T>,
  onLate: () => Error,
  answers: () => number = () => 0,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const deadline = new Promise<never>((_, reject) => {
    const wait = (before: number, isSecond: boolean): void => {
      timer = setTimeout(() => {
        const now = answers();
        if (now === before && isSecond) reject(onLate());
        else wait(now, now === before);
      }, deadlineMs / 2);
    };
    wait(answers(), false);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}
