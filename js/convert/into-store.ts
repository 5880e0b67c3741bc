/** From a StructureDefinition into the store: converted once per source and converter. */

import { RULES } from "../arguments/calls.js";
import { unlessAborted } from "../concurrency.js";
import { hex, type PackedRow } from "../core/packed-row.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { decodeText, encodeText, parseObject, withoutMark } from "../json.js";
import type { StoreParts } from "../parts.js";
import { checkGiven, show } from "../rules.js";
import type {
  ConversionWarning,
  ConvertOptions,
  ConvertResult,
  JsonObject,
  Metadata,
  PutOptions,
} from "../types.js";
import type { PreparedPut, Writer } from "../write/writer.js";
import { conversionOf } from "./conversion.js";

/** A StructureDefinition: parsed, as text, or as UTF-8 bytes. */
export type ConvertSource = object | string | Uint8Array;

/** A StructureDefinition with its text, which tells whether it is another one. */
export interface Definition {
  /** Without a byte order mark. */
  readonly text: string;
  /** The same in UTF-8, where that is at hand. */
  readonly bytes?: Uint8Array;
  readonly definition: JsonObject;
}

/** What becomes of a StructureDefinition: a schema to be stored, or what the store holds of it already. */
export type ConversionOutcome =
  | { readonly kept: Metadata; readonly row: PackedRow }
  | { readonly prepared: PreparedPut; readonly warnings: readonly ConversionWarning[] };

/** Members of a StructureDefinition that describe its schema. */
const MEMBERS = ["name", "title", "description", "type", "kind", "status", "fhirVersion"] as const;

/** Converts `source` and puts the schema, unless the store holds the result already. */
export async function convertInto(
  parts: StoreParts,
  source: ConvertSource,
  options: ConvertOptions,
): Promise<ConvertResult> {
  return convertDefinition(parts, readDefinition(source), options);
}

/** The same for a definition that was read before. */
export async function convertDefinition(
  parts: StoreParts,
  definition: Definition,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const outcome = await convertFor(parts, definition, options);
  if ("kept" in outcome) return { metadata: outcome.kept, converted: false, warnings: [] };
  const metadata = await parts.writer.putPrepared(outcome.prepared, options);
  return { metadata, converted: true, warnings: outcome.warnings };
}

/** Converts a definition for a store that may hold the result already. */
export async function convertFor(
  parts: StoreParts,
  source: Definition,
  options: ConvertOptions,
): Promise<ConversionOutcome> {
  const {
    memory,
    loader,
    writer,
    counts,
    closed,
    options: { now },
  } = parts;
  const { text, bytes = encodeText(text), definition } = source;
  const { url, version } = identify(definition);
  const canonical = version === undefined ? url : `${url}|${version}`;
  const converter = await parts.converter();
  const id = `${converter.id}@${converter.version}`;
  const sourceHash = hex(memory.digest(bytes));
  await loader.locate(canonical);
  const kept = await keptFrom(
    parts,
    canonical,
    (row) =>
      row.sourceHash === sourceHash &&
      row.converter === id &&
      row.source === options.source &&
      row.version === version &&
      !(row.expiresAt !== undefined && row.expiresAt <= now()) &&
      hasTags(row, options.tags),
  );
  if (kept !== undefined) {
    counts.conversionsSkipped += 1;
    return kept;
  }

  const converting = conversionOf(converter, { definition, text, bytes }, canonical);
  const { schema, dependencies, warnings = [] } = await unlessAborted(converting, closed.signal);
  parts.checkOpen();
  const put: PutOptions = {
    ...described(definition),
    url,
    ...(version === undefined ? {} : { version }),
    ...options,
    origin: "converted",
    sourceHash,
    converter: id,
    convertedAt: now(),
    dependencies,
  };
  checkGiven(put, RULES.put);
  const prepared = preparedFrom(writer, schema, put, canonical);
  counts.conversions += 1;
  return { prepared, warnings };
}

/** The row of a canonical that is as wanted and can be read. */
async function keptFrom(
  { memory: { catalog }, durable }: StoreParts,
  canonical: string,
  isWanted: (row: Metadata) => boolean,
): Promise<{ readonly kept: Metadata; readonly row: PackedRow } | undefined> {
  const rows = Array.from(catalog.rowsOf(canonical), (slot) => ({
    slot,
    kept: catalog.metadata(slot),
  }));
  const wanted = rows.find((row) => isWanted(row.kept));
  if (wanted === undefined) return undefined;
  const { slot, kept } = wanted;
  // At once: after any wait the slot may have a new owner.
  const [key, hash, meta] = [catalog.key(slot), catalog.hash(slot), catalog.meta(slot)];
  const unread = await durable?.bodies.unreadable([slot]);
  if (unread?.has(slot) || !key || !hash || !meta) return undefined;
  return { kept, row: { key, hash, meta } };
}

/** The schema, ready to be stored. CONVERSION if it is no JSON object. */
function preparedFrom(
  writer: Pick<Writer, "prepare">,
  schema: JsonObject | string,
  options: PutOptions,
  canonical: string,
): PreparedPut {
  try {
    return writer.prepare(schema, options);
  } catch (cause) {
    const isOfSchema =
      cause instanceof SchemaStoreError && /^(INVALID_VALUE|SERIALIZATION)$/.test(cause.code);
    if (!isOfSchema) throw cause;
    const message = `the conversion of ${canonical} is no schema: ${cause.message}`;
    throw new SchemaStoreError("CONVERSION", message, { key: canonical, cause });
  }
}

function hasTags({ tags }: Metadata, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.join("\0") === tags.join("\0");
}

/** What a definition says of itself, as metadata. */
function described(definition: JsonObject): PutOptions {
  const texts: Record<string, string> = {};
  for (const member of MEMBERS) note(texts, member, definition[member]);
  note(texts, "derivation", definition["derivation"]);
  note(texts, "base", definition["baseDefinition"]);
  return texts;
}

function note(texts: Record<string, string>, name: string, member: unknown): void {
  const text = textOf(member);
  if (text !== undefined) texts[name] = text;
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
