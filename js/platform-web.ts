/** What a store needs of a browser or worker. */

import { asStoreError } from "./errors.js";
import type { Platform } from "./platform.js";

const CURE =
  "the IndexedDB adapter could not be loaded; pass that of fhir-schema-store/adapters/indexeddb as the option adapter";

/** A browser or worker, but for how the core is loaded. */
export const webPlatform: Omit<Platform, "loadCore"> = {
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  async defaultAdapter({ databaseName }) {
    // Arrives while the core is compiled; a store in memory does without.
    const { indexedDbAdapter } = await import("./adapters/indexeddb.js").catch((cause) => {
      // A Service Worker may not import on demand.
      throw asStoreError(cause, "UNSUPPORTED", CURE);
    });
    return indexedDbAdapter(databaseName);
  },
  onExit({ flush }) {
    // Either event may be the last one a page gets to see.
    const flushNow = () => void flush().catch(() => {});
    const flushWhenHidden = () => {
      if (globalThis.document?.visibilityState === "hidden") flushNow();
    };
    const listening = new AbortController();
    const { signal } = listening;
    globalThis.addEventListener?.("pagehide", flushNow, { signal });
    globalThis.document?.addEventListener("visibilitychange", flushWhenHidden, { signal });
    return () => listening.abort();
  },
};
