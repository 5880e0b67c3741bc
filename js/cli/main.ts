#!/usr/bin/env node
/** The `fhir-schema-store` command. */

import { existsSync } from "node:fs";
import { type ArgsDef, parseArgs } from "citty";
import { type ErrorCode, SchemaStoreError } from "../errors.js";
import type { StoreOptions } from "../types.js";
import { clear } from "./clear.js";
import { type Command, EXIT, flagsOf, NothingThere, UsageError } from "./command.js";
import { type ConfigSources, originOf, resolveConfig } from "./config.js";
import { exportCommand } from "./export.js";
import { get } from "./get.js";
import { importCommand } from "./import.js";
import { list } from "./list.js";
import { Output, tolerateClosedPipes } from "./output.js";
import { pack } from "./pack.js";
import { save } from "./save.js";
import { endInterrupted, whenInterrupted } from "./signals.js";
import { stats } from "./stats.js";
import { GROUP, NAME, packageVersion, usage } from "./usage.js";

const COMMANDS: readonly Command[] = [
  ...[save, list, get, stats, clear],
  ...[exportCommand, importCommand, pack],
];

/** Codes of wrong requests, not of failures of the store. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_CONFIG",
  "INVALID_KEY",
  "UNSUPPORTED",
]);

type Flags = Record<string, string | boolean | undefined>;

tolerateClosedPipes();
const interrupt = whenInterrupted();
const code = await main(process.argv.slice(2));
if (interrupt.aborted) endInterrupted(interrupt.reason);
process.exitCode = code;

async function main(words: string[]): Promise<number> {
  const { _: operands, ...flags } = parseArgs(words, allFlags()) as Flags & { _: string[] };
  const output = new Output(flags.json === true);
  try {
    if (flags.version) {
      process.stdout.write(`${packageVersion()}\n`);
      return EXIT.ok;
    }
    const [group, name, ...rest] = operands;
    const command = group === GROUP ? COMMANDS.find((one) => one.name === name) : undefined;
    if (flags.help) {
      process.stdout.write(await usage(COMMANDS, command, group === GROUP));
      return EXIT.ok;
    }
    if (command === undefined) throw new UsageError(unknownCommand(group, name));
    checkWords(command, rest, flags);
    return await run(command, rest, flags, output);
  } catch (error) {
    output.error(isAbort(error) ? interrupt.reason : error);
    if (error instanceof NothingThere) return EXIT.incomplete;
    if (error instanceof UsageError) {
      output.note(`see ${NAME} --help`);
      return EXIT.usage;
    }
    return error instanceof SchemaStoreError && USAGE_CODES.has(error.code)
      ? EXIT.usage
      : EXIT.storage;
  }
}

async function run(
  command: Command,
  operands: readonly string[],
  flags: Flags,
  output: Output,
): Promise<number> {
  const sources: ConfigSources = {
    flags: textFlags(flags),
    environment: process.env,
    directory: process.cwd(),
    file: typeof flags.config === "string" ? flags.config : undefined,
  };
  const options = await resolveConfig(sources);
  await checkPlace(command, options, sources);
  const signal = interrupt;
  return command.run({
    operands,
    flags,
    options,
    output,
    signal,
    async withStore(work) {
      const { openSchemaStore } = await import("../index.node.js");
      signal.throwIfAborted();
      const store = await openSchemaStore(options);
      let result: Awaited<ReturnType<typeof work>>;
      try {
        signal.throwIfAborted();
        result = await work(store);
      } catch (error) {
        // Closing may fail for the same reason; the first error is the one to report.
        await store.close().catch(() => {});
        throw error;
      }
      await store.close();
      return result;
    },
  });
}

/** Whether this is the error of an aborted stream, however it is wrapped. */
function isAbort(error: unknown): boolean {
  const { cause, name } = error as Error;
  return (
    interrupt.aborted && (name === "AbortError" || (cause as Error | null)?.name === "AbortError")
  );
}

/** INVALID_CONFIG for a memory store, which would end with the command; NOT_FOUND for a missing one. */
async function checkPlace(
  { name, store }: Command,
  { strategy, diskCacheDir }: StoreOptions,
  sources: ConfigSources,
): Promise<void> {
  if (store === "none") return;
  if (strategy === "memory") {
    const origin = await originOf("strategy", sources);
    const message = `${origin} is "memory", must be memory-disk or disk: a memory store ends with the command, so ${GROUP} ${name} would find and keep nothing`;
    throw new SchemaStoreError("INVALID_CONFIG", message, { key: origin });
  }
  if (store !== "read") return;
  const { defaultDirectory } = await import("../index.node.js");
  const directory = diskCacheDir ?? defaultDirectory();
  if (existsSync(directory)) return;
  const origin =
    diskCacheDir === undefined
      ? "the default directory"
      : `set by ${await originOf("diskCacheDir", sources)}`;
  throw new NothingThere(`there is no store at ${directory}, ${origin}`, directory);
}

/** The flags that carry a value. */
function textFlags(flags: Flags): Record<string, string | undefined> {
  const entries = Object.entries(flags).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The parser accepts anything; mistakes are found here. */
function checkWords(command: Command, operands: readonly string[], flags: Flags): void {
  const known = flagsOf(command);
  for (const [name, value] of Object.entries(flags)) {
    const definition = definitionOf(known, name);
    if (definition === undefined) throw new UsageError(`unknown option: ${dashed(name)}`);
    const isValue = typeof value === "string" && value !== "" && !value.startsWith("--");
    if (definition.type === "string" && !isValue) {
      throw new UsageError(`${dashed(name)} needs a value`);
    }
  }
  const names = Object.keys(command.args).filter((key) => command.args[key]?.type === "positional");
  const missing = names[operands.length];
  if (missing !== undefined) throw new UsageError(`${command.name} needs a <${missing}>`);
  if (operands.length > names.length && !command.takesMany) {
    throw new UsageError(`unexpected argument: ${operands[names.length]}`);
  }
}

/** The parser also gives flags under their aliases and in camel case. */
function definitionOf(known: ArgsDef, name: string): ArgsDef[string] | undefined {
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return known[kebab] ?? Object.values(known).find((one) => "alias" in one && one.alias === name);
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** Those of every command, so that their values are told from operands. */
function allFlags(): ArgsDef {
  const all = COMMANDS.flatMap((command) => Object.entries(flagsOf(command)));
  return Object.fromEntries(all.filter(([, { type }]) => type !== "positional"));
}

function unknownCommand(group: string | undefined, name: string | undefined): string {
  if (group === undefined) return "no command given";
  if (group !== GROUP) return `unknown command: ${group}`;
  return name === undefined ? "no command given" : `unknown command: ${GROUP} ${name}`;
}
