/** What a store needs of a browser or worker. */

import { flushSync } from "../durable/flush-sync.js";
import { onFirstUse } from "../first-use.js";
import type { Platform } from "./platform.js";

/** A browser or worker, except for how the core is loaded. */
export const webPlatform: Omit<Platform, "loadCore"> = {
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  async defaultAdapter({ databaseName }) {
    // Arrives while the core is compiled; a store in memory does without.
    const { indexedDbAdapter } = await onFirstUse(import("../adapters/indexeddb.js"));
    return indexedDbAdapter(databaseName);
  },
  onExit({ flush, durable }) {
    const flushNow = () => {
      // Nothing that waits is sure to resume.
      if (durable !== undefined) flushSync(durable);
      flush().catch(() => {});
    };
    const flushWhenHidden = () => {
      if (globalThis.document?.visibilityState === "hidden") flushNow();
    };
    const freeze = () => {
      flushNow();
      durable?.adapter.freeze?.();
    };
    const thaw = () => durable?.adapter.thaw?.();
    // Into the back/forward cache and out of it, in browsers that do not call that freezing.
    const onHide = ({ persisted }: Event & { persisted?: boolean }) =>
      persisted ? freeze() : flushNow();
    const onShow = ({ persisted }: Event & { persisted?: boolean }) => persisted && thaw();
    const listening = new AbortController();
    const { signal } = listening;
    // Each of the first three may be the last event a page sees.
    globalThis.addEventListener?.("pagehide", onHide, { signal });
    globalThis.document?.addEventListener("visibilitychange", flushWhenHidden, { signal });
    globalThis.document?.addEventListener("freeze", freeze, { signal });
    globalThis.document?.addEventListener("resume", thaw, { signal });
    globalThis.addEventListener?.("pageshow", onShow, { signal });
    return () => listening.abort();
  },
};
