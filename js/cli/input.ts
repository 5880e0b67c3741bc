/** What a command reads: files and standard input. */

import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { SchemaStoreError } from "../errors.js";

/** The bytes of a file, or of standard input for `-`. NOT_FOUND, DISK_ERROR. */
export async function* readInput(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = path === "-" ? process.stdin : createReadStream(path);
  try {
    yield* addAbortSignal(signal, file);
  } catch (cause) {
    throw fileError(cause, path, "read");
  }
}

/** What the system says of a file, with a code of ours. NOT_FOUND, DISK_ERROR. */
export function fileError(cause: unknown, path: string, what: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined || cause instanceof SchemaStoreError || code === "ABORT_ERR") return cause;
  const kind = code === "ENOENT" && what === "read" ? "NOT_FOUND" : "DISK_ERROR";
  // Without the call and its path, which may be that of another file.
  const [reason] = (cause as Error).message.split(", ");
  const message = `${path} cannot be ${what}: ${reason}`;
  return new SchemaStoreError(kind, message, { key: path, cause });
}
