/** The command line as it is parsed and helped with. */

import { readFileSync } from "node:fs";
import { styleText } from "node:util";
import { CommanderError, Option, Command as Parser } from "commander";
import { COMMON_FLAGS, type Command, type FlagTexts } from "./command.js";
import { type Flags, OPTIONS } from "./flags.js";
import { UsageError } from "./outcome.js";

/** Name of the program. */
export const NAME = "fhir-schema-store";
/** The word before the name of a command. */
export const GROUP = "cache";

/** What the command line asks for. */
export interface Request {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly flags: Flags;
}

/**
 * What `words` ask for; undefined where it was help or the version, which are printed. Throws a `UsageError`
 * for what is no command line.
 */
export function parse(words: readonly string[], commands: readonly Command[]): Request | undefined {
  let request: Request | undefined;
  const program = programOf(commands, (found) => {
    request = found;
  });
  try {
    program.parse(withoutHelp(words, commands), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(mistake(error, words, commands));
  }
  return request;
}

/** `help cache list` and `cache help list` are `cache list --help`; what is no command stays one to be refused. */
function withoutHelp(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const [first, second] = words;
  if (first !== "help" && !(first === GROUP && second === "help")) return words;
  const about = words.filter((word) => !["help", "--help", "-h"].includes(word));
  const [group, name] = about;
  const isKnown =
    group === undefined ||
    (group === GROUP && (name === undefined || commands.some((one) => one.name === name))) ||
    group === "version";
  return isKnown ? [...about, "--help"] : about;
}

/** The words that show the help which is next to `words`. */
export function helpFor(words: readonly string[], commands: readonly Command[]): string {
  const name = words[words.indexOf(GROUP) + 1] ?? "";
  const isKnown = words.includes(GROUP) && commands.some((command) => command.name === name);
  return [NAME, ...(isKnown ? [GROUP, name] : []), "--help"].join(" ");
}

/** The version of this package. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

const SUMMARY = "A store for converted FHIR schemas that survives restarts";

const ABOUT_OPTIONS = `
An option of the store is taken from its flag, else from its environment variable, else from [storage] of
./${NAME}.toml, where disk_cache_dir is the key of FSS_DISK_CACHE_DIR. "${NAME} ${GROUP} config" shows each.`;

const ABOUT_EXITS = `
It exits with 0; with 1 where what was named is not there, or only a part of the work succeeded; with 2 for a wrong
command line, configuration or file to put; with 3 where the store, a disk or an archive failed.`;

function programOf(commands: readonly Command[], found: (request: Request) => void): Parser {
  const program = new Parser(NAME)
    .description(SUMMARY)
    .exitOverride()
    .enablePositionalOptions()
    // What went wrong is in the error, and printed where all errors are.
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ styleTitle: (title) => styleText("bold", title) })
    .helpOption("-h, --help", "show this help")
    .version(packageVersion(), "-v, --version", "print the version");
  const version = new Parser("version").description("print the version").action(() => {
    process.stdout.write(`${packageVersion()}\n`);
  });
  const group = new Parser(GROUP).description("Save, find and remove stored schemas");
  for (const parser of [group, version]) parser.copyInheritedSettings(program);
  for (const parser of [program, group]) addFlags(parser, sharedFlags(), true);
  group.addHelpText("after", `${ABOUT_OPTIONS}\n${ABOUT_EXITS}`);
  program.addHelpText("after", `\nExample:\n  ${NAME} ${GROUP} save hl7.fhir.us.core.tgz`);
  for (const command of commands) group.addCommand(parserOf(command, program, found));
  return program.addCommand(group).addCommand(version);
}

function parserOf(command: Command, program: Parser, found: (request: Request) => void): Parser {
  const { name, summary, operands = {}, flags = {}, example } = command;
  const parser = new Parser(name).description(summary).copyInheritedSettings(program);
  for (const [operand, help] of Object.entries(operands)) parser.argument(operand, help);
  addFlags(parser, flags);
  addFlags(parser, COMMON_FLAGS);
  parser.optionsGroup("Options of the store:");
  for (const option of storeFlags(command)) addFlags(parser, option);
  parser.addHelpText("after", `\nExample:\n  ${NAME} ${GROUP} ${name} ${example}`.trimEnd());
  const most = parser.registeredArguments.length;
  const takesMany = parser.registeredArguments.some(({ variadic }) => variadic);
  return parser.allowExcessArguments().action(() => {
    const [unexpected] = takesMany ? [] : parser.args.slice(most);
    if (unexpected !== undefined) throw new UsageError(`unexpected argument '${unexpected}'`);
    found({ command, operands: parser.args, flags: flagsOf(parser) });
  });
}

/** The flags of a command and those before its name, which it must take as well; its own win. */
function flagsOf(parser: Parser): Flags {
  let flags = parser.opts<Flags>();
  for (let above = parser.parent; above !== null; above = above.parent) {
    const given = above.opts<Flags>();
    const unknown = above.options
      .filter((option) => given[option.attributeName()] !== undefined)
      .find(({ long }) => !parser.options.some((own) => own.long === long));
    if (unknown) throw new UsageError(`unknown option '${unknown.long}' for ${parser.name()}`);
    flags = { ...given, ...flags };
  }
  return flags;
}

function addFlags(parser: Parser, texts: FlagTexts, hidden = false): void {
  for (const [flags, help] of Object.entries(texts)) {
    const option = new Option(flags, help).hideHelp(hidden);
    parser.addOption(
      option.required ? option.argParser((text, earlier) => given(option, text, earlier)) : option,
    );
  }
}

/** The value of a flag. The parser takes whatever follows for it. */
function given(option: Option, text: string, earlier: unknown): string {
  if (earlier !== undefined) throw new UsageError(`${option.long} is given twice`);
  if (text !== "" && !text.startsWith("--")) return text;
  throw new UsageError(`${option.long} needs a value`);
}

/** Flags that every command with a store takes; they may also stand before its name. */
function sharedFlags(): FlagTexts {
  return Object.assign({}, COMMON_FLAGS, ...storeFlags({}));
}

function storeFlags({ storeOptions }: Pick<Command, "storeOptions">): FlagTexts[] {
  return OPTIONS.flatMap(({ option, flag, environment, description }) => {
    if (flag === undefined || (storeOptions && !storeOptions.includes(option as never))) return [];
    return [{ [`--${flag} <value>`]: `${description} [${environment}]` }];
  });
}

/** What is wrong, in one sentence. */
function mistake(
  { code, message }: CommanderError,
  words: readonly string[],
  commands: readonly Command[],
): string {
  if (code === "commander.help") return "no command given";
  const [first = ""] = words;
  const isBelow =
    code === "commander.unknownCommand" && commands.some(({ name }) => name === first);
  const hint = isBelow ? ` (Did you mean ${GROUP} ${first}?)` : "";
  return message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ") + hint;
}
