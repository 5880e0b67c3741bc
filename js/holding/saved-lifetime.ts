/**
 * Adds what this session was asked for to the record of all sessions. A hint like the uses: if two
 * processes save at the same moment, the counts of one may be lost.
 */

import { Turns } from "../concurrency.js";
import type { StoreParts } from "../parts.js";
import {
  decodeLifetime,
  encodeLifetime,
  LIFETIME_RECORD,
  numbersOf,
  prolonged,
} from "../read/lifetime.js";

/** What of this session is in the record. */
export class SavedLifetime {
  readonly #parts: StoreParts;
  #saved: readonly number[] = [];
  readonly #turns = new Turns();

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Adds what is not in the record yet. */
  save(): Promise<void> {
    return this.#turns.run("", () => this.#save());
  }

  async #save(): Promise<void> {
    const { durable, memory, loader, options } = this.#parts;
    const adapter = durable?.adapter;
    if (adapter?.saveSide === undefined) return;
    const { hits: memoryHits } = memory.stats();
    const counts = numbersOf({ memoryHits, ...loader.counts });
    const lifetime = decodeLifetime(await adapter.side?.(LIFETIME_RECORD));
    const longer = prolonged(lifetime, this.#saved, counts, options.now());
    await adapter.saveSide(LIFETIME_RECORD, encodeLifetime(longer));
    this.#saved = counts;
  }
}
