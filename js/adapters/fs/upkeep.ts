/** What keeps a directory small and quick to open: merges, snapshots, and tidying up after the dead. */

import { statSync } from "node:fs";
import { SEGMENT_MERGEABLE, SEGMENT_OWN, SEGMENT_SEALED } from "../../core/wall.js";
import { type Files, generationOf, isTemporary, snapshotName } from "./files.js";
import type { LogCore } from "./log-core.js";
import { Merge, syncSegments } from "./merge.js";
import { unlessGone } from "./recovery.js";
import type { SegmentWriter } from "./segment-writer.js";

/** Dead bytes that are worth a merge while the store is in use. */
const WORTH_MERGING = 4 << 20;
/** The same when there is nothing else left, as after `clear`. */
const WORTH_CLEARING = 64 << 10;
/** More segments than this are merged when the store is closed. */
const MAX_SEGMENTS = 16;
/** A file that is not finished and was not written to for so long is its writer's no more. */
const DEAD_MS = 3_600_000;
/** Least work of a merge between two commits, in bytes. */
const STEP = 1 << 20;
/** How long after a merge that failed, as on a full disk, the next one is tried, in milliseconds. */
const PAUSE_MS = 60_000;
/** How long closing waits for others before it leaves the upkeep to them, in milliseconds. */
const CLOSE_PATIENCE_MS = 2000;

/** Exclusion, as the adapter has it. */
export interface Exclusion {
  /** Runs `work` with the log up to date while nobody else commits. */
  alone<T>(work: () => Promise<T>, patienceMs?: number): Promise<T>;
  /** Runs `work` while nobody else runs a section of that name. */
  hold<T>(name: string, work: () => Promise<T>, patienceMs: number): Promise<T>;
}

/** The upkeep of one open directory. */
export class Upkeep {
  readonly #files: Files;
  readonly #core: LogCore;
  readonly #writer: SegmentWriter;
  readonly #exclusion: Exclusion;
  #running: Promise<void> | undefined;
  /** Bytes committed since the last step of the merge under way. */
  #written = 0;
  #notBefore = 0;
  #closing = false;
  #stopped = false;

  constructor(files: Files, core: LogCore, writer: SegmentWriter, exclusion: Exclusion) {
    this.#files = files;
    this.#core = core;
    this.#writer = writer;
    this.#exclusion = exclusion;
  }

  /**
   * After a commit of so many bytes: merges in the background what has become worth it. When the
   * last row has gone, what comes back does so before this resolves. Never rejects.
   */
  async committed(bytes: number): Promise<void> {
    if (this.#closing || this.#stopped) return;
    this.#written += bytes;
    const isEmpty = this.#core.call((log) => log.isEmpty());
    if (isEmpty) await this.#running;
    if (this.#running === undefined && Date.now() >= this.#notBefore && this.#ripe().length > 0) {
      this.#start();
    }
    if (isEmpty) await this.#running;
  }

  /** Begins nothing more by itself, and waits for what is under way. Never rejects. */
  async idle(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  /** Then, with the writer's segment sealed, merges all that is mostly dead. Never rejects. */
  async close(): Promise<void> {
    this.#start();
    await this.#running;
    try {
      // A snapshot is a cache: when it fails, the segments still say everything.
      await this.#alone(() => publishSnapshot(this.#files, this.#core));
    } catch {
      // So it does when others commit all the time: then it is left to whoever closes next.
    }
  }

  /** Cuts off what is under way. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  #start(): void {
    const patience = this.#closing ? CLOSE_PATIENCE_MS : 0;
    const run = this.#exclusion.hold("merge", () => this.#merge(), patience);
    this.#running = run
      .catch(() => {
        // Everything acknowledged is in the segments as they are.
        this.#notBefore = Date.now() + PAUSE_MS;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #merge(): Promise<void> {
    const merge = await this.#alone(() => this.#begin());
    if (merge === undefined) return;
    try {
      do {
        while (!(await this.#alone(() => merge.step(this.#budget())))) {}
        await merge.sync();
      } while (!(await this.#alone(() => this.#finish(merge))));
    } catch (error) {
      await this.#alone(async () => merge.undo());
      throw error;
    }
  }

  async #begin(): Promise<Merge | undefined> {
    const slots = this.#ripe();
    if (slots.length === 0) return undefined;
    if (slots.some((slot) => slot === this.#writer.slot)) await this.#writer.roll();
    return new Merge(this.#files, this.#core, slots);
  }

  async #finish(merge: Merge): Promise<boolean> {
    if (!(await merge.finish())) return false;
    // Closing makes one anyway.
    const isEmpty = this.#core.call((log) => log.isEmpty());
    if (isEmpty && !this.#closing) await publishSnapshot(this.#files, this.#core);
    return true;
  }

  /** Work between two commits: more where much is written, so that a merge catches up. */
  #budget(): number {
    const budget = Math.max(STEP, 2 * this.#written);
    this.#written = 0;
    return budget;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const checked = (): Promise<T> => {
      if (this.#stopped) throw new Error("the upkeep was stopped");
      return work();
    };
    return this.#exclusion.alone(checked, this.#closing ? CLOSE_PATIENCE_MS : undefined);
  }

  /** The segments to be merged now. */
  #ripe(): number[] {
    const wasted = this.#core.call((log) => log.wasted());
    const slots: number[] = [];
    let dead = 0;
    for (let at = 0; at < wasted.length; at += 2) {
      const [slot = -1, bytes = 0] = wasted.subarray(at, at + 2);
      if (!this.#isMergeable(slot)) continue;
      slots.push(slot);
      dead += bytes;
    }
    if (this.#closing) return this.#tooMany() ?? slots;
    const least = this.#core.call((log) => log.isEmpty()) ? WORTH_CLEARING : WORTH_MERGING;
    return dead < least ? [] : slots;
  }

  /** All of the segments when there are too many. */
  #tooMany(): number[] | undefined {
    const present = this.#core.call((log) => log.present());
    if (present.length <= MAX_SEGMENTS) return undefined;
    const slots = Array.from(present).filter((slot) => this.#isMergeable(slot));
    return slots.length > 1 ? slots : undefined;
  }

  /** Whether nobody will write to a segment any more, or it is this process's own to close. */
  #isMergeable(slot: number): boolean {
    const [status, name] = this.#core.call((log) => [log.status(slot), log.name(slot)] as const);
    if (!(status & SEGMENT_MERGEABLE)) return false;
    if (status & SEGMENT_SEALED || slot === this.#writer.slot) return true;
    return !(status & SEGMENT_OWN) && isOld(this.#files, name);
  }
}

/** Writes and publishes a snapshot of all that is known; the one before stays, unless no row does. */
export async function publishSnapshot(files: Files, core: LogCore): Promise<void> {
  const { era } = core;
  // A snapshot must not rest on what a power cut may take away.
  await syncSegments(files, core);
  if (!core.isStill(era)) return;
  const names = files.list();
  // Temporary files of killed processes.
  for (const name of names) if (isTemporary(name) && isOld(files, name)) files.remove(name);
  const generations = names.map(generationOf).filter(Boolean);
  const newest = Math.max(0, ...generations);
  await files.publish(
    snapshotName(newest + 1),
    core.call((log) => log.snapshot()),
  );
  // The snapshots there may be another store's now.
  if (!core.isStill(era)) return;
  core.call((log) => log.published());
  const isEmpty = core.call((log) => log.isEmpty());
  for (const old of generations) {
    if (old !== newest || isEmpty) files.remove(snapshotName(old));
  }
}

function isOld(files: Files, name: string): boolean {
  const written = unlessGone(() => statSync(files.path(name)).mtimeMs);
  return written !== undefined && Date.now() - written > DEAD_MS;
}
