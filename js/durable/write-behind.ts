/**
 * Writes on their way to the host: bounded, coalesced per row, committed in order. What the host has no
 * room for is kept apart, so that nothing waits behind it, and tried again when there may be room.
 */

import { mapKey } from "../bytes.js";
import { asStoreError, type SchemaStoreError } from "../errors.js";
import type { HostBatch } from "../host.js";
import { batchOf, bytesOf, type PendingWrite } from "./pending-write.js";
import { commitWhatFits } from "./what-fits.js";

/** Bytes that start a commit at once. */
const FULL_BYTES = 4 * 1024 * 1024;
/** Longest time a write waits for company, in milliseconds. */
const LINGER_MS = 250;
/** Longest pause between tries of a write that fails, in milliseconds. */
const MAX_RETRY_MS = 30_000;

/** What the queue needs from its owner. */
export interface WriteBehindHost {
  /** Writes a batch durably, and runs `then` before anything else is learned of the host. */
  commit(batch: HostBatch, then: () => void): Promise<void>;
  /** These writes are durable, including those replaced meanwhile. */
  committed(writes: readonly PendingWrite[]): void;
  /** A write was replaced by a later one before it was committed. */
  superseded(write: PendingWrite): void;
  /** A commit that nobody waits for failed; it will be tried again. */
  failed(error: SchemaStoreError): void;
  /** The host has no room for this write; it is kept, and tried again. */
  refused(write: PendingWrite, error: SchemaStoreError): void;
  /** The same for a write that somebody waits for: it is removed, and its row restored. */
  undo(write: PendingWrite): Promise<void>;
}

/** The queue. Every write stays in it until the host has it, or it is taken back. */
export class WriteBehind {
  readonly #host: WriteBehindHost;
  readonly #queued = new Map<string, PendingWrite>();
  /** Writes with a body, by slot; if two had the same slot in turn, the later one. */
  readonly #bySlot = new Map<number, PendingWrite>();
  #inFlight = new Map<string, PendingWrite>();
  readonly #refused = new Map<string, PendingWrite>();
  /** What was refused is part of the next commit. */
  #tryRefused = false;
  #refusal: SchemaStoreError | undefined;
  #refusedTimer: ReturnType<typeof setTimeout> | undefined;
  #refusedRetryMs = LINGER_MS;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = LINGER_MS;
  #queuedBytes = 0;
  #error: SchemaStoreError | undefined;
  /** Refused writes that were reported. */
  readonly #told = new WeakSet<PendingWrite>();
  /** Writes that were removed, and when their row is restored. */
  readonly #undone = new WeakMap<PendingWrite, Promise<void>>();
  /** How often a removed write gave way to the one it had replaced, which is queued again. */
  #restored = 0;

  constructor(host: WriteBehindHost) {
    this.#host = host;
  }

  /** Why the last commit failed, until one succeeds; else why writes are refused, while any are. */
  get error(): SchemaStoreError | undefined {
    return this.#error ?? (this.refusedSize > 0 ? this.#refusal : undefined);
  }

  /** Number of rows that are not durable yet. */
  get size(): number {
    return this.#queued.size + this.#inFlight.size + this.#refused.size;
  }

  /** Number of rows that the host has no room for, or had none for when they were last tried. */
  get refusedSize(): number {
    const tried = [...this.#inFlight.values()].filter((write) => this.#told.has(write));
    return this.#refused.size + tried.length;
  }

  /** Bytes of the bodies on their way to the host, without those it has no room for. */
  get bytes(): number {
    return this.#queuedBytes + bytesOf(this.#inFlight.values());
  }

  /** Bytes of the bodies that the host has no room for. */
  get refusedBytes(): number {
    return bytesOf(this.#refused.values());
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
    return this.#queued.get(text) ?? this.#inFlight.get(text) ?? this.#refused.get(text);
  }

  /** Why a write of one of these rows, or a put of that URL, is kept apart; undefined where none is. */
  refusalOf(keys: readonly Uint8Array[], url?: string): SchemaStoreError | undefined {
    if (this.#refused.size === 0) return undefined;
    const isRefused =
      keys.some((key) => this.#refused.has(mapKey(key))) ||
      [...this.#refused.values()].some(({ put }) => put !== undefined && put.url === url);
    return isRefused ? this.#refusal : undefined;
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

  /** The writes that are not durable yet, the later one of a row only. */
  pending(): PendingWrite[] {
    return [...this.#refused.values(), ...this.sendable()];
  }

  /** The same without those that the host has no room for. */
  sendable(): PendingWrite[] {
    return [...new Map([...this.#inFlight, ...this.#queued]).values()];
  }

  /** Takes a write; it replaces one of the same row that is not under way. */
  add(write: PendingWrite): void {
    const text = mapKey(write.key);
    const replaced = this.#queued.get(text) ?? this.#refused.get(text);
    const wasQueued = this.#queued.delete(text);
    this.#refused.delete(text);
    this.#queued.set(text, write);
    this.#queuedBytes += bytesOf([write]) - (wasQueued ? bytesOf([replaced]) : 0);
    if (write.put !== undefined) this.#bySlot.set(write.slot, write);
    this.#schedule(this.#queuedBytes >= FULL_BYTES ? 0 : LINGER_MS);
    if (replaced !== undefined) this.#supersede(replaced, write);
  }

  /**
   * Resolves when a write is durable, or another that replaced it is. Rejects when the host has no room
   * for it, and when the commit fails: then it stays in the queue.
   */
  async whenDurable(write: PendingWrite): Promise<void> {
    for (;;) {
      const undone = this.#undone.get(write);
      if (undone !== undefined) {
        await undone;
        throw this.#refusal;
      }
      const current = this.find(write.key);
      if (current === undefined) return;
      if (current === this.#refused.get(mapKey(write.key))) throw this.#refusal;
      await this.#commitOf(current, write);
    }
  }

  /** Waits for the next commit; rejects when it fails with `current` in it, which somebody waits for. */
  async #commitOf(current: PendingWrite, waiting: PendingWrite): Promise<void> {
    const isPart =
      this.#running === undefined || this.#inFlight.get(mapKey(current.key)) === current;
    try {
      await (this.#running ?? this.#commit());
    } catch (error) {
      // A commit it is no part of, or that had written it before it failed, is no failure of this one.
      if (!isPart || this.find(current.key) !== current) return;
      // Nobody waits any more: if there is no room at the next try, it is kept.
      if (current === waiting) waiting.awaited = false;
      throw error;
    }
  }

  /** Gives the writes new slots after the core was restarted, in the order they were made. */
  reslot(slotOf: (write: PendingWrite) => number): void {
    this.#bySlot.clear();
    for (const write of [
      ...this.#refused.values(),
      ...this.#inFlight.values(),
      ...this.#queued.values(),
    ]) {
      write.slot = slotOf(write);
      if (write.put !== undefined) this.#bySlot.set(write.slot, write);
    }
  }

  /** Resolves when everything queued before the call is durable; rejects when that fails. */
  async flush(): Promise<void> {
    this.#tryRefused = this.#refused.size > 0;
    for (let restored = -1; restored !== this.#restored; ) {
      restored = this.#restored;
      await this.commitQueued();
    }
    if (this.#refused.size > 0) throw this.#refusal;
  }

  /** The same, but what the host has no room for does not count. */
  async commitQueued(): Promise<void> {
    if (this.#running !== undefined) await this.#running.catch(() => {});
    // Another waiter may have begun the next commit, which took everything queued.
    await (this.#running ?? this.#commit());
  }

  /** Stops the timer; what is queued stays. */
  stop(): void {
    this.#stopTimer();
    clearTimeout(this.#refusedTimer);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(delay: number): void {
    if (delay === 0) this.#stopTimer();
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => this.#commit().catch(() => {}), delay);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Commits all that is queued; one commit at a time. */
  #commit(): Promise<void> {
    this.#stopTimer();
    const previous = this.#running;
    if (previous !== undefined) return previous.catch(() => {}).then(() => this.#commit());
    this.#tryRefused &&= this.#refused.size > 0;
    if (this.#queued.size === 0 && !this.#tryRefused) return Promise.resolve();
    this.#running = this.#commitOnce().finally(() => {
      this.#running = undefined;
      if (this.#queued.size > 0 || this.#tryRefused) {
        const full = this.#error === undefined && this.#queuedBytes >= FULL_BYTES;
        this.#schedule(full || this.#tryRefused ? 0 : this.#retryMs);
      }
    });
    return this.#running;
  }

  async #commitOnce(): Promise<void> {
    this.#inFlight = new Map(this.#queued);
    this.#queued.clear();
    this.#queuedBytes = 0;
    if (this.#tryRefused) this.#moveRefused();
    const writes = [...this.#inFlight.values()];
    let refusal: SchemaStoreError | undefined;
    try {
      refusal = await commitWhatFits(writes, (part) => this.#commitPart(part));
    } catch (cause) {
      this.#error = asStoreError(cause, "DISK_ERROR", "the write could not be made durable");
      this.#requeue();
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      this.#host.failed(this.#error);
      throw this.#error;
    }
    this.#error = undefined;
    this.#retryMs = LINGER_MS;
    if (refusal !== undefined) this.#keepApart(refusal);
    else if (this.#refused.size === 0) this.#refusedRetryMs = LINGER_MS;
  }

  #commitPart(part: readonly PendingWrite[]): Promise<void> {
    return this.#host.commit(batchOf(part), () => {
      for (const write of part) {
        this.#inFlight.delete(mapKey(write.key));
        this.#release(write);
        delete write.before;
        // Deletions have made room.
        if (write.put === undefined && this.#refused.size > 0) this.#tryRefused = true;
      }
      this.#host.committed(part);
    });
  }

  /** Retries what was refused, together with what is under way. */
  #moveRefused(): void {
    this.#tryRefused = false;
    for (const [text, write] of this.#refused) this.#inFlight.set(text, write);
    this.#refused.clear();
  }

  /** Sets aside what is left of the commit, except what was replaced meanwhile. */
  #keepApart(refusal: SchemaStoreError): void {
    this.#refusal = refusal;
    const left = this.#inFlight;
    this.#inFlight = new Map();
    const takenOut: PendingWrite[] = [];
    for (const [text, write] of left) {
      const later = this.#queued.get(text);
      if (later !== undefined) this.#supersede(write, later);
      else if (write.awaited) takenOut.push(write);
      else this.#refused.set(text, write);
    }
    for (const write of takenOut) this.#takeOut(write);
    for (const write of this.#refused.values()) {
      if (!this.#told.has(write)) this.#host.refused(write, refusal);
      this.#told.add(write);
    }
    if (this.#refused.size > 0) this.#tryRefusedLater();
  }

  #takeOut(write: PendingWrite): void {
    if (write.before !== undefined) this.#restored += 1;
    this.#host.superseded(write);
    // Its body is served until the row is restored.
    const undone = this.#host.undo(write).finally(() => this.#release(write));
    this.#undone.set(write, undone);
    // Whoever waits for the write is told.
    undone.catch(() => {});
  }

  /** Others may make room. */
  #tryRefusedLater(): void {
    clearTimeout(this.#refusedTimer);
    this.#refusedRetryMs = Math.min(this.#refusedRetryMs * 2, MAX_RETRY_MS);
    this.#refusedTimer = setTimeout(() => {
      this.#tryRefused = true;
      this.#schedule(0);
    }, this.#refusedRetryMs);
    (this.#refusedTimer as { unref?: () => void }).unref?.();
  }

  /** Requeues what is left of a failed commit, except what was replaced meanwhile. */
  #requeue(): void {
    const later = [...this.#queued];
    const outdated: [PendingWrite, PendingWrite][] = [];
    this.#queued.clear();
    for (const [text, write] of this.#inFlight) this.#queued.set(text, write);
    this.#inFlight = new Map();
    for (const [text, write] of later) {
      const replaced = this.#queued.get(text);
      this.#queued.set(text, write);
      if (replaced !== undefined) outdated.push([replaced, write]);
    }
    this.#queuedBytes = bytesOf(this.#queued.values());
    for (const [replaced, write] of outdated) this.#supersede(replaced, write);
  }

  #supersede(write: PendingWrite, by: PendingWrite): void {
    if (by.awaited) by.before = write;
    this.#release(write);
    this.#host.superseded(write);
  }

  /** Drops a body, unless its slot has a new owner. */
  #release(write: PendingWrite): void {
    if (this.#bySlot.get(write.slot) === write) this.#bySlot.delete(write.slot);
  }
}
