/** Reading bodies: few large reads instead of many small ones, every record checked. */

import { read } from "node:fs";
import { promisify } from "node:util";
import { joinBytes } from "../../bytes.js";
import { diskError, errno, type Files, readAt } from "./files.js";
import type { LogCore } from "./log-core.js";
import { unlessGone } from "./recovery.js";

/** Most bytes of one read. */
const RUN = 1 << 20;
/** Bytes between two bodies that are read too, to save a second read. */
const GAP = 16 << 10;
/** Up to here a blocking read is quicker than a thread's, even where the page must be fetched. */
const BLOCKING = 128 << 10;

/** How often bodies are looked for: each merge of another process may move them on. */
const TRIES = 5;

const readLater = promisify(read);

interface Wanted {
  /** Position in the result. */
  readonly index: number;
  readonly slot: number;
  readonly offset: number;
  readonly length: number;
}

/** Neighbours in one segment, to be read at once. */
type Run = readonly [Wanted, ...Wanted[]];

/** What reading may lead to. */
export interface BodyListener {
  /** Brings the log up to date. */
  refresh(): void;
  /** A body was found damaged, and counts as absent from here on. */
  lost(): void;
}

/** The bodies of these hashes, positional; undefined where the log does not have one whole. */
export async function readBodies(
  files: Files,
  core: LogCore,
  hashes: readonly Uint8Array[],
  listener: BodyListener,
): Promise<(Uint8Array | undefined)[]> {
  for (let tries = 1; ; tries += 1) {
    const { era } = core;
    try {
      return await readAll(files, core, hashes, listener);
    } catch (error) {
      // A merge has moved the bodies and deleted their segment since the log last looked.
      const moved = errno(error) === "ENOENT" || core.era !== era;
      if (!moved || tries === TRIES) throw diskError(error, "reading", files.directory);
    }
    listener.refresh();
  }
}

/**
 * Reads and checks those of these bodies that a commit leaves out, as they lie safely in a segment
 * already: damaged and unreadable ones count as absent from here on, so that it writes them again.
 */
export function checkKept(files: Files, core: LogCore, hashes: readonly Uint8Array[]): void {
  const keeps = core.call((log) => log.keeps(joinBytes(hashes)));
  const kept = hashes.filter((_, at) => keeps[at] === 1);
  for (const run of runs(locate(core, kept))) {
    const bytes = readKept(files, core, run);
    if (bytes !== undefined) check(core, run, kept, bytes);
    // One bad sector says nothing of its neighbours.
    else for (const one of run) check(core, [one], kept, readKept(files, core, [one]) ?? NOTHING);
  }
}

const NOTHING = new Uint8Array();

/** The bytes of a run, none where its file is gone; undefined where the disk cannot read them. */
function readKept(files: Files, core: LogCore, run: Run): Uint8Array | undefined {
  const { name, from, to } = extent(core, run);
  return core.call(() => {
    try {
      return unlessGone(() => files.withFile(name, (fd) => readAt(fd, from, to - from))) ?? NOTHING;
    } catch (error) {
      if (errno(error) === "EIO") return undefined;
      throw error;
    }
  });
}

async function readAll(
  files: Files,
  core: LogCore,
  hashes: readonly Uint8Array[],
  listener: BodyListener,
): Promise<(Uint8Array | undefined)[]> {
  const bodies: (Uint8Array | undefined)[] = new Array(hashes.length).fill(undefined);
  const { era } = core;
  for (const run of runs(locate(core, hashes))) {
    const { name, from, to } = extent(core, run);
    const bytes = await readRun(files, name, from, to);
    // Slots of a log that is gone mean nothing, and nothing is damaged for that.
    if (core.era !== era) throw new Error("the log was read again meanwhile");
    const found = check(core, run, hashes, bytes);
    run.forEach(({ index }, at) => {
      const [begin = 1, end = 0] = found.subarray(2 * at, 2 * at + 2);
      if (begin <= end) bodies[index] = bytes.slice(begin, end);
      else listener.lost();
    });
  }
  return bodies;
}

function locate(core: LogCore, hashes: readonly Uint8Array[]): Wanted[] {
  const located = core.call((log) => log.locate(joinBytes(hashes)));
  const wanted: Wanted[] = [];
  for (let index = 0; index < hashes.length; index++) {
    const [slot = -1, offset = 0, length = 0] = located.subarray(3 * index, 3 * index + 3);
    if (slot >= 0 && length > 0) wanted.push({ index, slot, offset, length });
  }
  return wanted.sort((one, other) => one.slot - other.slot || one.offset - other.offset);
}

function runs(wanted: readonly Wanted[]): Run[] {
  const found: [Wanted, ...Wanted[]][] = [];
  for (const body of wanted) {
    const run = found.at(-1);
    const [first, last] = [run?.[0], run?.at(-1)];
    const joins =
      first?.slot === body.slot &&
      last !== undefined &&
      body.offset - (last.offset + last.length) <= GAP &&
      body.offset + body.length - first.offset <= RUN;
    if (joins) run?.push(body);
    else found.push([body]);
  }
  return found;
}

function extent(core: LogCore, run: Run): { name: string; from: number; to: number } {
  const [{ slot, offset: from }] = run;
  const to = Math.max(...run.map(({ offset, length }) => offset + length));
  return { name: core.call((log) => log.name(slot)), from, to };
}

/** Where in `bytes` each body of a run begins and ends; before it begins where it is damaged. */
function check(
  core: LogCore,
  run: Run,
  hashes: readonly Uint8Array[],
  bytes: Uint8Array,
): Uint32Array {
  const [{ slot, offset }] = run;
  const places = Float64Array.from(run.flatMap((body) => [body.offset, body.length]));
  const keys = joinBytes(run.map(({ index }) => hashes[index] as Uint8Array));
  return core.call((log) => log.verify(slot, offset, bytes, places, keys));
}

async function readRun(files: Files, name: string, from: number, to: number): Promise<Uint8Array> {
  const length = to - from;
  if (length <= BLOCKING) return files.withFile(name, (fd) => readAt(fd, from, length));
  const bytes = new Uint8Array(length);
  await files.withFileLater(name, async (fd) => {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await readLater(fd, bytes, done, length - done, from + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
  });
  return bytes;
}
