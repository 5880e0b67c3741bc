/** Looks after entries with a limited life, as long as there are any. */

import type { MemoryTier } from "../memory/memory-tier.js";

/** How often expiry is looked after, in milliseconds. */
const TICK_MS = 1000;

/** A timer that runs only while any entry expires, and keeps no process alive. */
export class ExpiryTimer {
  readonly #memory: MemoryTier;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(memory: MemoryTier) {
    this.#memory = memory;
  }

  /** Starts the timer; to be called when an entry with a limited life was added. */
  start(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Stops it for good. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #tick(): void {
    try {
      if (this.#memory.ask((core) => core.expires())) return;
    } catch {
      // The core was restarted, which has its own event; the next tick looks again.
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
