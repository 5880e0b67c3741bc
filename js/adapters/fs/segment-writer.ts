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

interface OpenSegment extends Appender {
  readonly slot: number;
  /** Whether its name in the directory is on stable storage. */
  named: boolean;
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

  /** Writes a batch; when its segment fails under it, once more in a fresh one. */
  async commit(batch: HostBatch, durability: Durability): Promise<void> {
    const hashes = batch.put.map(({ hash }) => hash);
    checkKept(this.#files, this.#core, hashes);
    if (this.#core.call((log) => log.isOutranked())) await this.roll();
    for (let last = false; ; last = true) {
      try {
        return await this.append(this.#plan(batch), durability);
      } catch (error) {
        if (!(error instanceof SegmentFailed)) throw error;
        if (last) throw diskError(error.cause, "writing", this.#files.directory);
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

  /** Writes a planned commit. */
  async append(plan: Plan, durability: Durability): Promise<void> {
    const { ticket } = plan;
    const segment = this.#write(plan);
    const strict = durability === "strict";
    if (strict) await this.#makeDurable(segment, ticket);
    this.#core.call((log) => log.commitDone(ticket, strict, this.#apart));
  }

  /** Brings the open segment onto stable storage. */
  async sync(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    const { era } = this.#core;
    const written = this.#core.call((log) => log.scanned(segment.slot));
    try {
      await this.#sync(segment);
    } catch (error) {
      throw diskError(error, "closing", segment.path);
    }
    // Of a log that was read again meanwhile the slot may be another segment's.
    if (this.#core.era === era) this.#core.call((log) => log.synced(segment.slot, written));
  }

  /** Syncs, seals and closes the open segment. */
  async seal(): Promise<void> {
    const { era } = this.#core;
    await this.sync();
    if (this.#open !== undefined && this.#core.era === era) this.#sealNow(this.#open);
  }

  /** The same; where it fails, the segment is left as it is. Commits go to a new one. */
  async roll(): Promise<void> {
    const segment = this.#open;
    try {
      await this.seal();
    } catch (error) {
      this.release();
      if (segment !== undefined) this.#core.call((log) => log.abandon(segment.slot));
      throw error;
    }
  }

  /** Closes the open segment as it is. */
  release(): void {
    const open = this.#open;
    this.#open = undefined;
    try {
      if (open !== undefined) closeSync(open.fd);
    } catch {
      // What was acknowledged is synced, and the descriptor is gone whatever it says.
    }
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
        this.#open = { slot, named: false, ...born };
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

  async #makeDurable(segment: OpenSegment, ticket: number): Promise<void> {
    const [, start = 0] = this.#core.call((log) => log.planPlace(ticket));
    try {
      await this.#sync(segment);
    } catch (cause) {
      // What a failed sync left behind is not known, and asking again may lie.
      tryTruncate(segment.fd, start);
      this.#abandon(ticket);
      throw new SegmentFailed("the sync failed", { cause });
    }
    if (fstatSync(segment.fd).nlink > 0) return;
    this.#abandon(ticket);
    this.#core.call((log) => log.forget(segment.slot));
    const cause = new Error("the segment was deleted by somebody else");
    throw new SegmentFailed(cause.message, { cause });
  }

  async #sync(segment: OpenSegment): Promise<void> {
    await Promise.all([syncFile(segment.fd), segment.named || this.#files.syncDirectory()]);
    segment.named = true;
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
