/** What a command of the command line is made of, and the flags all of them share. */

import type { ArgsDef } from "citty";
import type { SchemaStore } from "../index.node.js";
import type { StoreOptions } from "../types.js";
import { OPTIONS } from "./options.js";
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

/** What a command gets to work with. */
export interface CommandContext {
  /** The words after the command's name. */
  readonly operands: readonly string[];
  /** Flags by name: text, or true. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly options: StoreOptions;
  readonly output: Output;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Runs `work` with the store open; closes it whatever happens. */
  withStore<T>(work: (store: SchemaStore) => Promise<T>): Promise<T>;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its operands and own flags. */
  readonly args: ArgsDef;
  /** Answers the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** Flags of every command. */
export const SHARED_FLAGS: ArgsDef = {
  help: { type: "boolean", alias: "h", description: "show this help" },
  version: { type: "boolean", alias: "v", description: "print the version" },
  json: { type: "boolean", description: "one JSON document on standard output" },
  config: {
    type: "string",
    valueHint: "file",
    description: "configuration (default: fhir-schema-store.toml here)",
  },
  ...Object.fromEntries(
    OPTIONS.flatMap(({ flag, description }) =>
      flag === undefined
        ? []
        : [[flag, { type: "string" as const, valueHint: "value", description }]],
    ),
  ),
};

/** Flags that select entries, as `list` and `clear` take them. */
export const FILTER_FLAGS: ArgsDef = {
  "url-prefix": { type: "string", valueHint: "text", description: "URLs that begin with this" },
  package: { type: "string", valueHint: "name[#version]", description: "from this package" },
  type: { type: "string", valueHint: "name", description: "of this FHIR type" },
  tag: { type: "string", valueHint: "tag", description: "with this tag" },
};
