/** The help texts. */

import { readFileSync } from "node:fs";
import { type CommandDef, renderUsage } from "citty";
import { type Command, flagsOf, SHARED_FLAGS } from "./command.js";
import { coloursFor } from "./output.js";

/** Name of the program. */
export const NAME = "fhir-schema-store";
/** The word before the name of a command. */
export const GROUP = "cache";

/** The help of one command, of the group, or of the program, for standard output. */
export async function usage(
  commands: readonly Command[],
  command: Command | undefined,
  ofGroup: boolean,
): Promise<string> {
  const program = { name: NAME, version: packageVersion(), description: SUMMARY };
  const group = groupUsage(commands);
  const text = command
    ? await renderUsage(commandUsage(command), { meta: { name: `${NAME} ${GROUP}` } })
    : ofGroup
      ? await renderUsage(group, { meta: program })
      : await renderUsage({ meta: program, args: SHARED_FLAGS, subCommands: { [GROUP]: group } });
  return `${coloursFor(process.stdout, text).replace(/ +$/gm, "")}\n`;
}

/** The version of this package. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

const SUMMARY = "A store for converted FHIR schemas";

function groupUsage(commands: readonly Command[]): CommandDef {
  return {
    meta: { name: GROUP, description: "Save, inspect and remove stored schemas" },
    subCommands: Object.fromEntries(commands.map((one) => [one.name, commandUsage(one)])),
  };
}

function commandUsage(command: Command): CommandDef {
  const { name, summary } = command;
  return { meta: { name, description: summary }, args: flagsOf(command) };
}
