/** What differs between Node and browsers. */

import type { CheckedOptions } from "../arguments/options.js";
import type { DurableTier } from "../durable/durable-tier.js";
import type { HostAdapter } from "../host.js";
import type { CoreModule } from "../load/module.js";
import type { MemoryListener, PressureWatch, Trimmed } from "../memory/types.js";

/** Where a store runs. */
export interface Platform {
  loadCore(): Promise<CoreModule>;
  /** Unpredictable random bytes. */
  random(length: number): Uint8Array;
  /** A synchronous SHA-256 faster than the core's, if there is one. */
  sha256?(bytes: Uint8Array): Uint8Array;
  /** The durable tier when the options name none. */
  defaultAdapter(options: CheckedOptions): HostAdapter | Promise<HostAdapter>;
  /** Reads a file, where there is a file system. NOT_FOUND, DISK_ERROR. */
  readFile?(path: string | URL): Promise<Uint8Array>;
  /** Trims the memory tier when the process runs short of memory, where that can be known. */
  watchPressure?(memory: Trimmed, listener: Pick<MemoryListener, "relieved">): PressureWatch;
  /** Calls back when the page or process is about to end; returns a function that stops it. */
  onExit(store: { flush(): Promise<void>; durable: DurableTier | undefined }): () => void;
}
