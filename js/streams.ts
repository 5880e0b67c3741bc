/** Reading what may never end: streams and iterables of the user. */

import { unlessAborted } from "./concurrency.js";

/** An iterator as it is read here. */
export type Items<T> = Pick<AsyncIterator<T> | Iterator<T>, "next" | "return">;

/**
 * The items until one of the signals aborts, whose reason it then throws, also in the middle of a wait. Whatever ends
 * the reading, the source is told so and not waited for: one that is stuck may never return.
 */
export async function* untilAborted<T>(
  items: Items<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): AsyncGenerator<T, void, undefined> {
  try {
    for (;;) {
      const next = Promise.resolve(items.next());
      const { done, value } = await signals.reduce(
        (one, signal) => unlessAborted(one, signal),
        next,
      );
      if (done) return;
      yield value;
    }
  } finally {
    (async () => items.return?.())().catch(() => {});
  }
}

/** Not every browser can iterate over its streams, and no generator can be left while it waits. */
export function chunksOf(stream: ReadableStream<Uint8Array>): Items<Uint8Array> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return() {
      // The lock goes at once: some streams are never done with being cancelled.
      const cancelled = reader.cancel();
      reader.releaseLock();
      return cancelled as Promise<never>;
    },
  };
}
