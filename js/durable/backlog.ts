/** How many bytes may be queued for the host: puts wait above that. */

import { Turns } from "../concurrency.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { WriteBehind } from "./write-behind.js";

/** Bytes on their way to the host above which a put waits. */
const BACKLOG_BYTES = 8 * 1024 * 1024;

/** Lets puts go on in the order of their calls, as far as there is room for them. */
export class Backlog {
  readonly #memory: MemoryTier;
  readonly #writes: WriteBehind;
  readonly #turns = new Turns();

  constructor(memory: MemoryTier, writes: WriteBehind) {
    this.#memory = memory;
    this.#writes = writes;
  }

  /**
   * Runs `put` as soon as so many bytes more may be on their way, at once if they may now, in the order of
   * the calls; rejects when the write in the way fails. `limit` is that of memory, in bytes.
   */
  whenRoom<T>(bytes: number, limit: number, put: () => T): T | Promise<T> {
    const fits = () => {
      const { bytes: sent, refusedBytes } = this.#writes;
      const room = limit - this.#memory.leased - refusedBytes;
      // The memory limit is taken up by what the host has no room for: waiting does not help.
      if (sent === 0 && refusedBytes > 0 && bytes > room) throw this.#writes.error;
      return sent === 0 || sent + bytes <= Math.min(room, BACKLOG_BYTES);
    };
    if (!this.#turns.busy("") && fits()) return put();
    return this.#turns.run("", async () => {
      while (!fits()) await this.#writes.commitQueued();
      return put();
    });
  }
}
