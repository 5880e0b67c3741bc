/** What IndexedDB throws, in the terms of this package. */

import { type ErrorCode, SchemaStoreError } from "../../errors.js";

/** By `name`: the classes differ between browsers and releases. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ["QuotaExceededError", "QUOTA_EXCEEDED"],
  ["VersionError", "FORMAT_TOO_NEW"],
  ["SecurityError", "UNSUPPORTED"],
  ["DataCloneError", "SERIALIZATION"],
]);

const DEAD: ReadonlySet<string> = new Set(["InvalidStateError", "UnknownError", "AbortError"]);

/** Whether the handle is dead, so that a retry on a new one may succeed. */
export function isDeadHandle(cause: unknown): boolean {
  if (cause instanceof SchemaStoreError || !(cause instanceof Error)) return false;
  if (CODES.has(cause.name)) return false;
  return DEAD.has(cause.name) || /connection|backing store/i.test(cause.message);
}

/** Wraps what IndexedDB threw on `database`; DISK_ERROR for what has no code of its own. */
export function storeError(cause: unknown, database: string): SchemaStoreError {
  if (cause instanceof SchemaStoreError) return cause;
  const { name, message } = cause instanceof Error ? cause : { name: "", message: String(cause) };
  const reason = [name, message].filter((part) => part !== "").join(": ");
  const code = CODES.get(name) ?? "DISK_ERROR";
  return new SchemaStoreError(code, `indexeddb: ${database}: ${reason}`, { cause });
}
