/** Listeners on single canonicals. */

import { ASK } from "../core/wall.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { urlOf } from "../parse-canonical.js";
import { check, FUNCTION } from "../rules.js";
import type { Metadata } from "../types.js";
import { type Events, tell } from "./events.js";

/** What a watched canonical resolves to now; no metadata when there is nothing. */
export interface WatchEvent {
  readonly canonical: string;
  readonly metadata: Metadata | undefined;
}

interface Watcher {
  readonly canonical: string;
  readonly listener: (event: WatchEvent) => void;
  /** Content hash at the last notice. */
  seen: string | undefined;
}

/** Watchers by URL. */
export class Watchers {
  readonly #memory: MemoryTier;
  readonly #events: Events;
  readonly #byUrl = new Map<string, Set<Watcher>>();

  constructor(memory: MemoryTier, events: Events) {
    this.#memory = memory;
    this.#events = events;
  }

  /** Adds a watcher; returns a function that removes it. INVALID_KEY, INVALID_VALUE. */
  add(canonical: string, listener: (event: WatchEvent) => void): () => void {
    check(listener, FUNCTION, "listener");
    const watcher: Watcher = { canonical, listener, seen: this.#current(canonical)?.contentHash };
    const url = urlOf(canonical);
    const watchers = this.#byUrl.get(url) ?? new Set();
    this.#byUrl.set(url, watchers);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#byUrl.get(url) === watchers) this.#byUrl.delete(url);
    };
  }

  /** Emits `change`, and calls the watchers of these URLs whose result did change. */
  moved(urlsOf: () => readonly string[]): void {
    if (this.#byUrl.size === 0 && !this.#events.has("change")) return;
    const urls = urlsOf();
    this.#events.emit("change", { urls });
    // The core is in the middle of its effects; it is asked when they are done.
    queueMicrotask(() => {
      try {
        for (const url of urls) this.#check(url);
      } catch {
        // The core was restarted; the watchers are called when the rows are back.
      }
    });
  }

  /** Removes every watcher. */
  clear(): void {
    this.#byUrl.clear();
  }

  #check(url: string): void {
    for (const watcher of this.#byUrl.get(url) ?? []) {
      const { canonical, listener } = watcher;
      if (this.#memory.lookUp(canonical).slot === ASK) continue;
      const metadata = this.#current(canonical);
      if (metadata?.contentHash === watcher.seen) continue;
      watcher.seen = metadata?.contentHash;
      tell(listener, { canonical, metadata });
    }
  }

  #current(canonical: string): Metadata | undefined {
    const slot = this.#memory.slotOf(canonical);
    return slot === undefined ? undefined : this.#memory.catalog.metadata(slot);
  }
}
