/** What a command consists of, and the flags that several commands share. */

import type { SchemaStore } from "../index.node.js";
import type { StoreOptions } from "../types.js";
import type { Setting } from "./config.js";
import type { Flags } from "./flags.js";
import type { Output } from "./output.js";

/** What a command gets to work with. */
export interface CommandContext {
  /** The words after the command's name. */
  readonly operands: readonly string[];
  readonly flags: Flags;
  readonly options: StoreOptions;
  /** The same, with where each was set. */
  readonly settings: readonly Setting[];
  readonly output: Output;
  /** Aborted with an `Interrupted` when the command is to end. */
  readonly signal: AbortSignal;
  /** Runs `work` with the store open; closes it whatever happens. NOT_FOUND for what only reads. */
  withStore<T>(
    work: (store: SchemaStore) => Promise<T>,
    more?: Pick<StoreOptions, "converter">,
  ): Promise<T>;
}

/** Flags as the parser declares them, such as `-o, --output <file>`, each with its line of help. */
export type FlagTexts = Readonly<Record<string, string>>;

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its operands as the parser declares them, such as `<source...>` or `[text]`, with their help. */
  readonly operands?: FlagTexts;
  /** Its own flags. */
  readonly flags?: FlagTexts;
  /** Words after its name, for the help: a use of it that works. */
  readonly example: string;
  /** How it uses the store's directory; by default it creates a missing one. */
  readonly store?: "read" | "none";
  /** Which options of a store it takes, where that is not all of them. */
  readonly storeOptions?: readonly (keyof StoreOptions)[];
  /** Returns the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** Operand of a command about one entry. */
export const CANONICAL: FlagTexts = {
  "<canonical>": "URL or url|version of the entry; without a version, the newest",
};

/** Flags that select entries. */
export const FILTER_FLAGS: FlagTexts = {
  "--url-prefix <text>": "only URLs that begin with this",
  "--package <name[#version]>": "only from this package",
  "--type <name>": "only of this FHIR type",
  "--tag <tag>": "only with this tag",
};

/** Flags of every command. */
export const COMMON_FLAGS: FlagTexts = {
  "--json": "print the result as one JSON document, and what fails as one on standard error",
  "-q, --quiet": "print what was asked for and errors, nothing else",
  "--config <file>": "configuration file (default ./fhir-schema-store.toml)",
};
