/** The catalog, packed, as a host without an index of its own keeps it: opening needs no reading of rows. */

import type { HostAdapter, HostToken } from "../host.js";

/** Quiet time before the packed index is saved, in milliseconds. */
const SAVE_INDEX_MS = 2000;

/** What the saving needs of the durable tier. */
export interface IndexSource {
  /** The last commit that the catalog has, and nothing is on its way past it; undefined otherwise. */
  current(): HostToken | undefined;
  /** The catalog, packed. */
  pack(): Uint8Array;
}

/** Saves the index some time after the last change. */
export class SavedIndex {
  readonly #adapter: HostAdapter;
  readonly #source: IndexSource;
  #saved: HostToken | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(adapter: HostAdapter, source: IndexSource) {
    this.#adapter = adapter;
    this.#source = source;
  }

  /** Notes that the host has the index of that commit. */
  is(token: HostToken): void {
    this.#saved = token;
  }

  /** Saves it when nothing has changed for a while. */
  saveSoon(): void {
    this.stop();
    this.#timer = setTimeout(() => void this.save().catch(() => {}), SAVE_INDEX_MS);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Saves it, if it is exactly what the host has and not saved yet. */
  async save(): Promise<void> {
    const token = this.#source.current();
    if (token === undefined || token === this.#saved) return;
    await this.#adapter.saveIndex(this.#source.pack(), token);
    this.#saved = token;
  }

  /** Saves nothing any more until it is asked to. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
