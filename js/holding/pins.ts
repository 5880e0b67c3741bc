/** Pins: what these canonicals mean, whatever that is at the time, stays in memory. */

import { asStoreError, SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { urlOf } from "../parse-canonical.js";
import type { StoreParts } from "../parts.js";
import type { Hold, Holds } from "./holds.js";
import { spelled } from "./lease.js";

interface Pin {
  readonly canonical: string;
  readonly url: string;
  count: number;
  /** On what the canonical means; absent while it means nothing, or could not be held. */
  hold: Hold | undefined;
}

/** The pins of a store. */
export class Pins {
  readonly #parts: StoreParts;
  readonly #memory: MemoryTier;
  readonly #holds: Holds;
  readonly #pins = new Map<string, Pin>();

  constructor(parts: StoreParts, holds: Holds) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#holds = holds;
  }

  /** Pins what a canonical means. NOT_FOUND, STORAGE_FULL. */
  async pin(canonical: string): Promise<void> {
    const name = spelled(canonical);
    let pin = this.#pins.get(name);
    const isNew = pin === undefined;
    pin ??= { canonical: name, url: urlOf(name), count: 0, hold: undefined };
    // Known from here on, so that what is put meanwhile is followed.
    this.#pins.set(name, pin);
    pin.count += 1;
    try {
      if (isNew || pin.hold === undefined) await this.#take(pin);
    } catch (error) {
      this.unpin(name);
      throw error;
    }
  }

  /** Takes one pin away; false when there was none. */
  unpin(canonical: string): boolean {
    const pin = this.#pins.get(spelled(canonical));
    if (pin === undefined) return false;
    pin.count -= 1;
    if (pin.count > 0) return true;
    this.#pins.delete(pin.canonical);
    this.#letGo(pin);
    return true;
  }

  /** What these URLs mean has changed. */
  moved(urlsOf: () => string[]): void {
    if (this.#pins.size === 0) return;
    const urls = new Set(urlsOf());
    for (const pin of this.#pins.values()) if (urls.has(pin.url)) this.#follow(pin);
  }

  /** The core was restarted: every hold is void. */
  restarted(): void {
    for (const pin of this.#pins.values()) {
      pin.hold = undefined;
      this.#takeLater(pin);
    }
  }

  /** Holds what a canonical means now, read from wherever it is. */
  async #take(pin: Pin): Promise<void> {
    const { loader } = this.#parts;
    for (let flushed = false; ; ) {
      const recalled = loader.lookUp(pin.canonical);
      const loaded = recalled ?? (await loader.load(pin.canonical));
      this.#parts.checkOpen();
      if (loaded === undefined) {
        const message = `there is no entry ${pin.canonical} to pin`;
        throw new SchemaStoreError("NOT_FOUND", message, { key: pin.canonical });
      }
      if (recalled === undefined && !loader.isCurrent(pin.canonical, loaded)) continue;
      try {
        return this.#hold(pin, loaded.slot, loaded.value);
      } catch (error) {
        if (flushed || !(await this.#holds.madeRoom(error))) throw error;
        flushed = true;
      }
    }
  }

  /** Does so in the background. */
  #takeLater(pin: Pin): void {
    this.#take(pin)
      .then(() => {
        if (!this.#isLive(pin)) this.#letGo(pin);
      })
      .catch((error) => this.#tell(pin, error));
  }

  /** Moves to what a canonical means now; at once if memory has it. */
  #follow(pin: Pin): void {
    try {
      const slot = this.#memory.slotOf(pin.canonical);
      if (slot !== undefined && slot === pin.hold?.slot) return;
      this.#letGo(pin);
      if (slot === undefined) return;
      const value = this.#holds.recall(pin.canonical, slot);
      if (value === undefined) this.#takeLater(pin);
      else this.#hold(pin, slot, value);
    } catch (error) {
      this.#tell(pin, error);
    }
  }

  #hold(pin: Pin, slot: number, value: object): void {
    if (pin.hold?.slot === slot || !this.#isLive(pin)) return;
    this.#letGo(pin);
    pin.hold = this.#holds.hold(pin.canonical, slot);
    this.#holds.share(pin.canonical, slot, value);
  }

  #letGo(pin: Pin): void {
    const { hold } = pin;
    if (hold === undefined) return;
    pin.hold = undefined;
    this.#holds.release(hold);
    const others = [...this.#pins.values()].some((other) => other.hold?.slot === hold.slot);
    if (this.#parts.options.strategy === "disk" && !others) this.#memory.drop(hold.slot);
  }

  #isLive(pin: Pin): boolean {
    return this.#pins.get(pin.canonical) === pin;
  }

  /** Nobody waits for it: the pin stays and is retried at the next change. */
  #tell(pin: Pin, cause: unknown): void {
    const error = asStoreError(cause, "DISK_ERROR", `${pin.canonical} could not be pinned again`);
    const quiet = ["NOT_FOUND", "CLOSED", "CORE_RESTARTED"].includes(error.code);
    if (!quiet && this.#isLive(pin)) this.#parts.events.emit("error", { error });
  }
}
