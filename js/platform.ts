/** What differs between Node and browsers. */

import type { CoreModule } from "./core-module.js";
import type { HostAdapter } from "./host.js";
import type { CheckedOptions } from "./options.js";

/** Where a store runs. */
export interface Platform {
  loadCore(): Promise<CoreModule>;
  /** The durable tier when the options name none. */
  defaultAdapter(options: CheckedOptions): HostAdapter;
  /** Calls back when the page or process is about to end; returns a function that stops it. */
  onExit(store: { flush(): Promise<void>; flushSync(): void }): () => void;
}
