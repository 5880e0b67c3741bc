/** Reading bodies: few large reads instead of many small ones, every record checked. */

import { read } from "node:fs";
import { promisify } from "node:util";
import { SchemaStoreError } from "../../errors.js";
import { diskError, errno, type Files, readAt } from "./files.js";
import type { LogCore } from "./log-core.js";

const HASH = 32;
/** Most bytes of one read. */
const RUN = 1 << 20;
/** Bytes nobody asked for that are read along rather than to read twice. */
const GAP = 16 << 10;
/** Up to here a blocking read is quicker than a thread's, even where the page must be fetched. */
const BLOCKING = 128 << 10;

/** How often bodies are looked for: each merge of another process may move them on. */
const TRIES = 5;

const readLater = promisify(read);

interface Wanted {
  /** Position in the answer. */
  readonly index: number;
  readonly slot: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * The bodies of these hashes, positional; undefined where the log does not know one. `refresh`
 * brings the log up to date.
 */
export async function readBodies(
  files: Files,
  core: LogCore,
  hashes: readonly Uint8Array[],
  refresh: () => void,
): Promise<(Uint8Array | undefined)[]> {
  for (let tries = 1; ; tries += 1) {
    const { era } = core;
    try {
      return await readAll(files, core, hashes);
    } catch (error) {
      // A merge has moved the bodies and deleted their segment since the log last looked.
      const moved = errno(error) === "ENOENT" || core.era !== era;
      if (!moved || tries === TRIES) throw diskError(error, "reading", files.directory);
    }
    refresh();
  }
}

async function readAll(
  files: Files,
  core: LogCore,
  hashes: readonly Uint8Array[],
): Promise<(Uint8Array | undefined)[]> {
  const bodies: (Uint8Array | undefined)[] = new Array(hashes.length).fill(undefined);
  for (const run of runs(locate(core, hashes))) {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) continue;
    const name = core.call((log) => log.name(first.slot));
    const bytes = await readRun(files, name, first.offset, last.offset + last.length);
    const places = Float64Array.from(run.flatMap(({ offset, length }) => [offset, length]));
    const keys = joined(run.map(({ index }) => hashes[index] as Uint8Array));
    const found = core.call((log) => log.verify(first.slot, first.offset, bytes, places, keys));
    run.forEach(({ index }, at) => {
      bodies[index] = bytes.slice(found[2 * at], found[2 * at + 1]);
    });
  }
  return bodies;
}

function locate(core: LogCore, hashes: readonly Uint8Array[]): Wanted[] {
  const located = core.call((log) => log.locate(joined(hashes)));
  const wanted: Wanted[] = [];
  for (let index = 0; index < hashes.length; index++) {
    const [slot = -1, offset = 0, length = 0] = located.subarray(3 * index, 3 * index + 3);
    if (slot < 0) continue;
    if (length === 0) {
      const name = core.call((log) => log.name(slot));
      throw new SchemaStoreError("CORRUPT", `${name} is damaged: a body in it is unreadable`);
    }
    wanted.push({ index, slot, offset, length });
  }
  return wanted.sort((one, other) => one.slot - other.slot || one.offset - other.offset);
}

/** Neighbours in one segment, to be read at once. */
function runs(wanted: readonly Wanted[]): Wanted[][] {
  const found: Wanted[][] = [];
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

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH);
  hashes.forEach((hash, index) => {
    bytes.set(hash, index * HASH);
  });
  return bytes;
}
