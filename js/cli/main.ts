#!/usr/bin/env node
/** The `fhir-schema-store` command. */

import { type ArgsDef, parseArgs } from "citty";
import { type ErrorCode, SchemaStoreError } from "../errors.js";
import { clear } from "./clear.js";
import { type Command, EXIT, SHARED_FLAGS, UsageError } from "./command.js";
import { resolveConfig } from "./config.js";
import { exportCommand } from "./export.js";
import { get } from "./get.js";
import { importCommand } from "./import.js";
import { list } from "./list.js";
import { Output, tolerateClosedPipes } from "./output.js";
import { pack } from "./pack.js";
import { save } from "./save.js";
import { stats } from "./stats.js";
import { GROUP, NAME, packageVersion, usage } from "./usage.js";

const COMMANDS: readonly Command[] = [
  ...[save, list, get, stats, clear],
  ...[exportCommand, importCommand, pack],
];

/** Codes that say the user asked for something wrong, not that the store failed. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_CONFIG",
  "INVALID_KEY",
  "UNSUPPORTED",
]);
const INTERRUPTED = 130;

type Flags = Record<string, string | boolean | undefined>;

tolerateClosedPipes();
process.exitCode = await main(process.argv.slice(2));

async function main(words: string[]): Promise<number> {
  const { _: operands, ...flags } = parseArgs(words, flagsOf(COMMANDS)) as Flags & { _: string[] };
  const output = new Output(flags.json === true);
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort(new Error("interrupted")));
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
    return await run(command, rest, flags, output, interrupt.signal);
  } catch (error) {
    output.error(error);
    if (interrupt.signal.aborted) return INTERRUPTED;
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
  signal: AbortSignal,
): Promise<number> {
  const options = await resolveConfig({
    flags: textFlags(flags),
    environment: process.env,
    directory: process.cwd(),
    file: typeof flags.config === "string" ? flags.config : undefined,
  });
  return command.run({
    operands,
    flags,
    options,
    output,
    signal,
    async withStore(work) {
      const { openSchemaStore } = await import("../index.node.js");
      const store = await openSchemaStore(options);
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work(store);
      } catch (error) {
        // Closing may fail for the same reason; the first error is the one that tells it.
        await store.close().catch(() => {});
        throw error;
      }
      await store.close();
      return result;
    },
  });
}

/** The flags that carry a value. */
function textFlags(flags: Flags): Record<string, string | undefined> {
  const entries = Object.entries(flags).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The parser lets everything pass; mistakes are found here. */
function checkWords(command: Command, operands: readonly string[], flags: Flags): void {
  const known = flagsOf([command]);
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
  if (operands.length > names.length) {
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

function flagsOf(commands: readonly Command[]): ArgsDef {
  const own = commands.flatMap(({ args }) => Object.entries(args));
  const flags = own.filter(([, { type }]) => type !== "positional");
  return { ...Object.fromEntries(flags), ...SHARED_FLAGS };
}

function unknownCommand(group: string | undefined, name: string | undefined): string {
  if (group === undefined) return "no command given";
  if (group !== GROUP) return `unknown command: ${group}`;
  return name === undefined ? "no command given" : `unknown command: ${GROUP} ${name}`;
}
