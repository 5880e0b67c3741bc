/** What a store needs of a browser or worker. */

import { indexedDbAdapter } from "./adapters/indexeddb.js";
import type { Platform } from "./platform.js";

/** A browser or worker, but for how the core is loaded. */
export const webPlatform: Omit<Platform, "loadCore"> = {
  defaultAdapter: ({ databaseName }) => indexedDbAdapter(databaseName),
  onExit({ flush }) {
    // Either event may be the last one a page gets to see.
    const flushNow = () => void flush().catch(() => {});
    const flushWhenHidden = () => {
      if (globalThis.document?.visibilityState === "hidden") flushNow();
    };
    globalThis.addEventListener?.("pagehide", flushNow);
    globalThis.document?.addEventListener("visibilitychange", flushWhenHidden);
    return () => {
      globalThis.removeEventListener?.("pagehide", flushNow);
      globalThis.document?.removeEventListener("visibilitychange", flushWhenHidden);
    };
  },
};
