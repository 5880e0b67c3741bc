/** Writes on their way to the host: bounded, coalesced per row, committed in order. */

import { mapKey } from "./adapters/bytes.js";
import { asStoreError, type SchemaStoreError } from "./errors.js";
import type { HostBatch, HostPut } from "./host.js";

/** Bytes that start a commit at once. */
const FULL_BYTES = 4 * 1024 * 1024;
/** Longest time a write waits for company, in milliseconds. */
const LINGER_MS = 250;
/** Longest pause between tries of a write that fails, in milliseconds. */
const MAX_RETRY_MS = 30_000;

/** A row to be written, or to be deleted where `put` is absent. */
export interface PendingWrite {
  slot: number;
  readonly key: Uint8Array;
  readonly put?: HostPut;
}

/** What the queue needs from its owner. */
export interface WriteBehindHost {
  /** Writes a batch durably. */
  commit(batch: HostBatch): Promise<void>;
  /** These writes are durable; those replaced meanwhile are among them. */
  committed(writes: readonly PendingWrite[]): void;
  /** A write was replaced by a later one before it was committed. */
  superseded(write: PendingWrite): void;
  /** A commit that nobody waits for failed; it will be tried again. */
  failed(error: SchemaStoreError): void;
}

/** The queue. Every write stays in it until the host has it. */
export class WriteBehind {
  readonly #host: WriteBehindHost;
  readonly #queued = new Map<string, PendingWrite>();
  /** Writes with a body, by slot: of two that had a slot one after the other, the later one. */
  readonly #bySlot = new Map<number, PendingWrite>();
  #inFlight = new Map<string, PendingWrite>();
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = LINGER_MS;
  #queuedBytes = 0;
  #error: SchemaStoreError | undefined;

  constructor(host: WriteBehindHost) {
    this.#host = host;
  }

  /** Why the last commit failed, until one succeeds. */
  get error(): SchemaStoreError | undefined {
    return this.#error;
  }

  /** Number of rows that are not durable yet. */
  get size(): number {
    return this.#queued.size + this.#inFlight.size;
  }

  /** Bytes of the bodies that are not durable yet. */
  get bytes(): number {
    return this.#queuedBytes + bytesOf(this.#inFlight.values());
  }

  /** The body of a slot that is not durable yet. */
  body(slot: number): Uint8Array | undefined {
    return this.#bySlot.get(slot)?.put?.body;
  }

  /** Whether a write of that row is on its way: what the host has of it is out of date. */
  has(key: Uint8Array): boolean {
    return this.find(key) !== undefined;
  }

  /** The last write of a row that is on its way. */
  find(key: Uint8Array): PendingWrite | undefined {
    if (this.size === 0) return undefined;
    const text = mapKey(key);
    return this.#queued.get(text) ?? this.#inFlight.get(text);
  }

  /** Whether a put of any row of that URL is on its way. */
  hasPutOf(url: string): boolean {
    return this.size > 0 && this.pending().some(({ put }) => put?.url === url);
  }

  /** Gives a write a new slot. */
  move(write: PendingWrite, slot: number): void {
    this.#release(write);
    write.slot = slot;
    if (write.put !== undefined) this.#bySlot.set(slot, write);
  }

  /** The writes on their way, the later one of a row only. */
  pending(): PendingWrite[] {
    return [...new Map([...this.#inFlight, ...this.#queued]).values()];
  }

  /** Takes a write; it replaces one of the same row that has not been sent yet. */
  add(write: PendingWrite): void {
    const text = mapKey(write.key);
    const replaced = this.#queued.get(text);
    this.#queued.delete(text);
    this.#queued.set(text, write);
    this.#queuedBytes += bytesOf([write]) - bytesOf([replaced]);
    if (write.put !== undefined) this.#bySlot.set(write.slot, write);
    this.#schedule(this.#queuedBytes >= FULL_BYTES ? 0 : LINGER_MS);
    if (replaced !== undefined) this.#supersede(replaced);
  }

  /** Gives the writes new slots after the core was restarted, in the order they were made. */
  reslot(slotOf: (write: PendingWrite) => number): void {
    this.#bySlot.clear();
    for (const write of [...this.#inFlight.values(), ...this.#queued.values()]) {
      write.slot = slotOf(write);
      if (write.put !== undefined) this.#bySlot.set(write.slot, write);
    }
  }

  /** Resolves when everything queued before the call is durable; rejects when that fails. */
  async flush(): Promise<void> {
    if (this.#running !== undefined) await this.#running.catch(() => {});
    // Somebody who waited as well may have begun the next commit: it has taken all that was queued.
    await (this.#running ?? this.#commit());
  }

  /** Stops the timer; what is queued stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(delay: number): void {
    if (delay === 0) this.stop();
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => this.#commit().catch(() => {}), delay);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Commits all that is queued; one commit at a time. */
  #commit(): Promise<void> {
    this.stop();
    const previous = this.#running;
    if (previous !== undefined) return previous.catch(() => {}).then(() => this.#commit());
    if (this.#queued.size === 0) return Promise.resolve();
    this.#running = this.#commitOnce().finally(() => {
      this.#running = undefined;
      if (this.#queued.size > 0) {
        const full = this.#error === undefined && this.#queuedBytes >= FULL_BYTES;
        this.#schedule(full ? 0 : this.#retryMs);
      }
    });
    return this.#running;
  }

  async #commitOnce(): Promise<void> {
    this.#inFlight = new Map(this.#queued);
    this.#queued.clear();
    this.#queuedBytes = 0;
    const writes = [...this.#inFlight.values()];
    try {
      await this.#host.commit(batchOf(writes));
    } catch (cause) {
      this.#error = asStoreError(cause, "DISK_ERROR", "the write could not be made durable");
      this.#requeue(writes);
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      this.#host.failed(this.#error);
      throw this.#error;
    }
    this.#error = undefined;
    this.#retryMs = LINGER_MS;
    this.#inFlight = new Map();
    for (const write of writes) this.#release(write);
    this.#host.committed(writes);
  }

  /** Puts the writes of a failed commit back, but for those replaced meanwhile. */
  #requeue(writes: readonly PendingWrite[]): void {
    const later = [...this.#queued];
    const outdated: PendingWrite[] = [];
    this.#queued.clear();
    this.#inFlight = new Map();
    for (const write of writes) this.#queued.set(mapKey(write.key), write);
    for (const [text, write] of later) {
      const replaced = this.#queued.get(text);
      this.#queued.set(text, write);
      if (replaced !== undefined) outdated.push(replaced);
    }
    this.#queuedBytes = bytesOf(this.#queued.values());
    for (const write of outdated) this.#supersede(write);
  }

  #supersede(write: PendingWrite): void {
    this.#release(write);
    this.#host.superseded(write);
  }

  /** Lets a body go, unless its slot has a new owner. */
  #release(write: PendingWrite): void {
    if (this.#bySlot.get(write.slot) === write) this.#bySlot.delete(write.slot);
  }
}

/** Bytes of the bodies of these writes. */
export function bytesOf(writes: Iterable<PendingWrite | undefined>): number {
  let bytes = 0;
  for (const write of writes) bytes += write?.put?.body.length ?? 0;
  return bytes;
}

/** The batch of these writes. */
export function batchOf(writes: readonly PendingWrite[]): HostBatch {
  const put: HostPut[] = [];
  const deleted: Uint8Array[] = [];
  for (const write of writes) {
    if (write.put === undefined) deleted.push(write.key);
    else put.push(write.put);
  }
  return { put, delete: deleted };
}
