/** The options of a store as the command line, the environment and the TOML file spell them. */

import { DEFAULTS, OPTION_RULES } from "../arguments/options.js";
import { SchemaStoreError } from "../errors.js";
import { show } from "../rules.js";
import type { StoreOptions } from "../types.js";

/** Flags by name in camel case: text, or true. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** One option, with its spellings. */
export interface OptionDefinition {
  /** Its name in `StoreOptions`; absent where this version does not support it. */
  readonly option: keyof StoreOptions | undefined;
  /** Key in `[storage]`. */
  readonly toml: string;
  /** Environment variable. */
  readonly environment: string;
  /** Flag without its dashes; absent where it would have no effect. */
  readonly flag: string | undefined;
  /** What it is where it is not set, absent if nothing. */
  readonly byDefault?: OptionValue;
  /** For the help text: with its range and its default. */
  readonly description: string;
}

/** What an option may be set to here. */
export type OptionValue = string | number | boolean;

/** Every option there is, in the order of the help text. */
export const OPTIONS: readonly OptionDefinition[] = [
  {
    ...define(
      "diskCacheDir",
      "disk_cache_dir",
      "directory of the store (default: in the user's cache)",
    ),
    flag: "dir",
  },
  { ...define("strategy", "strategy", ""), description: "memory-disk (the default) or disk" },
  define("memoryLimitMb", "memory_limit_mb", "memory limit for schemas, in MB"),
  define("maxEntries", "max_entries", "maximum number of schemas in memory"),
  define("maxEntryBytes", "max_entry_bytes", "largest schema accepted, in bytes"),
  define("maxCatalogMb", "max_catalog_mb", "memory limit for the catalog, in MB"),
  define("ttlHours", "ttl_hours", "how long an entry lives, in hours"),
  define("idleTtlHours", "idle_ttl_hours", "how long an unread schema stays in memory, in hours"),
  define("graceHours", "grace_hours", "how long an expired entry is kept as stale, in hours"),
  define("evictionPolicy", "eviction_policy", "which schemas leave memory first"),
  // Text cannot express the policy that it is for.
  { ...define("evictionBatchSize", "eviction_batch_size", ""), flag: undefined },
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
  const message = `${spelled}${place} is ${show(value)}, must be ${range}`;
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

/** The texts of those flags that are options of a store. */
export function flagTexts(flags: Flags): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { flag } of OPTIONS) {
    if (flag === undefined) continue;
    const value = flags[flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof value === "string") texts[flag] = value;
  }
  return texts;
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
  const range = option === undefined || option === "diskCacheDir" ? "" : `: ${rangeOf(option)}`;
  const byDefault = (DEFAULTS as StoreOptions)[option as "maxEntries"];
  return {
    option,
    toml,
    environment: `FSS_${toml.toUpperCase()}`,
    flag: option === undefined ? undefined : toml.replaceAll("_", "-"),
    description: summary + range + (byDefault === undefined ? "" : ` (default ${byDefault})`),
    ...(byDefault !== undefined && { byDefault }),
  };
}
