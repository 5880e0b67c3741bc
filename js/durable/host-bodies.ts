/** Bodies from the host; none is returned that does not match its hash. */

import { Batcher } from "../concurrency.js";
import { refuseUnreadable, unreadable } from "../damage.js";
import { reasonOf, SchemaStoreError } from "../errors.js";
import type { HostAdapter } from "../host.js";
import type { MemoryTier } from "../memory/memory-tier.js";

/** `damaged`: there is no such body any more, or not whole. `failed`: it could not be read, and may be whole. */
export type Unreadable = "damaged" | "failed";

/** Bodies that are read together to be checked. */
const CHECKED_TOGETHER = 64;

/** Reads bodies, and tells the adapter of those that are damaged. */
export class HostBodies {
  readonly #adapter: HostAdapter;
  readonly #memory: MemoryTier;
  readonly #isChecked: () => boolean;
  readonly #isPending: (slot: number) => boolean;
  readonly #asked: Batcher<Uint8Array, Uint8Array | undefined>;

  /** `isChecked`: the adapter has checked what it gives; `isPending`: the body of a slot is on its way. */
  constructor(
    adapter: HostAdapter,
    memory: MemoryTier,
    isChecked: () => boolean,
    isPending: (slot: number) => boolean,
  ) {
    this.#isPending = isPending;
    this.#adapter = adapter;
    this.#memory = memory;
    this.#isChecked = isChecked;
    this.#asked = new Batcher((hashes) => adapter.bodies(hashes));
  }

  /**
   * The body of an entry; undefined when its row is out of date, as it is from here on when the body fails
   * its check. CORRUPT for what is known to be damaged; a failure of the host, with its code, names the entry.
   */
  async one(hash: Uint8Array, canonical: string): Promise<Uint8Array | undefined> {
    refuseUnreadable(hash, canonical);
    const body = await this.#asked.get(hash).catch((cause) => {
      throw unread(canonical, cause);
    });
    if (body === undefined || this.#isWhole(body, hash)) return body;
    if (this.#adapter.reportDamage === undefined) throw unreadable(canonical);
    await this.#adapter.reportDamage(hash, body);
    return undefined;
  }

  /** Those that are there and pass their check. Positional; never rejects. */
  async many(hashes: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const bodies = await this.#adapter.bodies(hashes).catch(() => []);
    for (const [at, hash] of hashes.entries()) {
      const body = bodies[at];
      if (body === undefined || this.#isWhole(body, hash)) continue;
      bodies[at] = undefined;
      await this.#adapter.reportDamage?.(hash, body).catch(() => {});
    }
    return bodies;
  }

  /** Those of these slots that the host cannot return, and why. */
  async unreadable(given: readonly number[]): Promise<ReadonlyMap<number, Unreadable>> {
    const slots = given.filter((slot) => !this.#isPending(slot));
    const found = new Map<number, Unreadable>();
    for (let at = 0; at < slots.length; at += CHECKED_TOGETHER) {
      const some = slots.slice(at, at + CHECKED_TOGETHER).flatMap((slot) => {
        const hash = this.#memory.catalog.hash(slot);
        return hash === undefined ? [] : [{ slot, hash }];
      });
      const bodies = await this.many(some.map(({ hash }) => hash));
      for (const [i, { slot, hash }] of some.entries()) {
        const why = bodies[i] === undefined ? await this.#whyNot(slot, hash) : undefined;
        if (why !== undefined) found.set(slot, why);
      }
    }
    return found;
  }

  /** Why the host does not return the body of a slot when that is read alone; undefined if it does. */
  async #whyNot(slot: number, hash: Uint8Array): Promise<Unreadable | undefined> {
    try {
      const body = await this.one(hash, this.#memory.catalog.canonical(slot));
      return body === undefined ? "damaged" : undefined;
    } catch (error) {
      const isDamaged = error instanceof SchemaStoreError && error.code === "CORRUPT";
      return isDamaged ? "damaged" : "failed";
    }
  }

  #isWhole(body: Uint8Array, hash: Uint8Array): boolean {
    return this.#isChecked() || this.#memory.hashMatches(body, hash);
  }
}

/** What the host failed with, told of the entry whose body was asked for. */
function unread(canonical: string, cause: unknown): SchemaStoreError {
  const known = cause instanceof SchemaStoreError ? cause : undefined;
  if (known?.code === "CLOSED") return known;
  const message = `${canonical} cannot be read: ${reasonOf(cause)}`;
  const details = { key: canonical, cause, ...(known && { retryable: known.retryable }) };
  return new SchemaStoreError(known?.code ?? "DISK_ERROR", message, details);
}
