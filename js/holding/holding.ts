/**
 * Pins, leases, warming and the counts that outlive a session. Loaded on first use:
 * `on-demand.ts` is what the store has of it until then.
 */

import type { StoreParts } from "../parts.js";
import type { Lease, LeaseOptions, WarmOptions, WarmReport } from "../types.js";
import { Holds } from "./holds.js";
import { Leases } from "./leases.js";
import { Pins } from "./pins.js";
import { SavedLifetime } from "./saved-lifetime.js";
import { Uses } from "./uses.js";
import { warm } from "./warm.js";

/** All of it, for one store. */
export class Holding {
  readonly #parts: StoreParts;
  readonly #holds: Holds;
  readonly #leases: Leases;
  readonly #pins: Pins;
  readonly uses: Uses;
  readonly #lifetime: SavedLifetime;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#holds = new Holds(parts);
    this.#leases = new Leases(parts, this.#holds);
    this.#pins = new Pins(parts, this.#holds);
    this.uses = new Uses(parts);
    this.#lifetime = new SavedLifetime(parts);
  }

  /** Saves what is counted over all sessions. */
  async save(): Promise<void> {
    await Promise.all([this.uses.save(), this.#lifetime.save()]);
  }

  pin(canonical: string): Promise<void> {
    return this.#pins.pin(canonical);
  }

  unpin(canonical: string): boolean {
    return this.#pins.unpin(canonical);
  }

  lease(canonicals: readonly string[], options: LeaseOptions): Promise<Lease> {
    return this.#leases.take(canonicals, options);
  }

  warm(options: WarmOptions): Promise<WarmReport> {
    return warm(this.#parts, this.uses, options);
  }

  /** What these URLs mean has changed. */
  moved(urlsOf: () => string[]): void {
    this.#pins.moved(urlsOf);
  }

  /** The core was restarted: what it knew of holds and uses is gone. */
  restarted(): void {
    this.#holds.restarted();
    this.uses.restarted();
    this.#leases.restarted();
    this.#pins.restarted();
  }

  /** Ends every lease. */
  close(): void {
    this.#leases.close();
  }
}
