/** Archives that a command writes. */

import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, constants, realpath, rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { fileError } from "./input.js";
import { UsageError } from "./outcome.js";

/** Refuses to write an archive onto a terminal. */
export function checkTarget(path: string): void {
  if (path !== "-" || !process.stdout.isTTY) return;
  throw new UsageError("standard output is a terminal: give a file for the archive");
}

/**
 * Writes an archive to a file, or to standard output for `-`; returns its length. A file gets its name
 * only when it is complete: a file that had that name stays until then. A pipe or device is written to.
 */
export async function writeArchive(
  archive: ReadableStream<Uint8Array>,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  // Not before it is read: nobody would hear of its failure.
  const source = () => Readable.fromWeb(archive as NodeStream<Uint8Array>);
  if (path === "-") {
    await pipeline(source(), counted, process.stdout, { signal, end: false });
    return bytes;
  }
  try {
    const target = await targetOf(path);
    if (target.isInPlace) {
      await pipeline(source(), counted, createWriteStream(target.path, { flags: "w" }), { signal });
      return bytes;
    }
    const unfinished = `${target.path}.${randomUUID()}.tmp`;
    try {
      const file = createWriteStream(unfinished, { flags: "wx", flush: true });
      await pipeline(source(), counted, file, { signal });
      await rename(unfinished, target.path);
    } catch (cause) {
      await rm(unfinished, { force: true });
      throw cause;
    }
  } catch (cause) {
    throw fileError(cause, path, "written");
  }
  return bytes;
}

/** Where a path leads, and whether that is no file, which another could take the place of. */
async function targetOf(path: string): Promise<{ path: string; isInPlace: boolean }> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return { path, isInPlace: false };
  // Whoever may not write a file should not replace it either.
  await access(real, constants.W_OK);
  return { path: real, isInPlace: !(await stat(real)).isFile() };
}
