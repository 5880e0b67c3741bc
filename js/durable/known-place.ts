/** The place whose rows the catalog has: somebody may delete it behind the store, and then there is another. */

import { SchemaStoreError } from "../errors.js";
import type { HostOpened } from "../host.js";

/** Tells when the place is another one, and remembers it. */
export class KnownPlace {
  readonly #adapter: string;
  #name = "the place";
  #storeId: string | undefined;
  #loss: SchemaStoreError | undefined;

  /** `adapter` is its name. */
  constructor(adapter: string) {
    this.#adapter = adapter;
  }

  /** Takes what `open` found. */
  opened({ storeId, place }: HostOpened): void {
    this.#storeId = storeId;
    if (place !== undefined) this.#name = place;
  }

  /**
   * Notes of which place all rows were read. The error to tell if that is another one than before, and not all
   * entries are in it. DISK_ERROR.
   */
  noteRead(storeId: string, lacksAny: () => boolean): SchemaStoreError | undefined {
    if (storeId === this.#storeId) return undefined;
    this.#storeId = storeId;
    if (!lacksAny()) return undefined;
    const what = `${this.#adapter}: ${this.#name} was deleted behind the open store`;
    const message = `${what}: what it held is gone, and what is put from now on is in a new one`;
    this.#loss = new SchemaStoreError("DISK_ERROR", message, { key: this.#name });
    return this.#loss;
  }

  /** What was lost with a place, in a sentence, until it is known. */
  get damage(): readonly string[] {
    return this.#loss === undefined ? [] : [this.#loss.message];
  }

  /** It is known. */
  forget(): void {
    this.#loss = undefined;
  }
}
