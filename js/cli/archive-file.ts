/** Archives that a command writes. */

import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { fileError } from "./input.js";

/**
 * Writes an archive to a file, or to standard output for `-`; returns its length. A file gets its name
 * only when it is complete: a file that had that name stays until then.
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
  const source = Readable.fromWeb(archive as NodeStream<Uint8Array>);
  if (path === "-") {
    await pipeline(source, counted, process.stdout, { signal, end: false });
    return bytes;
  }
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await pipeline(source, counted, createWriteStream(unfinished, { flags: "wx", flush: true }), {
      signal,
    });
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw fileError(cause, path, "written");
  }
  return bytes;
}
