/** Writes past the queue, which hold only while nobody else writes the rows they depend on. */

import { outOfStep } from "../concurrency.js";
import type { PackedRow } from "../core/packed-row.js";
import { SchemaStoreError } from "../errors.js";
import type { HostBatch, HostRow } from "../host.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { Metadata } from "../types.js";
import type { WriteBehind } from "./write-behind.js";

/** Tries of a conditional write before its CONCURRENCY reaches the caller. */
const CONDITIONAL_TRIES = 64;

/** A row with its body, ready to be written. */
export interface WritableRow extends PackedRow {
  readonly url: string;
  readonly body: Uint8Array;
}

/** What these writes need of the durable tier. */
export interface ConditionalHost {
  /** Commits what is queued, as far as there is room. */
  flush(): Promise<void>;
  /** Brings all rows of a URL into the catalog; returns them as the host has them. */
  ask(url: string): Promise<HostRow[]>;
  /** Commits, and runs `then` before anything else can be read from the host or learned of it. */
  commit<T>(batch: HostBatch, then: () => T): Promise<T>;
}

/** Commits with expectations. */
export class ConditionalWrites {
  readonly #host: ConditionalHost;
  readonly #memory: MemoryTier;
  readonly #writes: WriteBehind;

  constructor(host: ConditionalHost, memory: MemoryTier, writes: WriteBehind) {
    this.#host = host;
    this.#memory = memory;
    this.#writes = writes;
  }

  /**
   * Writes a row of `url` if nobody put, deleted or replaced a row of that URL meanwhile.
   * `attempt` is called with the URL's rows current in the catalog, again after each collision; it
   * makes the row, or undefined to write nothing. Durable when it resolves. CONCURRENCY.
   */
  async putIf(
    url: string,
    attempt: () => Promise<WritableRow | undefined>,
  ): Promise<Metadata | undefined> {
    for (let tries = 1; ; tries += 1) {
      await this.#host.flush();
      // What they say is fixed before `attempt` waits for anything: later is too late to notice a write.
      const seen = await this.#host.ask(url);
      const row = await attempt();
      if (row === undefined) return undefined;
      const stored = await this.#commitIfUnchanged(url, seen, row);
      if (!(stored instanceof SchemaStoreError)) return stored;
      if (tries === CONDITIONAL_TRIES) throw stored;
      // A random pause, so that neither of two writers starves.
      if (tries > 1) await outOfStep(tries);
    }
  }

  /** Own queued writes come first; what others wrote, the host notices. */
  #commitIfUnchanged(
    url: string,
    seen: readonly HostRow[],
    row: WritableRow,
  ): Promise<Metadata | SchemaStoreError> {
    const expect = seen.map(({ key, revision }) => ({ key, revision }));
    const batch = { put: [row], delete: [], expect, expectUrl: { url, count: seen.length } };
    return this.#tryCommit(batch, () => this.#take(row));
  }

  /**
   * Commits rows and deletions if the keys are at these revisions, and no write of them, or of what is written,
   * is on its way from here, and runs `then`; returns the CONCURRENCY if not. Durable when it resolves.
   */
  async tryCommit<T>(
    rows: readonly WritableRow[],
    keys: readonly Uint8Array[],
    revisions: readonly number[],
    then: () => T,
    deleted: readonly Uint8Array[] = [],
  ): Promise<T | SchemaStoreError> {
    const expect = keys.map((key, at) => ({ key, revision: revisions[at] ?? 0 }));
    return this.#tryCommit({ put: rows, delete: deleted, expect }, then);
  }

  async #tryCommit<T>(batch: HostBatch, then: () => T): Promise<T | SchemaStoreError> {
    const written = [...batch.put.map(({ key }) => key), ...batch.delete];
    const keys = [...written, ...(batch.expect ?? []).map(({ key }) => key)];
    const whole = batch.expectUrl?.url;
    // One that the host has no room for does not go away by waiting.
    const refusal = this.#writes.refusalOf(keys, whole);
    if (refusal !== undefined) throw refusal;
    const isOnItsWay =
      keys.some((key) => this.#writes.has(key)) ||
      (whole !== undefined && this.#writes.hasPutOf(whole));
    if (isOnItsWay) return this.#overtaken(batch);
    try {
      return await this.#host.commit(batch, then);
    } catch (error) {
      if (!(error instanceof SchemaStoreError) || error.code !== "CONCURRENCY") throw error;
      return error.key === undefined ? this.#overtaken(batch, error) : error;
    }
  }

  /** Names what the batch is about: a host need not say which row it was. */
  #overtaken(
    { put, delete: gone, expect = [], expectUrl }: HostBatch,
    cause?: unknown,
  ): SchemaStoreError {
    const { catalog } = this.#memory;
    const slots = [...gone, ...expect.map(({ key }) => key)].map((key) => catalog.find(key));
    const known = slots.find((slot) => slot !== 0);
    const key =
      expectUrl?.url ?? put[0]?.url ?? (known === undefined ? known : catalog.canonical(known));
    const message = `${key ?? "a row"} was written by somebody else meanwhile`;
    return new SchemaStoreError("CONCURRENCY", message, { key, cause });
  }

  /** Takes a row that was committed past the queue; a later write of it that is on its way stays. */
  #take(row: WritableRow): Metadata {
    const slot = this.#memory.insertRow(row);
    const metadata = this.#memory.catalog.metadata(slot);
    this.keepBody(row, slot);
    return metadata;
  }

  /** Keeps the body of such a row in its slot, unless a later write of the row is on its way. */
  keepBody(row: WritableRow, slot: number): void {
    const later = this.#writes.find(row.key);
    if (later === undefined) this.#memory.admit([[slot, row.body]]);
    else if (later.put === undefined) this.#memory.removeRow(row.key);
    else this.#writes.move(later, this.#memory.insertRow(later.put));
  }
}
