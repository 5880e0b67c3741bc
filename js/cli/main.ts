#!/usr/bin/env node
/** The `fhir-schema-store` command. */

import { existsSync } from "node:fs";
import { type ErrorCode, SchemaStoreError } from "../errors.js";
import type { StoreOptions } from "../types.js";
import { clear } from "./clear.js";
import type { Command } from "./command.js";
import { optionsOf, originOf, type Setting, settingsOf } from "./config.js";
import { config } from "./config-command.js";
import { exportCommand } from "./export.js";
import { flagTexts } from "./flags.js";
import { get } from "./get.js";
import { importCommand } from "./import.js";
import { list } from "./list.js";
import { EXIT, NothingThere, UsageError } from "./outcome.js";
import { Output } from "./output.js";
import { pack } from "./pack.js";
import { GROUP, helpFor, parse, type Request } from "./program.js";
import { put } from "./put.js";
import { save } from "./save.js";
import { show } from "./show.js";
import { endInterrupted, whenInterrupted } from "./signals.js";
import { stats } from "./stats.js";

const COMMANDS: readonly Command[] = [
  ...[save, list, show, get, put, clear],
  ...[exportCommand, importCommand, pack],
  ...[stats, config],
];

/** Codes of wrong requests, not of failures of the store. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_CONFIG",
  "INVALID_KEY",
  "INVALID_VALUE",
  "SERIALIZATION",
  "ENTRY_TOO_LARGE",
  "UNSUPPORTED",
]);

const words = process.argv.slice(2);
const output = new Output({
  json: words.includes("--json"),
  quiet: words.includes("--quiet") || words.includes("-q"),
});
output.watchStreams(EXIT.storage);
const interrupt = whenInterrupted();
const code = await main();
if (interrupt.aborted) endInterrupted(interrupt.reason);
process.exitCode = code;

async function main(): Promise<number> {
  const code = await perform();
  output.finish(interrupt.aborted ? interrupt.reason.exitCode : code);
  return code;
}

async function perform(): Promise<number> {
  try {
    const request = parse(words, COMMANDS);
    if (request === undefined) return EXIT.ok;
    const { json, quiet } = request.flags;
    output.take({ json: json === true, quiet: quiet === true });
    return await run(request);
  } catch (error) {
    // Whoever reads the output has gone.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return EXIT.incomplete;
    output.error(isAbort(error) ? interrupt.reason : error);
    if (error instanceof UsageError) output.note(`see ${helpFor(words, COMMANDS)}`);
    return codeOf(error);
  }
}

function codeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof SchemaStoreError)) return EXIT.storage;
  if (error.code === "NOT_FOUND") return EXIT.incomplete;
  return USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.storage;
}

async function run({ command, operands, flags }: Request): Promise<number> {
  const settings = await settingsOf({
    flags: flagTexts(flags),
    environment: process.env,
    directory: process.cwd(),
    file: typeof flags.config === "string" ? flags.config : undefined,
  });
  const options = optionsOf(settings);
  await checkPlace(command, options, settings);
  const signal = interrupt;
  return command.run({
    operands,
    flags,
    options,
    settings,
    output,
    signal,
    async withStore(work, more) {
      const { openSchemaStore } = await import("../index.node.js");
      signal.throwIfAborted();
      const store = await openSchemaStore({ ...options, ...more });
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
  settings: readonly Setting[],
): Promise<void> {
  if (store === "none") return;
  if (strategy === "memory") {
    const origin = originOf("strategy", settings) as string;
    const message = `${origin} is "memory", must be memory-disk or disk: a memory store ends with the command, so ${GROUP} ${name} would find and keep nothing`;
    throw new SchemaStoreError("INVALID_CONFIG", message, { key: origin });
  }
  if (store !== "read") return;
  const { defaultDirectory } = await import("../index.node.js");
  const directory = diskCacheDir ?? defaultDirectory();
  if (existsSync(directory)) return;
  const origin = originOf("diskCacheDir", settings);
  const set = origin === undefined ? "the default directory" : `set by ${origin}`;
  throw new NothingThere(`there is no store at ${directory}, ${set}`, directory);
}
