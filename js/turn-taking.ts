/** Long work in pieces: others get a turn of the event loop now and then. */

/** Longest time without giving others a turn, in milliseconds. */
const TURN_MS = 10;

/** Gives others a turn of the event loop when there was none for a while. */
export class TurnTaking {
  #since = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    const { scheduler } = globalThis as { scheduler?: { yield?(): Promise<void> } };
    await (scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve)));
    this.#since = performance.now();
  }
}
