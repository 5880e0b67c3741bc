/** The parts of a store below its public face, as the rooms above them use them. */

import type { CheckedOptions } from "./arguments/options.js";
import type { DurableTier } from "./durable/durable-tier.js";
import type { ExpiryTimer } from "./expiry/timer.js";
import type { CoreModule } from "./load/module.js";
import type { MemoryTier } from "./memory/memory-tier.js";
import type { Platform } from "./platform/platform.js";

/** The parts of a store below its public face. */
export interface StoreParts {
  readonly core: CoreModule;
  readonly options: CheckedOptions;
  readonly memory: MemoryTier;
  /** Looks at the clock while anything has a limited life. */
  readonly expiry: ExpiryTimer;
  /** The host's own SHA-256, where it has a synchronous one. */
  readonly sha256: Platform["sha256"];
  /** Absent for the strategy `memory`. */
  readonly durable: DurableTier | undefined;
  /** Throws CLOSED; call it after every wait. */
  checkOpen(): void;
  /** Aborted when the store is closed. */
  readonly closed: AbortController;
}
