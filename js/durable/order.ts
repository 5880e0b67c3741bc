/** What is read from a host and what is written to it, kept in order: no result goes back in time. */

import { mapKey } from "../bytes.js";

/** A commit that is not settled yet. */
interface UnderWay {
  /** The rows it writes or deletes. */
  readonly keys: ReadonlySet<string>;
  /** What the host has of them was read meanwhile: from before the commit or from after it. */
  wasRead: boolean;
}

/** Reads and commits of one host. */
export class Order {
  /** Changes whenever the host's state, as far as known here, does. */
  #epoch = 0;
  readonly #commits = new Set<UnderWay>();
  #isUnsure = false;

  /** What the host has of some row is not known, and no change will tell: all rows are to be read. */
  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  /** Repeats a read until nothing was committed or brought in while it ran, and hands its result over at once. */
  async read<T, U>(read: () => Promise<T>, use: (result: T) => U): Promise<U> {
    for (;;) {
      const epoch = this.#epoch;
      const result = await read();
      if (epoch === this.#epoch) return use(result);
    }
  }

  /** The host's state is known as it is now: what is being read may be older. */
  changed(): void {
    this.#epoch += 1;
  }

  /** Rows of these keys, or all rows, were read from the host and are known as they were. */
  saw(keys?: () => readonly Uint8Array[]): void {
    if (keys === undefined) this.#isUnsure = false;
    if (this.#commits.size === 0) return;
    const seen = keys?.().map(mapKey);
    for (const commit of this.#commits) {
      commit.wasRead ||= seen === undefined || seen.some((key) => commit.keys.has(key));
    }
  }

  /**
   * Commits rows of these keys, and hands over the answer before anything else is learned of the host. If any of
   * them was read before the host answered, it is unknown which is newer: they are read `again`, for `use` as well.
   * Where that fails, it stays unknown.
   */
  async commit<T, Rows, U>(
    keys: readonly Uint8Array[],
    commit: () => Promise<T>,
    again: () => Promise<Rows>,
    use: (answer: T, rows?: Rows) => U,
  ): Promise<U> {
    const underWay: UnderWay = { keys: new Set(keys.map(mapKey)), wasRead: false };
    this.#commits.add(underWay);
    try {
      const answer = await commit();
      this.#epoch += 1;
      while (underWay.wasRead) {
        underWay.wasRead = false;
        const epoch = this.#epoch;
        const rows = await again().catch(() => undefined);
        if (rows === undefined) {
          this.#isUnsure = true;
          return use(answer);
        }
        if (!underWay.wasRead && epoch === this.#epoch) return use(answer, rows);
        underWay.wasRead = true;
      }
      return use(answer);
    } finally {
      this.#commits.delete(underWay);
    }
  }
}
