/** Modules that are loaded when they are first needed. */

import { SchemaStoreError } from "./errors.js";

/**
 * The module, or why it cannot be had. UNSUPPORTED in a service worker, which may load nothing on demand; anywhere
 * else DISK_ERROR: no connection, or no free file descriptor. Not retryable: Node remembers that it failed.
 */
export async function onFirstUse<Module>(module: Promise<Module>): Promise<Module> {
  try {
    return await module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isForbidden = "ServiceWorkerGlobalScope" in globalThis;
    throw new SchemaStoreError(
      isForbidden ? "UNSUPPORTED" : "DISK_ERROR",
      `a part of fhir-schema-store that this call needs cannot be loaded: ${reason}`,
      { cause },
    );
  }
}
