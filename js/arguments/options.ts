/** The options of a store: their defaults, and the check that names key, value and range. */

import type { HostAdapter } from "../host.js";
import type { Ranking } from "../memory/custom-policy.js";
import {
  checkGiven,
  FUNCTION,
  integer,
  methods,
  nonEmpty,
  type OptionRule,
  oneOf,
  type Rules,
  SPAN,
  SWITCH,
  TEXT,
} from "../rules.js";
import type { Converter, CustomPolicy, StoreOptions } from "../types.js";

const MIB = 1024 * 1024;
/** An hour in milliseconds. */
export const HOUR_MS = 3_600_000;
/** Memory of the `disk` strategy in bytes, or what one entry takes on its way if that is more. */
const DISK_BUFFER_BYTES = MIB;

/** Options with every default filled in. */
export interface CheckedOptions extends Omit<StoreOptions, keyof Defaults>, Defaults {
  readonly memoryLimitBytes: number;
  readonly maxCatalogBytes: number;
  /** A custom policy, ready to be called. */
  readonly ranking?: Ranking | undefined;
  readonly now: () => number;
}

const POLICIES = oneOf("lru", "lfu", "fifo", "random", "sieve", "s3-fifo", "w-tiny-lfu", "gdsf");
const RANKING = methods<CustomPolicy>("a policy", { rank: true });
const CONVERTING = methods<Converter>("a converter", { convert: true });
const ADAPTER = methods<HostAdapter>("a host adapter with the methods of HostAdapter", {
  open: true,
  index: true,
  saveIndex: true,
  allRows: true,
  rows: true,
  byUrl: true,
  changes: true,
  bodies: true,
  reportDamage: false,
  damage: false,
  giveUp: false,
  commit: true,
  commitSync: false,
  freeze: false,
  thaw: false,
  exclusive: true,
  side: false,
  saveSide: false,
  usage: true,
  watch: false,
  poll: false,
  close: true,
  destroy: true,
});

/** The rule of every option. */
export const OPTION_RULES: Rules<StoreOptions> = {
  strategy: oneOf("memory", "memory-disk", "disk"),
  memoryLimitMb: integer(1, 4000),
  maxEntries: integer(1, 1_000_000),
  maxEntryBytes: integer(1024, 268_435_456),
  maxCatalogMb: integer(1, 1024),
  diskCacheDir: nonEmpty("a path"),
  databaseName: nonEmpty("a name"),
  ttlHours: SPAN,
  idleTtlHours: SPAN,
  graceHours: SPAN,
  evictionPolicy: {
    range: `${POLICIES.range}, or { name: "custom", rank }`,
    accepts: (value) =>
      POLICIES.accepts(value) ||
      (RANKING.accepts(value) && (value as CustomPolicy).name === "custom"),
  },
  evictionBatchSize: integer(1, 1000),
  warmOnStartup: SWITCH,
  warmSize: integer(1, 1_000_000),
  autoCleanup: SWITCH,
  values: oneOf("frozen", "shared", "cloned"),
  durability: oneOf("strict", "relaxed"),
  adapter: ADAPTER,
  resolver: FUNCTION,
  unknownTtlSeconds: { range: "a number from 0 to 3600", accepts: isBetween(0, 3600) },
  seed: {
    range: "a URL, a path or bytes",
    accepts: (value) =>
      (typeof value === "string" && value !== "") ||
      value instanceof URL ||
      value instanceof Uint8Array,
  },
  converter: {
    range: "a converter: a method convert, and id and version, texts of at least one character",
    accepts: (value) =>
      CONVERTING.accepts(value) &&
      [(value as Converter).id, (value as Converter).version].every(
        (text) => TEXT.accepts(text) && text !== "",
      ),
  },
  now: FUNCTION,
};

function isBetween(least: number, most: number): OptionRule["accepts"] {
  return (value) => typeof value === "number" && value >= least && value <= most;
}

type WithDefault =
  | "strategy"
  | "memoryLimitMb"
  | "maxEntries"
  | "maxEntryBytes"
  | "maxCatalogMb"
  | "evictionPolicy"
  | "evictionBatchSize"
  | "warmOnStartup"
  | "warmSize"
  | "autoCleanup"
  | "values"
  | "durability"
  | "unknownTtlSeconds";
type Defaults = { readonly [Name in WithDefault]-?: NonNullable<StoreOptions[Name]> };

/** What the options are that have a default, where none is given. */
export const DEFAULTS: Defaults = {
  strategy: "memory-disk",
  memoryLimitMb: 256,
  maxEntries: 1000,
  maxEntryBytes: 4 * MIB,
  maxCatalogMb: 64,
  evictionPolicy: "w-tiny-lfu",
  evictionBatchSize: 100,
  warmOnStartup: false,
  warmSize: 100,
  autoCleanup: true,
  values: "frozen",
  durability: "strict",
  unknownTtlSeconds: 5,
};

/** Checks every option and fills in the defaults. INVALID_CONFIG names key, value and range. */
export function checkOptions(options: StoreOptions): CheckedOptions {
  checkGiven(options, OPTION_RULES, "INVALID_CONFIG");
  return withDefaults(options);
}

function withDefaults(given: StoreOptions): CheckedOptions {
  const options: StoreOptions & Defaults = { ...DEFAULTS, ...withoutUndefined(given) };
  const { maxEntryBytes, memoryLimitMb, maxCatalogMb, strategy } = options;
  const limit = memoryLimitMb * MIB;
  const buffer = Math.min(limit, Math.max(DISK_BUFFER_BYTES, maxEntryBytes));
  return {
    ...options,
    memoryLimitBytes: strategy === "disk" ? buffer : limit,
    maxCatalogBytes: maxCatalogMb * MIB,
    now: options.now ?? Date.now,
  };
}

/** Members that are given as undefined count as absent. */
function withoutUndefined(options: StoreOptions): StoreOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
