/** The two tiers of a store, joined: memory asks for what is not durable yet, a restart fills it again. */

import type { CoreModule } from "./core-module.js";
import { type DurableListener, DurableTier } from "./durable.js";
import { ExpiryTimer } from "./expiry-timer.js";
import type { HostAdapter } from "./host.js";
import type { CheckedOptions } from "./options.js";
import type { Platform } from "./platform.js";
import { Shelf } from "./shelf.js";
import type { ShelfListener } from "./shelf-types.js";

/** The parts of a store below its public face. */
export interface Tiers {
  readonly core: CoreModule;
  readonly options: CheckedOptions;
  readonly shelf: Shelf;
  /** Looks at the clock while anything has a limited life. */
  readonly expiry: ExpiryTimer;
  /** The host's own SHA-256, where it has a synchronous one. */
  readonly sha256: Platform["sha256"];
  /** Absent for the strategy `memory`. */
  readonly durable: DurableTier | undefined;
  /** Throws CLOSED; to be asked after every wait. */
  checkOpen(): void;
  /** Aborted when the store is closed. */
  readonly closed: AbortController;
  /**
   * Looks after memory and the end of the process, before which `flush` is called; returns a function
   * that stops looking after the latter.
   */
  watchProcess(flush: () => Promise<void>): () => void;
}

/** What the tiers tell the store. */
export interface TiersListener
  extends Omit<ShelfListener, "pendingBody" | "limited" | "over">,
    DurableListener {
  checkOpen(): void;
}

/** Makes the tiers of a store; the durable one is to be opened. */
export function makeTiers(
  core: CoreModule,
  options: CheckedOptions,
  adapter: HostAdapter | undefined,
  platform: Platform,
  listener: TiersListener,
): Tiers {
  const { random, sha256 } = platform;
  const shelf: Shelf = new Shelf(
    core,
    {
      ...options,
      core: {
        ...options,
        evictionPolicy: options.ranking ? "custom" : `${options.evictionPolicy}`,
        durable: adapter !== undefined,
        random,
      },
      keepsValues: options.strategy !== "disk",
      sha256,
    },
    {
      ...listener,
      restarted() {
        durable?.restart();
        listener.restarted();
      },
      limited: () => expiry.start(),
      over: (slots) => {
        // Should the module not be had now, the core tells of the slots again.
        import("./leave.js").then(
          ({ leave }) => leave(tiers, slots, listener),
          () => {},
        );
      },
      pendingBody: (slot) => durable?.writes.body(slot),
    },
  );
  const durable = adapter && new DurableTier(adapter, shelf, options.durability, listener);
  const expiry = new ExpiryTimer(shelf);
  const watchProcess = (flush: () => Promise<void>) => {
    if (options.autoCleanup) shelf.pressure = platform.watchPressure?.(shelf, listener);
    return platform.onExit({ flush, durable });
  };
  const { checkOpen } = listener;
  const closed = new AbortController();
  const tiers = { core, options, shelf, expiry, sha256, durable, checkOpen, closed, watchProcess };
  return tiers;
}
