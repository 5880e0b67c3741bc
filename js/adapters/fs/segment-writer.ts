/** Appends planned commits to this process's own segments. */

import { closeSync, fstatSync, fsyncSync } from "node:fs";
import { SchemaStoreError } from "../../errors.js";
import type { Durability, HostBatch } from "../../host.js";
import {
  type Appender,
  diskError,
  type Files,
  syncFile,
  tryTruncate,
  writeAll,
  writeEach,
} from "./files.js";
import type { LogCore } from "./log-core.js";
import type { LogHandle } from "./recovery.js";
import { checkKept } from "./segment-bodies.js";
import { unpackRows } from "./unpack-rows.js";

/** What a row and a body take besides metadata and text, in bytes: headers, key, URL, hashes. */
const RECORDS = 384;

/** A planned commit. */
export interface Plan {
  readonly ticket: number;
  /** What goes into its gaps. */
  readonly bodies: readonly Uint8Array[];
}

/** The segment failed under a commit, and the same commit may succeed in another. */
class SegmentFailed extends Error {}

/** During a commit the log was read again, or its directory deleted: the commit may be in it or not. */
export class LogRestarted extends Error {}

interface OpenSegment extends Appender {
  readonly slot: number;
  /** That of the log it belongs to. */
  readonly era: number;
  /** Whether its name in the directory is on stable storage. */
  named: boolean;
  /** Syncs under way: until they have ended the descriptor stays open, so that nothing else gets its number. */
  syncs: number;
  released: boolean;
}

/** One open segment and the commits that go there, one at a time. */
export class SegmentWriter {
  readonly #files: Files;
  readonly #core: LogCore;
  /** Whether its segment takes no commits besides the ones given here. */
  readonly #apart: boolean;
  #open: OpenSegment | undefined;

  constructor(files: Files, core: LogCore, apart = false) {
    this.#files = files;
    this.#core = core;
    this.#apart = apart;
  }

  /** Slot of the open segment. */
  get slot(): number | undefined {
    return this.#open?.slot;
  }

  /**
   * Writes a batch; when its segment fails under it, once more in a fresh one. Returns the token after it.
   * `LogRestarted` when the log was read again meanwhile, or its directory deleted.
   */
  async commit(batch: HostBatch, durability: Durability): Promise<number> {
    const { era } = this.#core;
    const hashes = batch.put.map(({ hash }) => hash);
    checkKept(this.#files, this.#core, hashes);
    if (this.#core.call((log) => log.isOutranked())) {
      await this.roll();
      this.#checkPlace(era);
    }
    for (let last = false; ; last = true) {
      try {
        return await this.append(this.#plan(batch), durability);
      } catch (error) {
        if (!(error instanceof SegmentFailed)) throw error;
        if (last) throw diskError(error.cause, "writing", this.#files.directory);
        this.#checkPlace(era);
      }
    }
  }

  /** Writes a batch, blocking until it is durable. */
  commitNow(batch: HostBatch): void {
    const plan = this.#plan(batch);
    const { ticket } = plan;
    const segment = this.#write(plan);
    try {
      fsyncSync(segment.fd);
      this.#files.syncDirectoryNow();
    } catch (error) {
      this.#abandon(ticket);
      throw diskError(error, "writing at exit", segment.path);
    }
    this.#core.call((log) => log.commitDone(ticket, true, this.#apart));
    this.#sealNow(segment);
  }

  /** Writes a planned commit; returns the token after it. */
  async append(plan: Plan, durability: Durability): Promise<number> {
    const { ticket } = plan;
    const segment = this.#write(plan);
    const strict = durability === "strict";
    if (strict) {
      const [, start = 0] = this.#core.call((log) => log.planPlace(ticket));
      const failure = await this.#trySync(segment);
      this.#checkDurable(segment, ticket, start, failure);
    }
    // In one step with the check: whatever runs in between may have the log read again.
    this.#core.call((log) => log.commitDone(ticket, strict, this.#apart));
    return this.#core.token();
  }

  /** Brings the open segment onto stable storage. */
  async sync(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    const written = this.#core.call((log) => log.scanned(segment.slot));
    const failure = await this.#trySync(segment);
    if (failure !== undefined) throw diskError(failure.reason, "closing", segment.path);
    if (this.#holds(segment)) this.#core.call((log) => log.synced(segment.slot, written));
  }

  /** Syncs, seals and closes the open segment. */
  async seal(): Promise<void> {
    const segment = this.#open;
    await this.sync();
    if (segment !== undefined && this.#holds(segment)) this.#sealNow(segment);
  }

  /** The same; where it fails, the segment is left as it is. Commits go to a new one. */
  async roll(): Promise<void> {
    const segment = this.#open;
    try {
      await this.seal();
    } catch (error) {
      if (segment !== undefined && this.#holds(segment)) {
        this.release();
        this.#core.call((log) => log.abandon(segment.slot));
      }
      throw error;
    }
  }

  /** Closes the open segment as it is, at the end of its sync if there is one under way. */
  release(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    open.released = true;
    if (open.syncs === 0) closeNow(open);
  }

  /** Whether a segment is still the open one, of the log as it is: after a wait, nothing else may touch it. */
  #holds(segment: OpenSegment): boolean {
    return this.#open === segment && this.#core.era === segment.era;
  }

  #checkPlace(era: number): void {
    if (!this.#core.isStill(era)) throw new LogRestarted();
  }

  #plan(batch: HostBatch): Plan {
    return this.#core.call((log) => plan(log, batch, this.#apart));
  }

  /** The bytes of a plan in the file, not yet synced. */
  #write({ ticket, bodies }: Plan): OpenSegment {
    const { slot, start, name, gaps, bytes } = this.#core.call((log) => {
      const [slot = -1, start = 0] = log.planPlace(ticket);
      const gaps = log.planGaps(ticket);
      return { slot, start, name: log.name(slot), gaps, bytes: log.planBytes(ticket) };
    });
    try {
      if (start === 0) {
        const born = this.#files.create(name);
        this.release();
        const { era } = this.#core;
        this.#open = { slot, era, named: false, syncs: 0, released: false, ...born };
      }
      if (this.#open?.slot !== slot) throw new Error("the segment is no longer open");
      writeEach(this.#open.fd, filled(bytes, gaps, bodies));
      return this.#open;
    } catch (error) {
      this.#takeBack(ticket, slot, start);
      throw diskError(error, "writing", this.#files.path(name));
    }
  }

  /** Undoes half a write: nothing behind the last commit, or no segment at all. */
  #takeBack(ticket: number, slot: number, start: number): void {
    const segment = this.#open?.slot === slot ? this.#open : undefined;
    const clean = segment !== undefined && start > 0 && tryTruncate(segment.fd, start);
    if (segment !== undefined && !clean) {
      this.release();
      if (start === 0) this.#files.remove(this.#core.call((log) => log.name(slot)));
    }
    this.#core.call((log) => log.fail(ticket, segment !== undefined && !clean));
  }

  /** After the sync of a commit: whether that may be acknowledged. */
  #checkDurable(
    segment: OpenSegment,
    ticket: number,
    start: number,
    failure: PromiseRejectedResult | undefined,
  ): void {
    if (!this.#holds(segment)) throw new LogRestarted();
    if (failure !== undefined) {
      // What a failed sync left behind is not known, and asking again may lie.
      tryTruncate(segment.fd, start);
      this.#abandon(ticket);
      throw new SegmentFailed("the sync failed", { cause: failure.reason });
    }
    if (fstatSync(segment.fd).nlink > 0) return;
    this.#abandon(ticket);
    this.#core.call((log) => log.forget(segment.slot));
    const cause = new Error("the segment was deleted by somebody else");
    throw new SegmentFailed(cause.message, { cause });
  }

  /** Syncs a segment, and its name where that is new; returns why it failed. */
  async #trySync(segment: OpenSegment): Promise<PromiseRejectedResult | undefined> {
    segment.syncs += 1;
    // Both to their end: the descriptor may be closed then.
    const ends = await Promise.allSettled([
      syncFile(segment.fd),
      segment.named || this.#files.syncDirectory(),
    ]);
    segment.syncs -= 1;
    if (segment.released && segment.syncs === 0) closeNow(segment);
    const failure = ends.find((end) => end.status === "rejected");
    if (failure === undefined) segment.named = true;
    return failure;
  }

  /** No sync, and nothing is lost where it fails: a segment without its seal is only read once more. */
  #sealNow(segment: OpenSegment): void {
    const seal = this.#core.call((log) => log.seal(segment.slot));
    try {
      writeAll(segment.fd, seal);
    } catch {
      // Everything acknowledged is in front of it.
    }
    this.release();
  }

  #abandon(ticket: number): void {
    this.release();
    this.#core.call((log) => log.fail(ticket, true));
  }
}

function closeNow({ fd }: Appender): void {
  try {
    closeSync(fd);
  } catch {
    // What was acknowledged is synced, and the descriptor is gone whatever it says.
  }
}

/** The bytes of a plan with its bodies in their gaps. */
function filled(bytes: Uint8Array, gaps: Uint32Array, bodies: readonly Uint8Array[]): Uint8Array[] {
  let from = 0;
  const pieces = bodies.flatMap((body, at) => {
    const before = bytes.subarray(from, gaps[at]);
    from = gaps[at] ?? from;
    return [before, body];
  });
  return [...pieces, bytes.subarray(from)];
}

function plan(log: LogHandle, batch: HostBatch, fresh: boolean): Plan {
  for (const { key, revision } of batch.expect ?? []) {
    if (log.revision(key) !== revision) {
      throw new SchemaStoreError("CONCURRENCY", "somebody else has changed a row meanwhile");
    }
  }
  const { expectUrl } = batch;
  if (expectUrl && unpackRows(log.byUrl(expectUrl.url)).length !== expectUrl.count) {
    const message = `a row of ${expectUrl.url} was added or deleted meanwhile`;
    throw new SchemaStoreError("CONCURRENCY", message);
  }
  const bytes = batch.put.reduce((sum, { meta }) => sum + RECORDS + meta.length, 0);
  log.begin(Date.now(), fresh, bytes);
  const bodies: Uint8Array[] = [];
  try {
    for (const { key, url, hash, meta, body } of batch.put) {
      if (log.put(key, url, hash, meta, body)) bodies.push(body);
    }
    for (const key of batch.delete) log.delete(key);
    return { ticket: log.end(), bodies };
  } catch (error) {
    log.dropDraft();
    throw error;
  }
}
