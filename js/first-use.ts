/** Modules that are loaded when they are first needed. */

import { SchemaStoreError } from "./errors.js";

/** What a service worker can do that may load nothing on demand. */
const CURE =
  'bundle the worker into one file, or import "fhir-schema-store/inline", which loads nothing later';

/**
 * The module, or why it cannot be had. UNSUPPORTED in a service worker, which may load nothing on demand, with the
 * cure; anywhere else DISK_ERROR: no connection, or no free file descriptor. Not retryable: Node remembers that it
 * failed.
 */
export async function onFirstUse<Module>(module: Promise<Module>): Promise<Module> {
  try {
    return await module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `a part of fhir-schema-store that this call needs cannot be loaded: ${reason}`;
    throw "ServiceWorkerGlobalScope" in globalThis
      ? new SchemaStoreError("UNSUPPORTED", `${message}; ${CURE}`, { cause })
      : new SchemaStoreError("DISK_ERROR", message, { cause });
  }
}
