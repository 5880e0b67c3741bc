/** Writes that were copied as their page or process was left: what becomes of them if it lives on. */

import type { HostBatch } from "../host.js";

/**
 * The writes of a copy, until each is committed. A write is known by its object, not by its content:
 * the same content put again is another write.
 */
export class LeftWrites {
  readonly #open: Map<object, number>;

  /** `begun`: commits under way that may hold some of them, and when they began, in milliseconds since 1970. */
  constructor(batch: HostBatch, begun: ReadonlyMap<HostBatch, number> = new Map()) {
    const since = new Map<object, number>();
    for (const [commit, time] of begun) {
      for (const write of writesOf(commit)) since.set(write, time);
    }
    const now = Date.now();
    this.#open = new Map(writesOf(batch).map((write) => [write, since.get(write) ?? now]));
  }

  /** When each write of a batch was copied; undefined for those that were not. Puts come first. */
  times(batch: HostBatch): (number | undefined)[] {
    return writesOf(batch).map((write) => this.#open.get(write));
  }

  /** Whether a batch holds all that is not committed. */
  isWithin(batch: HostBatch): boolean {
    const writes = new Set(writesOf(batch));
    return [...this.#open.keys()].every((write) => writes.has(write));
  }

  /** Notes that a batch was committed; true when nothing is open any more. */
  committed(batch: HostBatch): boolean {
    for (const write of writesOf(batch)) this.#open.delete(write);
    return this.#open.size === 0;
  }
}

/** The objects a batch is made of: its puts, and the keys of its deletions. */
function writesOf({ put, delete: deleted }: HostBatch): object[] {
  return [...put, ...deleted];
}
