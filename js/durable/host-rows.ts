/** Rows of the host on their way into the catalog: never over one whose own write is on its way to the host. */

import { mapKey } from "../bytes.js";
import type { HostChanges, HostRow } from "../host.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Order } from "./order.js";
import type { WriteBehind } from "./write-behind.js";

/** Takes what was read from the host into the catalog. */
export class HostRows {
  readonly #memory: MemoryTier;
  readonly #writes: WriteBehind;
  readonly #order: Order;

  constructor(memory: MemoryTier, writes: WriteBehind, order: Order) {
    this.#memory = memory;
    this.#writes = writes;
    this.#order = order;
  }

  /** The rows of these keys; positional, undefined for one that is not there. */
  take(keys: readonly Uint8Array[], rows: readonly (HostRow | undefined)[]): void {
    for (const [at, key] of keys.entries()) {
      const row = rows[at];
      if (this.#writes.has(key)) continue;
      if (row === undefined) this.#memory.removeRow(key);
      else this.#memory.insertRow(row);
    }
  }

  /** All rows of a URL. */
  takeUrl(url: string, rows: readonly HostRow[]): void {
    const { catalog } = this.#memory;
    const known = Array.from(catalog.rowsOf(url)).flatMap((slot) => catalog.key(slot) ?? []);
    const keys = rows.map(({ key }) => key);
    this.#order.saw(() => [...known, ...keys]);
    this.#memory.insertRowsOf(url, this.#withoutPending(rows));
    const there = new Set(keys.map(mapKey));
    const gone = known.filter((key) => !there.has(mapKey(key)));
    this.take(gone, []);
  }

  /**
   * What has changed; false where something of it waits to be written here: that may be older than what was
   * written meanwhile, and not be written, so the changes are to be read again.
   */
  takeChanges({ rows, deleted }: HostChanges): boolean {
    const keys = rows.map(({ key }) => key);
    const changed = [...keys, ...deleted];
    this.#order.saw(() => changed);
    this.#memory.reportHits();
    this.take(keys, rows);
    this.take(deleted, []);
    return !changed.some((key) => this.#writes.has(key));
  }

  /** All rows there are; the slots to `keep` are those of pending writes. */
  takeAll(rows: readonly HostRow[], keep: readonly number[]): void {
    this.#order.saw();
    this.#memory.replaceRows(this.#withoutPending(rows), keep);
  }

  #withoutPending(rows: readonly HostRow[]): HostRow[] {
    return rows.filter(({ key }) => !this.#writes.has(key));
  }
}
