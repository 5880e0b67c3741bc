/** The way to `holding.ts`, which is loaded when anything of it is first needed. */

import { onFirstUse } from "../first-use.js";
import type { StoreParts } from "../parts.js";
import type { Holding } from "./holding.js";

/** How often new counts of uses are saved, in milliseconds. */
const SAVE_MS = 60_000;

/** Pins, leases, warming and use counts of a store. */
export class HoldingOnDemand {
  readonly #parts: StoreParts;
  #holding: Holding | undefined;
  #counted: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Look-ups when the counts were last saved. */
  #uses = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** All of it. CLOSED. */
  async use(): Promise<Holding> {
    this.#parts.checkOpen();
    const holding = await this.#load();
    this.#parts.checkOpen();
    return holding;
  }

  /** Resolves when uses of earlier sessions are counted, or cannot be. CORE_RESTARTED. */
  counted(): Promise<void> | undefined {
    const { durable } = this.#parts;
    // They are not worth waiting for the whole index.
    if (!durable?.loaded || durable.adapter.side === undefined) return undefined;
    this.#counted ??= this.#load()
      .then(({ uses }) => uses.load())
      .catch(unlessRestarted);
    return this.#counted;
  }

  /** Saves the counts from time to time. */
  start(): void {
    this.#timer = setInterval(() => void this.save(), SAVE_MS);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Saves the counts if there were look-ups since; never rejects. */
  async save(): Promise<void> {
    const { durable, memory, loader } = this.#parts;
    if (durable?.adapter.saveSide === undefined) return;
    try {
      const uses = memory.stats().hits + loader.counts.memoryMisses;
      if (uses === this.#uses) return;
      await (await this.#load()).save();
      this.#uses = uses;
    } catch {
      // They are a hint; what could not be saved is saved with the next.
    }
  }

  /** Does what is left to do when the page may be about to end. */
  async flush(): Promise<void> {
    void this.save();
    await this.#parts.durable?.flush();
  }

  moved(urlsOf: () => string[]): void {
    this.#holding?.moved(urlsOf);
  }

  restarted(): void {
    this.#counted = undefined;
    this.#holding?.restarted();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#holding?.close();
  }

  async #load(): Promise<Holding> {
    const { Holding } = await onFirstUse(import("./holding.js"));
    this.#holding ??= new Holding(this.#parts);
    return this.#holding;
  }
}

function unlessRestarted(error: { readonly code?: unknown }): void {
  if (error.code === "CORE_RESTARTED") throw error;
}
