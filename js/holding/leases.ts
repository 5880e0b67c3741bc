/** Taking leases. */

import { checkCanonicals } from "../arguments/calls.js";
import { unreadable } from "../damage.js";
import type { SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { parseCanonical } from "../parse-canonical.js";
import type { StoreParts } from "../parts.js";
import type { Closure, Lease, LeaseOptions } from "../types.js";
import { walk } from "./closure.js";
import { type Hold, type Holds, weightOf } from "./holds.js";
import { HeldLease, spelled } from "./lease.js";

/** Times the host may fail to have a body before that counts as damage. */
const STALE_TRIES = 3;
/** Bytes of bodies read from the host at a time. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** One of the entries of a lease on its way. */
interface Item {
  readonly slot: number;
  /** What led to it first. */
  readonly canonical: string;
  readonly size: number;
  value: object | undefined;
}

/** A lease as far as it is built. */
interface Draft {
  readonly slots: Map<string, number>;
  readonly items: Map<number, Item>;
  readonly holds: Hold[];
  missing: readonly string[];
}

/** The leases of a store. */
export class Leases {
  readonly #parts: StoreParts;
  readonly #memory: MemoryTier;
  readonly #holds: Holds;
  readonly #leases = new Set<HeldLease>();

  constructor(parts: StoreParts, holds: Holds) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#holds = holds;
  }

  /** Takes a lease. INVALID_KEY, INVALID_VALUE, STORAGE_FULL; nothing stays held then. */
  async take(canonicals: readonly string[], options: LeaseOptions): Promise<Lease> {
    checkCanonicals(canonicals);
    const asked = [...new Set(canonicals.map(trimmed))];
    const { closure = false, signal } = options;
    let flushed = false;
    for (let stale = 0; ; ) {
      await this.#find(asked, signal);
      const draft: Draft = { slots: new Map(), items: new Map(), holds: [], missing: [] };
      try {
        this.#holdAll(draft, asked, closure);
        if (await this.#readAll(draft, signal)) return this.#lease(draft);
      } catch (error) {
        this.#letGo(draft);
        if (flushed || !(await this.#holds.madeRoom(error))) throw error;
        flushed = true;
        continue;
      }
      this.#letGo(draft);
      stale += 1;
      if (stale > STALE_TRIES) throw this.#damaged(draft);
      await this.#parts.durable?.refresh();
    }
  }

  /** The core was restarted. */
  restarted(): void {
    for (const lease of this.#leases) lease.restarted();
  }

  /** The store is closed. */
  close(): void {
    for (const lease of this.#leases) lease.close();
    this.#leases.clear();
  }

  /** Makes the catalog know all there is, and asks the network for what is not there. */
  async #find(asked: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.#parts.durable?.complete();
    this.#parts.checkOpen();
    const unknown = asked.filter((canonical) => this.#memory.slotOf(canonical) === undefined);
    await Promise.all(unknown.map((canonical) => this.#parts.loader.load(canonical, signal)));
    signal?.throwIfAborted();
    this.#parts.checkOpen();
  }

  /** Fixes what the canonicals mean, synchronously: each slot is held as it is found. */
  #holdAll(draft: Draft, asked: readonly string[], closure: Closure): void {
    draft.missing = walk(this.#memory, asked, closure, (canonical, slot) => {
      draft.slots.set(canonical, slot);
      if (draft.items.has(slot)) return;
      // Before the hold, which replaces the bytes by the value.
      const value = this.#holds.recall(canonical, slot);
      draft.holds.push(this.#holds.hold(canonical, slot));
      const { size } = this.#memory.catalog.metadata(slot);
      draft.items.set(slot, { slot, canonical, size, value });
    });
  }

  /** Reads what memory did not have; false when that is not at the host any more. */
  async #readAll({ items }: Draft, signal: AbortSignal | undefined): Promise<boolean> {
    const { durable } = this.#parts;
    const { generation } = this.#holds;
    const cold = [...items.values()].filter(({ value }) => value === undefined);
    while (cold.length > 0) {
      const batch = cold.splice(0, firstBatch(cold));
      const hashes = batch.map(({ slot }) => this.#memory.catalog.hash(slot) ?? new Uint8Array());
      const bodies = (await durable?.bodies.many(hashes)) ?? [];
      for (const [at, item] of batch.entries()) {
        signal?.throwIfAborted();
        this.#parts.checkOpen();
        if (generation !== this.#holds.generation) return false;
        // Read one by one, to learn what is wrong with a body.
        const body =
          bodies[at] ?? (await durable?.bodies.one(hashes[at] as Uint8Array, item.canonical));
        if (body === undefined) return false;
        item.value = this.#memory.parse(item.canonical, body);
      }
    }
    signal?.throwIfAborted();
    this.#parts.checkOpen();
    return generation === this.#holds.generation;
  }

  #lease({ slots, items, holds, missing }: Draft): Lease {
    const values = new Map<string, object>();
    let bytes = 0;
    for (const { slot, canonical, size, value } of items.values()) {
      bytes += weightOf(size);
      values.set(this.#memory.catalog.canonical(slot), value as object);
      if (this.#parts.options.strategy !== "disk") {
        this.#holds.share(canonical, slot, value as object);
      }
    }
    for (const [canonical, slot] of slots) {
      const value = items.get(slot)?.value as object;
      values.set(canonical, value).set(spelled(canonical), value);
    }
    this.#memory.ask((core) => core.used(Uint32Array.from(items.keys()), true));
    const leased = { canonicals: [...slots.keys()], missing, values, holds, bytes };
    const cloned = this.#parts.options.values === "cloned";
    const lease = new HeldLease(leased, this.#holds, cloned, (gone) => this.#leases.delete(gone));
    this.#leases.add(lease);
    return lease;
  }

  #letGo({ holds }: Draft): void {
    for (const hold of holds) this.#holds.release(hold);
  }

  #damaged({ items }: Draft): SchemaStoreError {
    const lost = [...items.values()].find(({ value }) => value === undefined);
    return unreadable(`${lost?.canonical}`);
  }
}

/** How many of these are read at a time. */
function firstBatch(items: readonly Item[]): number {
  let [count, bytes] = [0, 0];
  for (const { size } of items) {
    if (bytes >= BATCH_BYTES) break;
    bytes += size;
    count += 1;
  }
  return count;
}

function trimmed(canonical: string): string {
  parseCanonical(canonical);
  return canonical.trim();
}
