/** Node, and what runs like it: the file system, and the end of the process. */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { randomBytes } from "../adapters/fs/random.js";
import { fsAdapter } from "../adapters/fs.js";
import type { DurableTier } from "../durable/durable-tier.js";
import { flushSync } from "../durable/flush-sync.js";
import { asStoreError } from "../errors.js";
import { loadCore } from "../load/node.js";
import { checkGiven } from "../rules.js";
import type { Platform } from "./platform.js";
import { watchPressure } from "./pressure.js";

/** The directory of a store whose options name none: one per user, in the system's place for caches. */
export function defaultDirectory(none?: undefined): string {
  checkGiven(none);
  // One that is not absolute counts as none: https://specifications.freedesktop.org/basedir/latest/
  const given = process.env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(given) ? given : cacheHome(), "fhir-schema-store");
}

/** Where a store of Node runs. */
export const node: Platform = {
  loadCore,
  random: randomBytes,
  sha256: (bytes) => crypto().hash("sha256", bytes, "buffer"),
  defaultAdapter: ({ diskCacheDir }) => fsAdapter(diskCacheDir ?? defaultDirectory()),
  async readFile(path) {
    const { readFile } = await import("node:fs/promises");
    return readFile(path instanceof URL || !path.startsWith("file:") ? path : new URL(path)).catch(
      (cause: NodeJS.ErrnoException) => {
        const code = cause.code === "ENOENT" ? "NOT_FOUND" : "DISK_ERROR";
        throw asStoreError(cause, code, `${path} cannot be read`, String(path));
      },
    );
  },
  watchPressure,
  onExit({ durable }) {
    if (durable === undefined) return () => {};
    // One listener for all stores: Node warns of an eleventh on the same event.
    if (exiting.size === 0) process.on("exit", flushAll);
    exiting.add(durable);
    return () => {
      exiting.delete(durable);
      if (exiting.size === 0) process.off("exit", flushAll);
    };
  },
};

/** What open stores have to make durable before the process ends. */
const exiting = new Set<DurableTier>();

function flushAll(): void {
  for (const durable of exiting) {
    try {
      flushSync(durable);
    } catch (error) {
      console.error("fhir-schema-store: writes were lost when the process ended:", error);
    }
  }
}

/** Loaded by the first put: a store that is only read starts 2 ms sooner without it. */
function crypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

function cacheHome(): string {
  if (process.platform === "win32") {
    return process.env["LOCALAPPDATA"] || join(homedir(), "AppData", "Local");
  }
  return process.platform === "darwin"
    ? join(homedir(), "Library", "Caches")
    : join(homedir(), ".cache");
}
