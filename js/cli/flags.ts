/** The options of a store as the command line, the environment and the TOML file spell them. */

import { OPTION_RULES } from "../arguments/options.js";
import { SchemaStoreError } from "../errors.js";
import type { StoreOptions } from "../types.js";

/** One option, with its spellings. */
export interface OptionDefinition {
  /** Its name in `StoreOptions`; absent where this version does not support it. */
  readonly option: keyof StoreOptions | undefined;
  /** Key in `[storage]`. */
  readonly toml: string;
  /** Environment variable. */
  readonly environment: string;
  /** Flag without its dashes; options without support have none. */
  readonly flag: string | undefined;
  /** For the help text. */
  readonly description: string;
}

/** What an option may be set to here. */
export type OptionValue = string | number | boolean;

/** Every option there is, in the order of the help text. */
export const OPTIONS: readonly OptionDefinition[] = [
  { ...define("diskCacheDir", "disk_cache_dir", "directory of the store"), flag: "dir" },
  define("strategy", "strategy", "where schemas are kept"),
  define("memoryLimitMb", "memory_limit_mb", "memory limit for schemas, in MB"),
  define("maxEntries", "max_entries", "maximum number of schemas in memory"),
  define("maxEntryBytes", "max_entry_bytes", "largest schema accepted, in bytes"),
  define("maxCatalogMb", "max_catalog_mb", "memory limit for the catalog, in MB"),
  define("ttlHours", "ttl_hours", "how long an entry lives, in hours"),
  define("idleTtlHours", "idle_ttl_hours", "how long an unread schema stays in memory, in hours"),
  define("graceHours", "grace_hours", "how long an expired entry is kept as stale, in hours"),
  define("evictionPolicy", "eviction_policy", "which schemas leave memory first"),
  define("evictionBatchSize", "eviction_batch_size", "schemas a custom policy ranks at a time"),
  define("warmOnStartup", "warm_on_startup", "preload the most used schemas"),
  define("warmSize", "warm_size", "number of schemas to preload"),
  define("autoCleanup", "auto_cleanup", "free memory when it runs short"),
  ...["max_disk_size_gb", "enable_compression", "sync_interval_seconds"].map((toml) =>
    define(undefined, toml, ""),
  ),
];

/**
 * Checks a value that is given under the name `spelled` in `place`, and returns it.
 * Errors: INVALID_CONFIG naming key, value and range; UNSUPPORTED for options of later versions.
 */
export function checkValue(
  { option }: OptionDefinition,
  value: unknown,
  spelled: string,
  place = "",
): OptionValue {
  if (option === undefined) {
    const message = `${spelled}${place} is not supported by this version`;
    throw new SchemaStoreError("UNSUPPORTED", message, { key: spelled });
  }
  const { accepts } = OPTION_RULES[option];
  const range = rangeOf(option);
  if (accepts(value)) return value as OptionValue;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const message = `${spelled}${place} is ${shown}, must be ${range}`;
  throw new SchemaStoreError("INVALID_CONFIG", message, { key: spelled });
}

/** The value that the text of a flag or a variable stands for; all but numbers, true and false stay text. */
export function valueOfText({ option }: OptionDefinition, text: string): OptionValue {
  const word = text.trim();
  const isSwitch = option === "warmOnStartup" || option === "autoCleanup";
  if (isSwitch && /^(true|false)$/.test(word)) return word === "true";
  // Decimal notation only: `Number` would take "", "0x10" and "1e3" for numbers too.
  const isNumber = option !== "diskCacheDir" && /^[+-]?\d+(\.\d+)?$/.test(word);
  return isNumber ? Number(text) : text;
}

/** The range of an option, without functions, which text cannot express. */
function rangeOf(option: keyof StoreOptions): string {
  return OPTION_RULES[option].range.replace(/, or {.*/, "");
}

function define(
  option: keyof StoreOptions | undefined,
  toml: string,
  summary: string,
): OptionDefinition {
  const range = option === undefined || option === "diskCacheDir" ? "" : rangeOf(option);
  return {
    option,
    toml,
    environment: `FSS_${toml.toUpperCase()}`,
    flag: option === undefined ? undefined : toml.replaceAll("_", "-"),
    description: range === "" ? summary : `${summary}: ${range}`,
  };
}
