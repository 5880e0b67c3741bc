/** From a StructureDefinition into the store: converted once per source and converter. */

import { RULES } from "../arguments/calls.js";
import { hex, type PackedRow } from "../core/packed-row.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { onFirstUse } from "../first-use.js";
import { decodeText, encodeText, parseObject, withoutMark } from "../json.js";
import type { StoreParts } from "../parts.js";
import { check, checkGiven, type OptionRule, show } from "../rules.js";
import type {
  Conversion,
  Converter,
  ConvertOptions,
  ConvertResult,
  JsonObject,
  Metadata,
  PutOptions,
} from "../types.js";
import { isObject } from "./resource-json.js";

/** A StructureDefinition: parsed, as text, or as UTF-8 bytes. */
export type ConvertSource = object | string | Uint8Array;

/** A StructureDefinition with its text, which tells whether it is another one. */
export interface Definition {
  /** Without a byte order mark. */
  readonly text: string;
  readonly definition: JsonObject;
}

/** What becomes of a StructureDefinition: a schema to be put, or what the store holds of it already. */
export type ConversionOutcome =
  | { readonly kept: Metadata; readonly row: PackedRow }
  | { readonly schema: object; readonly options: PutOptions };

/** Members of a StructureDefinition that describe its schema. */
const MEMBERS = ["name", "title", "description", "type", "kind", "status", "fhirVersion"] as const;

/** Converts `source` and puts the schema, unless the store holds the result already. */
export async function convertInto(
  parts: StoreParts,
  source: ConvertSource,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const converter =
    parts.options.converter ?? (await onFirstUse(import("./converter.js"))).fhirSchemaConverter();
  const outcome = await convertFor(parts, converter, readDefinition(source), options);
  if ("kept" in outcome) return { metadata: outcome.kept, converted: false };
  const metadata = await parts.writer.put(outcome.schema, outcome.options);
  return { metadata, converted: true };
}

/** Converts a definition for a store that may hold the result already. */
export async function convertFor(
  { memory, durable, loader, counts, checkOpen, options: { now } }: StoreParts,
  converter: Converter,
  { text, definition }: Definition,
  options: ConvertOptions,
): Promise<ConversionOutcome> {
  const { url, version } = identify(definition);
  const id = `${converter.id}@${converter.version}`;
  const sourceHash = hex(memory.digest(encodeText(text)));
  const canonical = version === undefined ? url : `${url}|${version}`;
  await loader.locate(canonical);
  const rows = Array.from(memory.catalog.rowsOf(canonical), (slot) => ({
    slot,
    metadata: memory.catalog.metadata(slot),
  }));
  const unchanged = rows.find(
    ({ metadata: row }) =>
      row.sourceHash === sourceHash &&
      row.converter === id &&
      row.source === options.source &&
      row.version === version &&
      !(row.expiresAt !== undefined && row.expiresAt <= now()) &&
      hasTags(row, options.tags),
  );
  if (unchanged !== undefined) {
    const { slot, metadata } = unchanged;
    const { catalog } = memory;
    // At once: after any wait the slot may have a new owner.
    const [key, hash, meta] = [catalog.key(slot), catalog.hash(slot), catalog.meta(slot)];
    const unread = await durable?.bodies.unreadable([slot]);
    if (!unread?.has(slot) && key && hash && meta) {
      counts.conversionsSkipped += 1;
      return { kept: metadata, row: { key, hash, meta } };
    }
  }

  const { schema, dependencies } = conversionOf(converter, definition, canonical);
  const described: Record<string, string> = {};
  for (const member of MEMBERS) {
    const text = textOf(definition[member]);
    if (text !== undefined) described[member] = text;
  }
  const put: PutOptions = {
    ...described,
    ...lineage(definition),
    url,
    ...(version === undefined ? {} : { version }),
    ...options,
    origin: "converted",
    sourceHash,
    converter: id,
    convertedAt: now(),
    dependencies,
  };
  checkOpen();
  checkGiven(put, RULES.put);
  counts.conversions += 1;
  return { schema, options: put };
}

/** What a converter makes of a definition. CONVERSION when it fails, or returns something else. */
function conversionOf(converter: Converter, definition: JsonObject, canonical: string): Conversion {
  let made: Conversion;
  try {
    made = converter.convert(definition);
  } catch (cause) {
    throw asStoreError(cause, "CONVERSION", `${canonical} cannot be converted`, canonical);
  }
  check(made, CONVERSION, canonical, "CONVERSION", "the conversion of ");
  return made;
}

const CONVERSION: OptionRule = {
  range: "{ schema, dependencies }, an object and a list",
  accepts: (made) => {
    const { schema, dependencies } = (made ?? {}) as Partial<Conversion>;
    return isObject(schema) && Array.isArray(dependencies);
  },
};

function hasTags({ tags }: Metadata, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.join("\0") === tags.join("\0");
}

function lineage(definition: JsonObject): PutOptions {
  const derivation = textOf(definition["derivation"]);
  const base = textOf(definition["baseDefinition"]);
  return {
    ...(derivation !== undefined && { derivation }),
    ...(base !== undefined && { base }),
  };
}

/** Reads a StructureDefinition. SERIALIZATION, INVALID_VALUE. */
export function readDefinition(source: ConvertSource): Definition {
  if (typeof source !== "string" && !(source instanceof Uint8Array)) {
    return { text: stringify(source), definition: source as JsonObject };
  }
  let text: string;
  try {
    text = withoutMark(typeof source === "string" ? source : decodeText(source));
  } catch (cause) {
    throw new SchemaStoreError("SERIALIZATION", "the StructureDefinition is not UTF-8", { cause });
  }
  return { text, definition: parseObject(text, "the StructureDefinition") };
}

function stringify(source: object): string {
  if (typeof source !== "object" || source === null) {
    const message = `the StructureDefinition is ${show(source)}, not an object`;
    throw new SchemaStoreError("INVALID_VALUE", message);
  }
  try {
    return JSON.stringify(source);
  } catch (cause) {
    throw asStoreError(cause, "INVALID_VALUE", "the StructureDefinition is not plain data");
  }
}

/** A text of a definition as metadata can have it: JSON can hold a lone surrogate. */
function textOf(member: unknown): string | undefined {
  return typeof member === "string" ? member.toWellFormed() : undefined;
}

function identify(definition: JsonObject): { url: string; version: string | undefined } {
  const { resourceType, url, version } = definition;
  const named = typeof url === "string" ? url : (textOf(definition["id"]) ?? "the resource");
  if (resourceType !== "StructureDefinition") {
    const message = `${named} is a ${textOf(resourceType) ?? "resource without type"}, not a StructureDefinition`;
    throw new SchemaStoreError("INVALID_VALUE", message, { key: named });
  }
  if (typeof url !== "string" || url === "") {
    throw new SchemaStoreError("INVALID_KEY", `StructureDefinition ${named} has no url`, {
      key: named,
    });
  }
  return { url, version: typeof version === "string" && version !== "" ? version : undefined };
}
