/** What differs between Node and browsers. */

import type { CoreModule } from "./core-module.js";
import type { DurableTier } from "./durable.js";
import type { HostAdapter } from "./host.js";
import type { CheckedOptions } from "./options.js";
import type { ShelfListener } from "./shelf-types.js";

/** What gives memory back; answers how many bytes. */
export interface Trimmed {
  trim(bytes: number, pressure: true): number;
}

/** An eye on the memory of the process. */
export interface PressureWatch {
  /** Looks whether memory is short; to be called after so many bytes of JSON were decoded. */
  check(bytes: number): void;
  stop(): void;
}

/** Where a store runs. */
export interface Platform {
  loadCore(): Promise<CoreModule>;
  /** Bytes from a source nobody can foresee. */
  random(length: number): Uint8Array;
  /** A SHA-256 faster than the core's, if there is one that does not wait. */
  sha256?(bytes: Uint8Array): Uint8Array;
  /** The durable tier when the options name none. */
  defaultAdapter(options: CheckedOptions): HostAdapter | Promise<HostAdapter>;
  /** Reads a file, where there is a file system. NOT_FOUND, DISK_ERROR. */
  readFile?(path: string | URL): Promise<Uint8Array>;
  /** Trims the memory tier when the process runs short of memory, where that can be known. */
  watchPressure?(shelf: Trimmed, listener: Pick<ShelfListener, "relieved">): PressureWatch;
  /** Calls back when the page or process is about to end; returns a function that stops it. */
  onExit(store: { flush(): Promise<void>; durable: DurableTier | undefined }): () => void;
}
