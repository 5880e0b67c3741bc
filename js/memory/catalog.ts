/** The catalog as the store asks it: every known row, by slot and by key. */

import type { Core } from "../core/core.js";
import type { PackedRow } from "../core/packed-row.js";
import { decodeMetadata } from "../core/record.js";
import { HIDDEN_DAMAGED, HIDDEN_EXPIRED } from "../core/wall.js";
import { checkRequest } from "../parse-canonical.js";
import type { Filter, Metadata } from "../types.js";
import type { Hidden } from "./types.js";

const HASH_BYTES = 32;

/** What is known of rows; nothing here changes anything. */
export class Catalog {
  readonly #core: Core;
  readonly #now: () => number;
  readonly #reportHits: () => void;

  /** `reportHits` brings the core up to date, before what depends on time. */
  constructor(core: Core, now: () => number, reportHits: () => void) {
    this.#core = core;
    this.#now = now;
    this.#reportHits = reportHits;
  }

  /** Slots a filter takes, in the order of their canonicals; what nobody can read where asked for. */
  list(
    { urlPrefix, package: source, type, tag, olderThanMs }: Filter,
    { expired = false, damaged = false }: Hidden = {},
  ): Uint32Array {
    this.#reportHits();
    const before = olderThanMs === undefined ? undefined : this.#now() - olderThanMs;
    const hidden = (expired ? HIDDEN_EXPIRED : 0) + (damaged ? HIDDEN_DAMAGED : 0);
    return this.#core.call((core) => core.list(urlPrefix, source, type, tag, before, hidden));
  }

  /** Whether it has an entry besides these rows and these slots. */
  hasOther(rows: readonly PackedRow[], slots: readonly number[]): boolean {
    const known = new Set([...rows.map(({ key }) => this.find(key)), ...slots]);
    return this.list({}, { expired: true, damaged: true }).some((slot) => !known.has(slot));
  }

  /** Slots of all rows of `url` or `url|version`. */
  rowsOf(request: string): Uint32Array {
    checkRequest(request);
    this.#reportHits();
    return this.#core.call((core) => core.rowsOf(request), request);
  }

  /** What is known of a slot, which must hold an entry. */
  metadata(slot: number): Metadata {
    return decodeMetadata(this.#core.call((core) => core.metadata(slot)) ?? "");
  }

  /** Row key of a slot. */
  key(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.key(slot));
  }

  /** The slot of a row key; 0 for none. */
  find(key: Uint8Array): number {
    return this.#core.call((core) => core.find(key));
  }

  /** Packed metadata of a slot. */
  meta(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.meta(slot));
  }

  /** Content hash of a slot. */
  hash(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.hash(slot));
  }

  /** Content hashes of slots, in one call; zeros for a slot without an entry. */
  hashes(slots: readonly number[]): Uint8Array[] {
    const all = this.#core.call((core) => core.hashes(Uint32Array.from(slots)));
    return slots.map((_, at) => all.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  }

  /** `url|version` of a slot. */
  canonical(slot: number): string {
    return this.#core.call((core) => core.canonical(slot)) ?? "";
  }
}
