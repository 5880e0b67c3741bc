/**
 * One merge: what is live in some segments moves into a new one, piece by piece, and the segments are
 * deleted. Others go on committing between the pieces. Until the end the sources are whole, so that
 * a merge can end anywhere.
 */

import { SEGMENT_MERGEABLE } from "../../core/wall.js";
import { errno, type Files } from "./files.js";
import type { LogCore } from "./log-core.js";
import type { LogHandle } from "./recovery.js";
import { readBodies } from "./segment-bodies.js";
import { type Plan, SegmentWriter } from "./segment-writer.js";

/** Bytes of bodies, or of rows, moved by one commit. */
const MOVE = 1 << 20;
const HASH = 32;

/** What is still to be moved out of a segment. */
interface Source {
  readonly slot: number;
  readonly name: string;
  /** Hashes of bodies, the next one last. */
  readonly bodies: Uint8Array[];
}

/** A merge under way. All but `sync` runs while nobody else commits, with the log up to date. */
export class Merge {
  readonly #files: Files;
  readonly #core: LogCore;
  readonly #writer: SegmentWriter;
  /** Slots are those of the log as it was then. */
  readonly #era: number;
  readonly #sources: readonly Source[];
  /** Where it moves to; nothing is made before there is something to be moved. */
  #target: { readonly slot: number; readonly name: string } | undefined;

  constructor(files: Files, core: LogCore, slots: readonly number[]) {
    this.#files = files;
    this.#core = core;
    this.#writer = new SegmentWriter(files, core, true);
    this.#era = core.era;
    this.#sources = slots.map((slot) => {
      const name = core.call((log) => log.name(slot));
      return { slot, name, bodies: this.#movable(slot) };
    });
  }

  /** Moves about so many bytes; true when there is nothing left to be moved. */
  async step(budget: number): Promise<boolean> {
    this.#check();
    let left = budget;
    for (const source of this.#sources) {
      while (source.bodies.length > 0 && this.#isMergeable(source)) {
        if (left <= 0) return false;
        left -= await this.#moveBodies(source);
      }
      while (this.#isMergeable(source) && this.#isNeeded(source)) {
        if (left <= 0) return false;
        left -= MOVE;
        await this.#moveRows(source);
      }
    }
    return true;
  }

  /** Brings what was moved onto stable storage; others may commit meanwhile. */
  async sync(): Promise<void> {
    await this.#writer.sync();
    await syncSegments(this.#files, this.#core);
  }

  /**
   * Deletes the sources. False when something in them has become live again, as a process of an
   * earlier version can do: then there is more to be moved.
   */
  async finish(): Promise<boolean> {
    this.#check();
    const merged = this.#sources.filter((source) => this.#isMergeable(source));
    for (const source of merged) {
      if (!this.#isNeeded(source)) continue;
      source.bodies.push(...this.#movable(source.slot));
      return false;
    }
    await this.#writer.seal();
    // What replaced the dead must survive a power cut too.
    await syncSegments(this.#files, this.#core);
    this.#check();
    this.#core.call((log) => {
      for (const { slot, name } of merged) {
        this.#files.remove(name);
        log.forget(slot);
      }
    });
    return true;
  }

  /**
   * Undoes everything: on a full disk the space is needed. If somebody has deleted a source meanwhile,
   * what was moved may be the only copy, and stays.
   */
  undo(): void {
    this.#writer.release();
    if (this.#target === undefined) return;
    const names = new Set(this.#files.list());
    if (!this.#sources.every(({ name }) => names.has(name))) return;
    this.#files.remove(this.#target.name);
    this.#core.refresh();
  }

  /** False once something in it is found damaged: it stays as it is, somebody may yet save what is in it. */
  #isMergeable({ slot }: Source): boolean {
    return (this.#core.call((log) => log.status(slot)) & SEGMENT_MERGEABLE) > 0;
  }

  #isNeeded({ slot }: Source): boolean {
    return this.#core.call((log) => log.isNeeded(slot));
  }

  #movable(slot: number): Uint8Array[] {
    const packed = this.#core.call((log) => log.movable(slot));
    const hashes: Uint8Array[] = [];
    for (let at = packed.length; at > 0; at -= HASH) hashes.push(packed.slice(at - HASH, at));
    return hashes;
  }

  /** Moves the next bodies of a source; returns their bytes. */
  async #moveBodies(source: Source): Promise<number> {
    const group = this.#nextBodies(source);
    const bodies = await readBodies(this.#files, this.#core, group, {
      refresh: () => this.#core.refresh(),
      lost: () => {},
    });
    this.#check();
    const moved = group.flatMap((hash, at) => {
      const body = bodies[at];
      return body === undefined ? [] : [{ hash, body }];
    });
    if (moved.length === 0) return 0;
    await this.#append((log) => {
      for (const { hash, body } of moved) log.moveBody(hash, body);
      return moved.map(({ body }) => body);
    });
    return moved.reduce((bytes, { body }) => bytes + body.length, 0);
  }

  /** The next ones to move together, without those that are dead by now. */
  #nextBodies({ slot, bodies }: Source): Uint8Array[] {
    const group: Uint8Array[] = [];
    for (let bytes = 0; bytes < MOVE; ) {
      const hash = bodies.pop();
      if (hash === undefined) break;
      const [at, , length = 0] = this.#core.call((log) => log.locate(hash));
      if (at !== slot || !this.#core.call((log) => log.isNamed(hash))) continue;
      group.push(hash);
      bytes += length;
    }
    return group;
  }

  #moveRows({ slot }: Source): Promise<void> {
    return this.#append((log) => {
      log.moveRows(slot, MOVE);
      return [];
    });
  }

  /** One commit in the target; `fill` returns the bodies it moves. */
  async #append(fill: (log: LogHandle) => Uint8Array[]): Promise<void> {
    this.#target ??= this.#core.call((log) => {
      const slot = log.mergeTarget();
      return { slot, name: log.name(slot) };
    });
    const { slot } = this.#target;
    const plan = this.#core.call((log): Plan => {
      log.beginMove(slot, Date.now());
      const bodies = fill(log);
      return { ticket: log.end(), bodies };
    });
    await this.#writer.append(plan, "relaxed");
  }

  #check(): void {
    if (!this.#core.isStill(this.#era)) throw new Error("the log was read again during a merge");
  }
}

/** Brings onto stable storage what is in segments, whoever wrote it. */
export async function syncSegments(files: Files, core: LogCore): Promise<void> {
  const { era } = core;
  for (const slot of core.call((log) => log.unsynced())) {
    const [name, length] = core.call((log) => [log.name(slot), log.scanned(slot)] as const);
    try {
      await files.sync(name);
    } catch (error) {
      // Another process has merged it.
      if (errno(error) !== "ENOENT") throw error;
      core.refresh();
    }
    if (core.era !== era) throw new Error("the log was read again meanwhile");
    core.call((log) => log.synced(slot, length));
  }
}
