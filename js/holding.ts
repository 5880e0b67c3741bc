/**
 * Pins, leases, warming and the counts of uses that outlive a session. Loaded on first use:
 * `holding-on-demand.ts` is what the store has of it until then.
 */

import type { Events } from "./events.js";
import { Holds } from "./holding/holds.js";
import { Leases } from "./holding/leases.js";
import { Pins } from "./holding/pins.js";
import type { Lease, LeaseOptions, WarmOptions, WarmReport } from "./holding/types.js";
import { Uses } from "./holding/uses.js";
import { warm } from "./holding/warm.js";
import type { Loader } from "./loader.js";
import type { Tiers } from "./tiers.js";

/** All of it, for one store. */
export class Holding {
  readonly #tiers: Tiers;
  readonly #loader: Loader;
  readonly #holds: Holds;
  readonly #leases: Leases;
  readonly #pins: Pins;
  readonly uses: Uses;

  constructor(tiers: Tiers, loader: Loader, events: Events) {
    this.#tiers = tiers;
    this.#loader = loader;
    this.#holds = new Holds(tiers);
    this.#leases = new Leases(tiers, loader, this.#holds);
    this.#pins = new Pins(tiers, loader, this.#holds, (error) => events.emit("error", { error }));
    this.uses = new Uses(tiers);
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
    return warm(this.#tiers, this.#loader, this.uses, options);
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
