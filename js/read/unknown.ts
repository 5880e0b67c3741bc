/** Canonicals that the resolver did not know a moment ago, so that not every look-up asks it again. */

import type { MemoryTier } from "../memory/memory-tier.js";

/** Most canonicals that are remembered; the oldest go first. */
const MOST = 10_000;

/** What the resolver does not know; forgotten whenever what any canonical means has changed. */
export class Unknown {
  readonly #memory: MemoryTier;
  readonly #ttlMs: number;
  /** When each is to be asked for again, by the clock that nobody sets. */
  readonly #until = new Map<string, number>();
  /** `MemoryTier.revision` as of the last look. */
  #revision = 0;

  constructor(memory: MemoryTier, ttlMs: number) {
    this.#memory = memory;
    this.#ttlMs = ttlMs;
  }

  /** Whether the resolver did not know it, not longer ago than that. */
  has(canonical: string): boolean {
    if (this.#memory.revision !== this.#revision) this.#until.clear();
    this.#revision = this.#memory.revision;
    const until = this.#until.get(canonical);
    return until !== undefined && until > performance.now();
  }

  /** The resolver does not know it. */
  add(canonical: string): void {
    if (this.#ttlMs === 0) return;
    this.#until.delete(canonical);
    this.#until.set(canonical, performance.now() + this.#ttlMs);
    if (this.#until.size <= MOST) return;
    const [oldest = ""] = this.#until.keys();
    this.#until.delete(oldest);
  }

  /** Stores what the resolver did know: that changes nothing for the others. */
  async despite(store: () => Promise<void>): Promise<void> {
    const isCurrent = this.#memory.revision === this.#revision;
    await store();
    if (isCurrent) this.#revision = this.#memory.revision;
  }
}
