/** What every entry point exports besides `openSchemaStore`. */

export type { ConvertSource } from "./convert/into-store.js";
export { type ErrorCode, SchemaStoreError } from "./errors.js";
export type { EventListener, EventName } from "./events/events.js";
export type { WatchEvent } from "./events/watchers.js";
export type {
  Durability,
  HostAdapter,
  HostBatch,
  HostCapabilities,
  HostChanges,
  HostContext,
  HostExpectation,
  HostOpened,
  HostPut,
  HostRow,
  HostRows,
  HostToken,
  HostUsage,
} from "./host.js";
export type { OpenSchemaStore } from "./open.js";
export { type ParsedCanonical, parseCanonical } from "./parse-canonical.js";
export type { SchemaStore } from "./store.js";
export type * from "./types.js";
