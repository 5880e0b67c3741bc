/** Holds on slots, and their reckoning across restarts of the core. */

import { DECODED_QUARTERS, NO_BYTES } from "../core/wall.js";
import { SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { StoreParts } from "../parts.js";

/** Bookkeeping of an entry in bytes, about as the core counts it. */
const OVERHEAD = 160;

/** A hold on what a slot is now. */
export interface Hold {
  readonly slot: number;
  /** The instance of the core it was taken in: slots of another one mean something else. */
  readonly generation: number;
}

/** Takes holds and gives them back. */
export class Holds {
  readonly #parts: StoreParts;
  readonly #memory: MemoryTier;
  #generation = 0;
  /** Bytes that are held although the core which knew of it is gone. */
  #orphaned = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
  }

  /** Changes when the core was restarted, and every hold with it is void. */
  get generation(): number {
    return this.#generation;
  }

  /** The value of a slot if memory has it in any form; not kept, and not counted as a use. */
  recall(canonical: string, slot: number): object | undefined {
    const value = this.#memory.valueOf(slot);
    if (value !== undefined) return value;
    const body = this.#memory.body(slot);
    return body && this.#memory.parse(canonical, body);
  }

  /** Holds a slot. STORAGE_FULL names the limit in the way. */
  hold(canonical: string, slot: number): Hold {
    const refused = this.#memory.ask((core) => core.hold(slot));
    this.#reckon();
    if (refused === 0) return { slot, generation: this.#generation };
    const { leasedBytes, pendingBytes, limitBytes } = this.#memory.stats();
    const why =
      refused === NO_BYTES
        ? `${leasedBytes} bytes are pinned or leased, ${pendingBytes} are not durable yet, and memoryLimitMb allows ${limitBytes}`
        : `all ${this.#parts.options.maxEntries} that maxEntries allows are pinned or leased`;
    throw new SchemaStoreError("STORAGE_FULL", `${canonical} cannot be held in memory: ${why}`, {
      key: canonical,
    });
  }

  /** Releases a hold; the value may stay in memory like any other. */
  release({ slot, generation }: Hold): void {
    if (generation !== this.#generation) return;
    const kept = this.#parts.options.strategy !== "disk";
    this.#memory.ask((core) => core.release(slot, kept));
    this.#reckon();
  }

  /** Keeps the value of a held slot for all readers, if a canonical still means that slot. */
  share(canonical: string, slot: number, value: object): void {
    if (this.#memory.slotOf(canonical) === slot) this.#memory.keep(slot, value);
  }

  /** After a refusal for lack of room: true if writes that became durable have made some. */
  async madeRoom(error: unknown): Promise<boolean> {
    const { durable } = this.#parts;
    const full = error instanceof SchemaStoreError && error.code === "STORAGE_FULL";
    if (!full || durable === undefined || durable.writes.size === 0) return false;
    await durable.flush().catch(() => {});
    this.#parts.checkOpen();
    return true;
  }

  /** Notes that every hold is void. */
  restarted(): void {
    this.#generation += 1;
  }

  /** Counts bytes that only this side holds; a negative number uncounts them. */
  orphan(bytes: number): void {
    this.#orphaned += bytes;
    if (bytes > 0) this.#memory.addPending(bytes);
    else this.#memory.removePending(-bytes);
    this.#reckon();
  }

  #reckon(): void {
    this.#memory.leased = this.#memory.stats().leasedBytes + this.#orphaned;
  }
}

/** About what a body of that size takes when it is decoded. */
export function weightOf(size: number): number {
  return Math.ceil((DECODED_QUARTERS / 4) * size) + OVERHEAD;
}
