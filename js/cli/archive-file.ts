/** Archives in files and pipes. */

import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { addAbortSignal, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { SchemaStoreError } from "../errors.js";

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

/** The bytes of a file, or of standard input for `-`. NOT_FOUND, DISK_ERROR. */
export async function* readArchive(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = path === "-" ? process.stdin : createReadStream(path);
  try {
    yield* addAbortSignal(signal, file);
  } catch (cause) {
    throw fileError(cause, path, "read");
  }
}

function fileError(cause: unknown, path: string, what: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined || cause instanceof SchemaStoreError || code === "ABORT_ERR") return cause;
  const kind = code === "ENOENT" ? "NOT_FOUND" : "DISK_ERROR";
  const message = `${path} cannot be ${what}: ${(cause as Error).message}`;
  return new SchemaStoreError(kind, message, { key: path, cause });
}
