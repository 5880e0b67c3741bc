/** The options of a store: their defaults, and the check that names key, value and range. */

import type { Ranking } from "./custom-policy.js";
import { type ErrorCode, SchemaStoreError } from "./errors.js";
import type { Filter, StoreOptions } from "./types.js";

const MIB = 1024 * 1024;
/** An hour in milliseconds. */
export const HOUR_MS = 3_600_000;
/** Memory of the `disk` strategy in bytes, or what one entry takes on its way if that is more. */
const DISK_BUFFER_BYTES = MIB;

/** Options with every default filled in. */
export interface CheckedOptions extends StoreOptions {
  readonly strategy: NonNullable<StoreOptions["strategy"]>;
  readonly memoryLimitBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly maxCatalogBytes: number;
  readonly evictionPolicy: NonNullable<StoreOptions["evictionPolicy"]>;
  readonly evictionBatchSize: number;
  /** A custom policy, ready to be asked. */
  readonly ranking?: Ranking | undefined;
  readonly warmSize: number;
  readonly values: NonNullable<StoreOptions["values"]>;
  readonly durability: NonNullable<StoreOptions["durability"]>;
  readonly autoCleanup: boolean;
  readonly now: () => number;
}

/** What an option may be. */
export interface OptionRule {
  /** Completes "must be ...". */
  readonly range: string;
  accepts(value: unknown): boolean;
}

/** How long something lasts, in whatever unit. */
export const SPAN: OptionRule = {
  range: "a finite number above 0",
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};
const SWITCH = { range: "true or false", accepts: (value: unknown) => typeof value === "boolean" };
const POLICIES = oneOf("lru", "lfu", "fifo", "random", "sieve", "s3-fifo", "w-tiny-lfu", "gdsf");

/** The rule of every option that has one. */
export const OPTION_RULES: { readonly [Name in keyof StoreOptions]-?: OptionRule } = {
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
      (hasMethod(value, "rank") && (value as { name?: unknown }).name === "custom"),
  },
  evictionBatchSize: integer(1, 1000),
  warmOnStartup: SWITCH,
  warmSize: integer(1, 1_000_000),
  autoCleanup: SWITCH,
  values: oneOf("frozen", "shared", "cloned"),
  durability: oneOf("strict", "relaxed"),
  adapter: { range: "a host adapter", accepts: (value) => hasMethod(value, "commit") },
  resolver: { range: "a function", accepts: (value) => typeof value === "function" },
  seed: {
    range: "a URL, a path or bytes",
    accepts: (value) =>
      (typeof value === "string" && value !== "") ||
      value instanceof URL ||
      value instanceof Uint8Array,
  },
  converter: { range: "a converter", accepts: (value) => hasMethod(value, "convert") },
  now: { range: "a function", accepts: (value) => typeof value === "function" },
};

/** Checks every option and fills in the defaults. INVALID_CONFIG names key, value and range. */
export function checkOptions(options: StoreOptions): CheckedOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new SchemaStoreError("INVALID_CONFIG", "the options are not an object");
  }
  checkMembers("INVALID_CONFIG", "option ", options, OPTION_RULES);
  return withDefaults(options);
}

function withDefaults(options: StoreOptions): CheckedOptions {
  const maxEntryBytes = options.maxEntryBytes ?? 4 * MIB;
  const limit = (options.memoryLimitMb ?? 256) * MIB;
  const buffer = Math.min(limit, Math.max(DISK_BUFFER_BYTES, maxEntryBytes));
  return {
    ...options,
    strategy: options.strategy ?? "memory-disk",
    memoryLimitBytes: options.strategy === "disk" ? buffer : limit,
    maxEntries: options.maxEntries ?? 1000,
    maxEntryBytes,
    maxCatalogBytes: (options.maxCatalogMb ?? 64) * MIB,
    evictionPolicy: options.evictionPolicy ?? "w-tiny-lfu",
    evictionBatchSize: options.evictionBatchSize ?? 100,
    warmSize: options.warmSize ?? 100,
    autoCleanup: options.autoCleanup ?? true,
    values: options.values ?? "frozen",
    durability: options.durability ?? "strict",
    now: options.now ?? Date.now,
  };
}

const TEXT: OptionRule = { range: "a text", accepts: (value) => typeof value === "string" };
const FILTER_RULES: Record<keyof Filter, OptionRule> = {
  urlPrefix: TEXT,
  package: TEXT,
  type: TEXT,
  tag: TEXT,
  olderThanMs: {
    range: "a finite number from 0",
    accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
  },
};

/** Refuses what is no filter with INVALID_VALUE: a misspelt condition must not take every entry. */
export function checkFilter(filter: Filter): void {
  checkMembers("INVALID_VALUE", "filter by ", filter, FILTER_RULES);
}

function checkMembers(
  code: ErrorCode,
  what: string,
  given: object,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      throw new SchemaStoreError(code, `there is no ${what}${name}`, { key: name });
    }
    if (value !== undefined) check(code, what, name, value, rule);
  }
}

/** Throws an error that names key, value and rule when `value` is not what `rule` accepts. */
export function check(
  code: ErrorCode,
  what: string,
  key: string,
  value: unknown,
  rule: OptionRule,
): void {
  if (rule.accepts(value)) return;
  const message = `${what}${key} is ${show(value)}, must be ${rule.range}`;
  throw new SchemaStoreError(code, message, { key });
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  // What an object says of itself may be long, or may throw.
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** A whole number within limits. */
export function integer(least: number, most: number): OptionRule {
  return {
    range: `a whole number from ${least} to ${most}`,
    accepts: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
  };
}

function oneOf(...names: readonly string[]): OptionRule {
  return {
    range: `one of ${names.join(", ")}`,
    accepts: (value) => typeof value === "string" && names.includes(value),
  };
}

function nonEmpty(range: string): OptionRule {
  return { range, accepts: (value) => typeof value === "string" && value !== "" };
}

function hasMethod(value: unknown, name: string): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Record<string, unknown>)[name] === "function"
  );
}
