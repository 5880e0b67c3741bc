/** The options of a store as the command line, the environment and the TOML file spell them. */

import { SchemaStoreError } from "../errors.js";
import { OPTION_RULES } from "../options.js";
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

/** Every option there is, in the order of the help text. */
export const OPTIONS: readonly OptionDefinition[] = [
  { ...define("diskCacheDir", "disk_cache_dir", "directory of the store"), flag: "dir" },
  define("strategy", "strategy", "where schemas live"),
  define("memoryLimitMb", "memory_limit_mb", "memory for schemas, in MB"),
  define("maxEntries", "max_entries", "schemas held in memory at once"),
  define("maxEntryBytes", "max_entry_bytes", "size of the largest schema taken, in bytes"),
  define("maxCatalogMb", "max_catalog_mb", "memory for the catalog, in MB"),
  define("ttlHours", "ttl_hours", "how long an entry lives, in hours"),
  define("evictionPolicy", "eviction_policy", "what leaves memory first"),
  define("autoCleanup", "auto_cleanup", "give memory back when there is too little"),
  ...[
    "eviction_batch_size",
    "warm_on_startup",
    "warm_size",
    "max_disk_size_gb",
    "enable_compression",
    "sync_interval_seconds",
  ].map((toml) => define(undefined, toml, "")),
];

/**
 * Checks a value that stands under the name `spelled` in `place`, and answers it.
 * Errors: INVALID_CONFIG naming key, value and range; UNSUPPORTED for options of later versions.
 */
export function checkValue(
  { option }: OptionDefinition,
  value: unknown,
  spelled: string,
  place = "",
): string | number | boolean {
  if (option === undefined) {
    const message = `${spelled}${place} is not supported by this version`;
    throw new SchemaStoreError("UNSUPPORTED", message, { key: spelled });
  }
  const { range, accepts } = OPTION_RULES[option];
  if (accepts(value)) return value as string | number | boolean;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const message = `${spelled}${place} is ${shown}, must be ${range}`;
  throw new SchemaStoreError("INVALID_CONFIG", message, { key: spelled });
}

/** The value that the text of a flag or a variable stands for; text that is no other stays text. */
export function valueOfText({ option }: OptionDefinition, text: string): string | number | boolean {
  const isSwitch = option === "autoCleanup" && ["true", "false"].includes(text.trim());
  if (isSwitch) return text.trim() === "true";
  // Decimal notation only: `Number` would take "", "0x10" and "1e3" for numbers too.
  const isNumber = option !== "diskCacheDir" && /^[+-]?\d+(\.\d+)?$/.test(text.trim());
  return isNumber ? Number(text) : text;
}

function define(
  option: keyof StoreOptions | undefined,
  toml: string,
  summary: string,
): OptionDefinition {
  const range = option === undefined || option === "diskCacheDir" ? "" : OPTION_RULES[option].range;
  return {
    option,
    toml,
    environment: `FSS_${toml.toUpperCase()}`,
    flag: option === undefined ? undefined : toml.replaceAll("_", "-"),
    description: range === "" ? summary : `${summary}: ${range}`,
  };
}
