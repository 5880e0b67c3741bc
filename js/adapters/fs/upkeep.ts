/** What keeps a directory quick to open: snapshots, and merging many segments into one. */

import { statSync } from "node:fs";
import { readBodies } from "./bodies.js";
import { type Files, generationOf, isSegment, snapshotName } from "./files.js";
import type { LogCore } from "./log-core.js";
import { refresh, Status, unlessGone } from "./recovery.js";
import { Writer } from "./writer.js";

/** More segments than this are merged. */
const MAX_SEGMENTS = 16;
/** A segment that was not sealed and not written to for so long is its writer's no more. */
const DEAD_MS = 3_600_000;
/** Bytes of bodies moved by one commit of a merge. */
const MOVE = 1 << 20;
const HASH = 32;

/** Writes and publishes a snapshot of all that is known; the one before stays. */
export async function publishSnapshot(files: Files, core: LogCore): Promise<void> {
  // A snapshot must not rest on what a power cut may take away.
  for (const slot of core.call((log) => log.unsynced())) {
    const [name, length] = core.call((log) => [log.name(slot), log.scanned(slot)] as const);
    await files.sync(name);
    core.call((log) => log.synced(slot, length));
  }
  const generations = files.list().map(generationOf).filter(Boolean);
  const newest = Math.max(0, ...generations);
  await files.publish(
    snapshotName(newest + 1),
    core.call((log) => log.snapshot()),
  );
  core.call((log) => log.published());
  for (const old of generations) if (old !== newest) files.remove(snapshotName(old));
}

/** Merges the segments that nobody writes to any more, when there are too many; then publishes. */
export async function mergeSegments(files: Files, core: LogCore): Promise<void> {
  const sources = mergeable(files, core);
  if (sources.length < 2) return;
  const target = core.call((log) => log.mergeTarget());
  const writer = new Writer(files, core, true);
  try {
    const moved = await moveBodies(files, core, writer, target, sources);
    await writer.append(
      core.call((log) => {
        log.beginMove(target, Date.now());
        log.moveRows(Uint32Array.from(moved));
        return { ticket: log.end(), bodies: [] };
      }),
      "strict",
    );
    await writer.seal();
    await publishSnapshot(files, core);
    for (const slot of moved) {
      files.remove(core.call((log) => log.name(slot)));
      core.call((log) => log.forget(slot));
    }
  } finally {
    writer.release();
  }
}

function mergeable(files: Files, core: LogCore): number[] {
  const names = files.list().filter(isSegment);
  if (names.length <= MAX_SEGMENTS) return [];
  const slots = names.map((name) => {
    const written = unlessGone(() => statSync(files.path(name)).mtimeMs) ?? Date.now();
    const slot = core.call((log) => log.segment(name)) ?? -1;
    const status = core.call((log) => log.status(slot));
    const ripe = status & Status.sealed || Date.now() - written > DEAD_MS;
    return ripe && status & Status.mergeable ? slot : -1;
  });
  return slots.filter((slot) => slot >= 0);
}

/** Moves the bodies; answers the segments all of whose bodies could be read. */
async function moveBodies(
  files: Files,
  core: LogCore,
  writer: Writer,
  target: number,
  sources: readonly number[],
): Promise<number[]> {
  const moved: number[] = [];
  for (const source of sources) {
    await moveOut(files, core, writer, target, source);
    // One that was found to hold a damaged body stays as it is: somebody may yet save what is in it.
    if (core.call((log) => log.status(source)) & Status.mergeable) moved.push(source);
  }
  return moved;
}

async function moveOut(
  files: Files,
  core: LogCore,
  writer: Writer,
  target: number,
  source: number,
): Promise<void> {
  const packed = core.call((log) => log.movable(Uint32Array.of(source)));
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += HASH) hashes.push(packed.slice(at, at + HASH));
  const located = core.call((log) => log.locate(packed));
  let group: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const bodies = await readBodies(files, core, group, {
      refresh: () => core.call((log) => refresh(files, log)),
      lost: () => {},
    });
    const plan = core.call((log) => {
      log.beginMove(target, Date.now());
      const moved: Uint8Array[] = [];
      for (const [at, hash] of group.entries()) {
        const body = bodies[at];
        if (body === undefined) continue;
        log.moveBody(hash, body);
        moved.push(body);
      }
      return { ticket: log.end(), bodies: moved };
    });
    await writer.append(plan, "relaxed");
    group = [];
    bytes = 0;
  };
  for (const [at, hash] of hashes.entries()) {
    group.push(hash);
    bytes += located[3 * at + 2] ?? 0;
    if (bytes >= MOVE) await flush();
  }
  if (group.length > 0) await flush();
}
