/** The instance of `convert.wasm` that all converters of a page or process share. */

import { type ErrorCode, reasonOf, SchemaStoreError } from "../errors.js";
import { loadConverter } from "../load/convert.js";
import type { ConvertGlue } from "../load/convert-glue.js";

/** Memory of an instance that is kept, in bytes: it never shrinks, so one very large definition would stay for ever. */
const MOST_KEPT = 64 * 1024 * 1024;

let shared: ConvertGlue | undefined;

/**
 * Runs `work` on an instance. What the module refuses is `code` with its reason, and so is a trap, after which the
 * next call has a new instance. UNSUPPORTED where the module cannot be loaded.
 */
export async function inModule<T>(
  work: (converter: ConvertGlue) => T,
  code: ErrorCode,
  what: string,
  key?: string,
): Promise<T> {
  const instantiate = await loadConverter();
  let isSound = true;
  try {
    shared ??= instantiate();
    return work(shared);
  } catch (cause) {
    isSound = cause instanceof Error && cause.name === "CoreError";
    const reason = isSound ? reasonOf(cause) : `the converter failed: ${reasonOf(cause)}`;
    throw new SchemaStoreError(code, `${what}: ${reason}`, { key, cause });
  } finally {
    if (!isSound || (shared && shared.memoryBytes() > MOST_KEPT)) shared = undefined;
  }
}
