/** Where the options of the command line come from: flags over environment over TOML file. */

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { asStoreError, SchemaStoreError } from "../errors.js";
import type { StoreOptions } from "../types.js";
import {
  checkValue,
  OPTIONS,
  type OptionDefinition,
  type OptionValue,
  valueOfText,
} from "./flags.js";

/** The file looked for in the working directory. */
export const CONFIG_FILE = "fhir-schema-store.toml";

/** Where options may be written. */
export interface ConfigSources {
  /** Values of the flags by name; absent ones undefined. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Working directory: what relative paths of flags and environment start from. */
  readonly directory: string;
  /** A configuration file that must exist; by default the one of the working directory, if any. */
  readonly file?: string | undefined;
}

/**
 * The options that are set, every value checked, with where each was set.
 * Errors: INVALID_CONFIG naming key, value and range, also for unknown keys of the file and for a
 * file that is not TOML; UNSUPPORTED for options of later versions.
 */
export async function settingsOf(sources: ConfigSources): Promise<Setting[]> {
  const file = await readConfigFile(sources);
  return OPTIONS.flatMap((definition) => {
    const { option } = definition;
    const { value, origin, base } = winner(definition, sources, file);
    if (option === undefined || value === undefined) return [];
    const isPath = option === "diskCacheDir";
    return [{ option, value: isPath ? absolutePath(base, String(value)) : value, origin }];
  });
}

/** An option that is set. */
export interface Setting {
  readonly option: keyof StoreOptions;
  /** Checked; a path is absolute. */
  readonly value: OptionValue;
  /** `--strategy`, `FSS_STRATEGY` or `strategy in <file>`. */
  readonly origin: string;
}

/** The options of a store. */
export function optionsOf(settings: readonly Setting[]): StoreOptions {
  return Object.fromEntries(settings.map(({ option, value }) => [option, value])) as StoreOptions;
}

/** Where an option was set; undefined where it was not. */
export function originOf(
  option: keyof StoreOptions,
  settings: readonly Setting[],
): string | undefined {
  return settings.find((one) => one.option === option)?.origin;
}

/** The value of an option in the first place that has one, and what its path would start from. */
function winner(
  definition: OptionDefinition,
  { flags, environment, directory }: ConfigSources,
  file: ConfigFile,
): { value: OptionValue | undefined; origin: string; base: string } {
  const { flag, environment: variable, toml } = definition;
  const flagText = flag === undefined ? undefined : flags[flag];
  // Every place is checked, even if another one wins, so that no mistake stays hidden.
  const places = [
    { value: fromText(definition, flagText, `--${flag}`), origin: `--${flag}`, base: directory },
    {
      value: fromText(definition, environment[variable] || undefined, variable),
      origin: variable,
      base: directory,
    },
  ];
  const inFile = {
    value: fromFile(definition, file),
    origin: `${toml} in ${file.path}`,
    base: dirname(file.path),
  };
  return places.find(({ value }) => value !== undefined) ?? inFile;
}

function fromText(
  definition: OptionDefinition,
  text: string | undefined,
  spelled: string,
): OptionValue | undefined {
  if (text === undefined) return undefined;
  return checkValue(definition, valueOfText(definition, text), spelled);
}

function fromFile(definition: OptionDefinition, file: ConfigFile): OptionValue | undefined {
  const { toml } = definition;
  if (!Object.hasOwn(file.storage, toml)) return undefined;
  return checkValue(definition, file.storage[toml], toml, ` in ${file.path}`);
}

/** A configuration file's `[storage]`; empty when there is no file. */
interface ConfigFile {
  readonly path: string;
  readonly storage: Readonly<Record<string, unknown>>;
}

async function readConfigFile({ directory, file }: ConfigSources): Promise<ConfigFile> {
  const path = resolve(directory, file ?? CONFIG_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (absent && file === undefined) return { path, storage: {} };
    throw asStoreError(cause, "INVALID_CONFIG", `${path} cannot be read`, path);
  }
  let tables: Record<string, unknown>;
  try {
    tables = parse(text);
  } catch (cause) {
    throw asStoreError(cause, "INVALID_CONFIG", `${path} is not TOML`, path);
  }
  return { path, storage: storageTable(tables, path) };
}

function storageTable(tables: Record<string, unknown>, path: string): Record<string, unknown> {
  const { storage = {}, ...others } = tables;
  refuseUnknown(Object.keys(others), ["[storage]"], path);
  if (typeof storage !== "object" || storage === null || Array.isArray(storage)) {
    throw new SchemaStoreError("INVALID_CONFIG", `storage in ${path} must be a table`, {
      key: "storage",
    });
  }
  const taken = OPTIONS.filter(({ option }) => option !== undefined).map(({ toml }) => toml);
  refuseUnknown(
    Object.keys(storage).filter((key) => !OPTIONS.some(({ toml }) => toml === key)),
    taken,
    path,
  );
  return storage as Record<string, unknown>;
}

function refuseUnknown(unknown: readonly string[], known: readonly string[], path: string): void {
  const [key] = unknown;
  if (key === undefined) return;
  const message = `unknown key "${key}" in ${path}; known keys: ${known.join(", ")}`;
  throw new SchemaStoreError("INVALID_CONFIG", message, { key });
}

/** A path with a leading `~/` resolved, which no shell has done in a file. */
function absolutePath(base: string, path: string): string {
  return path === "~" || path.startsWith("~/")
    ? join(homedir(), path.slice(1))
    : resolve(base, path);
}
