/** Long work in pieces: others get a turn of the event loop now and then. */

/** Gives others a turn of the event loop when there was none for a while. */
export class TurnTaking {
  readonly #longestMs: number;
  #since = performance.now();

  /** `longestMs`: longest time without giving others a turn, in milliseconds. */
  constructor(longestMs = 10) {
    this.#longestMs = longestMs;
  }

  async take(): Promise<void> {
    if (performance.now() - this.#since < this.#longestMs) return;
    const { scheduler } = globalThis as { scheduler?: { yield?(): Promise<void> } };
    await (scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve)));
    this.#since = performance.now();
  }
}
