/** What a command consists of, and the flags that all commands share. */

import type { ArgsDef } from "citty";
import { SchemaStoreError } from "../errors.js";
import type { SchemaStore } from "../index.node.js";
import type { StoreOptions } from "../types.js";
import { OPTIONS } from "./flags.js";
import type { Output } from "./output.js";

/** How a command ends. */
export const EXIT = {
  ok: 0,
  /** The entry asked for is not there, or only a part of the work succeeded. */
  incomplete: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The store failed. */
  storage: 3,
} as const;

/** A mistake on the command line. */
export class UsageError extends Error {}

/** A command has nothing to work on: it ends with `EXIT.incomplete`. */
export class NothingThere extends SchemaStoreError {
  constructor(message: string, key: string) {
    super("NOT_FOUND", message, { key });
  }
}

/** What a command gets to work with. */
export interface CommandContext {
  /** The words after the command's name. */
  readonly operands: readonly string[];
  /** Flags by name: text, or true. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly options: StoreOptions;
  readonly output: Output;
  /** Aborted with an `Interrupted` when the command is to end. */
  readonly signal: AbortSignal;
  /** Runs `work` with the store open; closes it whatever happens. NOT_FOUND for what only reads. */
  withStore<T>(work: (store: SchemaStore) => Promise<T>): Promise<T>;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its operands and own flags. */
  readonly args: ArgsDef;
  /** How it uses the store's directory; by default it creates a missing one. */
  readonly store?: "read" | "none";
  /** Its last operand may be given several times. */
  readonly takesMany?: boolean;
  /** Returns the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** Flags of every command but those for options of the store. */
const COMMON_FLAGS: ArgsDef = {
  help: { type: "boolean", alias: "h", description: "show this help" },
  version: { type: "boolean", alias: "v", description: "print the version" },
  json: { type: "boolean", description: "print the result as one JSON document" },
  config: {
    type: "string",
    valueHint: "file",
    description: "configuration file (default: ./fhir-schema-store.toml)",
  },
};

/** Flags of every command that works with a store. */
export const SHARED_FLAGS: ArgsDef = {
  ...COMMON_FLAGS,
  ...Object.fromEntries(
    OPTIONS.flatMap(({ flag, description }) =>
      flag === undefined
        ? []
        : [[flag, { type: "string" as const, valueHint: "value", description }]],
    ),
  ),
};

/** The flags a command takes; one without a store has no use for most of its options. */
export function flagsOf({ args, store }: Command): ArgsDef {
  if (store !== "none") return { ...args, ...SHARED_FLAGS };
  const { "max-entry-bytes": largest } = SHARED_FLAGS;
  return { ...args, ...COMMON_FLAGS, ...(largest && { "max-entry-bytes": largest }) };
}

/** Flags that select entries, as `list` and `clear` take them. */
export const FILTER_FLAGS: ArgsDef = {
  "url-prefix": {
    type: "string",
    valueHint: "text",
    description: "only URLs that begin with this",
  },
  package: { type: "string", valueHint: "name[#version]", description: "only from this package" },
  type: { type: "string", valueHint: "name", description: "only of this FHIR type" },
  tag: { type: "string", valueHint: "tag", description: "only with this tag" },
};
