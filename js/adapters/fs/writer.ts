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
} from "./files.js";
import type { LogCore } from "./log-core.js";
import type { LogHandle } from "./recovery.js";

/** The segment failed under a commit, and the same commit may succeed in another. */
class SegmentFailed extends Error {}

interface OpenSegment extends Appender {
  readonly slot: number;
  /** Whether its name in the directory is on stable storage. */
  named: boolean;
}

/** The open segment that takes commits. One commit at a time. */
export class Writer {
  readonly #files: Files;
  readonly #core: LogCore;
  #open: OpenSegment | undefined;
  /** Whether anything was written. */
  wrote = false;

  constructor(files: Files, core: LogCore) {
    this.#files = files;
    this.#core = core;
  }

  /** Writes a batch; when its segment fails under it, once more in a fresh one. */
  async commit(batch: HostBatch, durability: Durability): Promise<void> {
    const put = (log: LogHandle): number => plan(log, batch, false);
    try {
      await this.append(this.#core.call(put), durability, false);
    } catch (error) {
      if (!(error instanceof SegmentFailed)) throw error;
      await this.append(this.#core.call(put), durability, false).catch((second) => {
        throw diskError(second instanceof SegmentFailed ? second.cause : second, "writing", "");
      });
    }
  }

  /** Writes a batch into a segment of its own, blocking until it is durable. */
  commitNow(batch: HostBatch): void {
    const core = this.#core;
    const ticket = core.call((log) => plan(log, batch, true));
    const segment = this.#place(ticket);
    try {
      fsyncSync(segment.fd);
      this.#files.syncDirectoryNow();
      core.call((log) => {
        log.settle(ticket, true, true);
        writeAll(segment.fd, log.seal(segment.slot));
      });
      this.wrote = true;
    } catch (error) {
      core.call((log) => log.fail(ticket, true));
      throw diskError(error, "writing at exit", segment.path);
    } finally {
      closeSync(segment.fd);
      this.#open = this.#open === segment ? undefined : this.#open;
    }
  }

  /** Writes a planned commit where it belongs; `apart`: its segment takes no commits besides. */
  async append(ticket: number, durability: Durability, apart: boolean): Promise<void> {
    const segment = this.#place(ticket);
    const strict = durability === "strict";
    const start = this.#core.call((log) => log.planOffset(ticket) ?? 0);
    try {
      if (strict) await this.#sync(segment);
    } catch (error) {
      // What a failed sync left behind is not known: this segment takes nothing any more.
      tryTruncate(segment.fd, start);
      this.#abandon(ticket);
      throw new SegmentFailed("sync failed", { cause: error });
    }
    if (strict && fstatSync(segment.fd).nlink === 0) {
      this.#abandon(ticket);
      this.#core.call((log) => log.forget(segment.slot));
      const cause = new Error("the segment was deleted by somebody else");
      throw new SegmentFailed(cause.message, { cause });
    }
    this.wrote = true;
    this.#core.call((log) => log.settle(ticket, strict, apart));
  }

  /** Seals and closes the open segment. */
  async seal(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    await this.#sync(segment);
    const { length } = this.#core.call((log) => {
      log.synced(segment.slot, log.scanned(segment.slot));
      const bytes = log.seal(segment.slot);
      writeAll(segment.fd, bytes);
      return bytes;
    });
    if (length > 0) this.release();
  }

  /** Closes the open segment as it is. */
  release(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  /** The bytes of a plan in the file, not yet synced. */
  #place(ticket: number): OpenSegment {
    const planned = this.#core.call((log) => ({
      slot: log.planSlot(ticket) ?? -1,
      start: log.planOffset(ticket) ?? 0,
      bytes: log.planBytes(ticket),
    }));
    const { slot, start, bytes } = planned;
    let segment = this.#open;
    try {
      if (start === 0) {
        const name = this.#core.call((log) => log.name(slot));
        segment = { slot, named: false, ...this.#files.create(name) };
      } else if (segment?.slot !== slot) {
        throw new Error("the segment is not open");
      }
      writeAll(segment.fd, bytes);
    } catch (error) {
      this.#takeBack(ticket, segment, slot, start);
      throw diskError(error, "writing", this.#files.directory);
    }
    if (start === 0 && segment !== this.#open) {
      this.release();
      this.#open = segment;
    }
    return segment;
  }

  /** Undoes half a write. */
  #takeBack(ticket: number, segment: OpenSegment | undefined, slot: number, start: number): void {
    if (segment?.slot !== slot) {
      this.#core.call((log) => log.fail(ticket, false));
    } else if (start === 0) {
      closeSync(segment.fd);
      this.#files.remove(this.#core.call((log) => log.name(slot)));
      this.#core.call((log) => log.fail(ticket, true));
    } else if (tryTruncate(segment.fd, start)) {
      this.#core.call((log) => log.fail(ticket, false));
    } else {
      this.#abandon(ticket);
    }
  }

  async #sync(segment: OpenSegment): Promise<void> {
    await syncFile(segment.fd);
    if (segment.named) return;
    await this.#files.syncDirectory();
    segment.named = true;
  }

  #abandon(ticket: number): void {
    this.release();
    this.#core.call((log) => log.fail(ticket, true));
  }
}

function plan(log: LogHandle, batch: HostBatch, fresh: boolean): number {
  for (const { key, revision } of batch.expect ?? []) {
    if (log.revision(key) !== revision) {
      throw new SchemaStoreError("CONCURRENCY", "a row was changed by somebody else meanwhile");
    }
  }
  log.begin(Date.now(), fresh);
  try {
    for (const { key, url, hash, meta, body } of batch.put) log.put(key, url, hash, meta, body);
    for (const key of batch.delete) log.delete(key);
    return log.end();
  } catch (error) {
    log.dropDraft();
    throw error;
  }
}
