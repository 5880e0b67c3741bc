/** The parts of a store below its public face, as the rooms above them use them. */

import type { CheckedOptions } from "./arguments/options.js";
import type { DurableTier } from "./durable/durable-tier.js";
import type { Events } from "./events/events.js";
import type { ExpiryTimer } from "./expiry/timer.js";
import type { CoreModule } from "./load/module.js";
import type { MemoryTier } from "./memory/memory-tier.js";
import type { Platform } from "./platform/platform.js";
import type { Loader } from "./read/loader.js";
import type { Converter, Stats } from "./types.js";
import type { Writer } from "./write/writer.js";

/**
 * Where a store has its parts, for functions over a store that live in modules of their own. No part of
 * the public types. Registered, so that all bundles of this version share it; to be renamed when
 * `StoreParts` changes.
 */
export const PARTS: unique symbol = Symbol.for("fhir-schema-store.parts/2");

/** Counters the store keeps itself. */
export type StoreCounts = {
  -readonly [Name in
    | "puts"
    | "deletes"
    | "conversions"
    | "conversionsSkipped"
    | "flushes"
    | "restarts"]: Stats[Name];
};

/** The parts of a store below its public face. */
export interface StoreParts {
  readonly core: CoreModule;
  readonly options: CheckedOptions;
  readonly memory: MemoryTier;
  /** Absent for the strategy `memory`. */
  readonly durable: DurableTier | undefined;
  readonly writer: Writer;
  readonly loader: Loader;
  readonly events: Events;
  readonly counts: StoreCounts;
  /** Looks at the clock while anything has a limited life. */
  readonly expiry: ExpiryTimer;
  /** The host's own SHA-256, where it has a synchronous one. */
  readonly sha256: Platform["sha256"];
  /** The converter of the options, or the default one, which is loaded when it is first needed. */
  converter(): Promise<Converter>;
  /** Throws CLOSED; call it after every wait. */
  checkOpen(): void;
  /** Aborted, with CLOSED, when the store is closed. */
  readonly closed: AbortController;
}

/** The parts of a store of ours; undefined for what only behaves like one, such as a proxy of it. */
export function partsOf(store: object): StoreParts | undefined {
  return (store as { [PARTS]?(asked: object): StoreParts | undefined })[PARTS]?.(store);
}
