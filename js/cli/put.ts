/** `cache put`: any JSON into the store, as it is. */

import { joinBytes } from "../bytes.js";
import { textOfFile, withoutMark } from "../convert/resource-json.js";
import { SchemaStoreError } from "../errors.js";
import { parseObject } from "../json.js";
import { parseCanonical } from "../parse-canonical.js";
import type { Metadata, PutOptions } from "../types.js";
import type { Command, CommandContext } from "./command.js";
import { readInput } from "./input.js";
import { packageName, tagsOf } from "./labels.js";
import { EXIT, UsageError } from "./outcome.js";
import { readableBytes } from "./output.js";

export const put: Command = {
  name: "put",
  summary: "store JSON as it is: a schema of your own, a ValueSet; save converts instead",
  operands: { "<file...>": "JSON files, - for standard input; each replaces what has its key" },
  flags: {
    "--url <canonical>": "url or url|version to store it under (default: its url and version)",
    "--package <name#version>": "the package it belongs to",
    "--type <name>": "its FHIR type (default: its type, else its resourceType)",
    "--tag <tag,...>": "tags for the entries",
  },
  example: "my-schema.json --url http://example.org/Tea|1.0",

  async run(context) {
    const { flags, output, withStore } = context;
    const operands = [...new Set(context.operands)];
    if (typeof flags.url === "string" && operands.length > 1) {
      throw new UsageError("--url names one entry: give one file");
    }
    const items: { bytes: Uint8Array; options: PutOptions }[] = [];
    for (const path of operands) items.push(await itemOf(path, context));
    const stored = await withStore((store) =>
      store.putMany(
        items.map(({ bytes, options }) => ({ bytes, ...options })),
        { durable: true },
      ),
    );
    output.report(stored, () => stored.map(lineOf));
    return EXIT.ok;
  },
};

/** What a file holds, and what is known of it besides: its own members count where no flag says otherwise. */
async function itemOf(path: string, { flags, output, signal }: CommandContext) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readInput(path, signal)) chunks.push(chunk);
  const bytes = withoutMark(joinBytes(chunks));
  const name = path === "-" ? "standard input" : path;
  const value = parseObject(textOfFile(bytes, name), name, name);
  if (value["resourceType"] === "StructureDefinition") {
    output.note(`${name} is a StructureDefinition, stored as it is: save would convert it`);
  }
  if (flags.url === undefined && !isText(value["url"])) {
    const message = `${name} has no url to store it under: give --url <canonical>`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: name });
  }
  const type = flags.type ?? (isText(value["type"]) ? undefined : value["resourceType"]);
  const options: PutOptions = {
    ...(typeof flags.url === "string" && keyOf(flags.url)),
    ...(isText(type) && { type }),
    ...(typeof flags.package === "string" && { source: packageName(flags.package, "--package") }),
    ...tagsOf(flags),
  };
  return { bytes, options };
}

/** What `--url` says. */
function keyOf(canonical: string): PutOptions {
  const { url, version, fragment } = parseCanonical(canonical);
  if (fragment !== undefined)
    throw new UsageError(`--url is "${canonical}", must have no #fragment`);
  return { url, ...(version !== undefined && { version }) };
}

function isText(member: unknown): member is string {
  return typeof member === "string" && member !== "";
}

function lineOf({ canonical, size }: Metadata): string {
  return `stored ${canonical}, ${readableBytes(size)}`;
}
