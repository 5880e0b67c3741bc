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
  /** Counts the changes that made this forget. */
  #changes = 0;

  constructor(memory: MemoryTier, ttlMs: number) {
    this.#memory = memory;
    this.#ttlMs = ttlMs;
  }

  /** Whether the resolver did not know it, not longer ago than that. */
  has(canonical: string): boolean {
    this.#look();
    const until = this.#until.get(canonical);
    return until !== undefined && until > performance.now();
  }

  /** Changes whenever something may have become known. */
  get changes(): number {
    this.#look();
    return this.#changes;
  }

  /** The resolver does not know it; it was asked when `changes` was this. */
  add(canonical: string, changes: number): void {
    if (this.#ttlMs === 0 || changes !== this.changes) return;
    this.#until.delete(canonical);
    this.#until.set(canonical, performance.now() + this.#ttlMs);
    if (this.#until.size <= MOST) return;
    const [oldest = ""] = this.#until.keys();
    this.#until.delete(oldest);
  }

  /** Stores what the resolver did know, at once: that changes nothing for the others. */
  despite(store: () => void): void {
    this.#look();
    store();
    this.#revision = this.#memory.revision;
  }

  #look(): void {
    if (this.#memory.revision === this.#revision) return;
    this.#revision = this.#memory.revision;
    this.#changes += 1;
    this.#until.clear();
  }
}
