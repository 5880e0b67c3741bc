/** The default converter: StructureDefinition to FHIR Schema by `convert.wasm`. */

import { asStoreError } from "../errors.js";
import { check, checkGiven } from "../rules.js";
import type { Conversion, ConversionWarning, Converter, JsonObject } from "../types.js";
import { edgesOf, type PackedEdge } from "./dependencies.js";
import { inModule } from "./module.js";
import { OBJECT } from "./resource-json.js";

/** To be raised whenever anything is written otherwise: what was stored by another version is converted again. */
const VERSION = "1";

/** The default converter, which can also be called by itself. */
export interface FhirSchemaConverter extends Converter {
  /**
   * Converts one StructureDefinition into the text of its FHIR Schema. Without `text` and `bytes`, which say
   * the same, numbers have the digits that JavaScript gives them. CONVERSION.
   */
  convert(
    structureDefinition: JsonObject,
    text?: string,
    bytes?: Uint8Array,
  ): Promise<FhirSchemaConversion>;
}

/** What the default converter makes of a StructureDefinition. */
export interface FhirSchemaConversion extends Conversion {
  /** The FHIR Schema as compact JSON. */
  readonly schema: string;
  /** What the schema does not say of the definition; empty if nothing. */
  readonly warnings: readonly ConversionWarning[];
}

/** What the module reports of a schema. */
interface Report {
  readonly dependencies: readonly PackedEdge[];
  readonly warnings: readonly ConversionWarning[];
}

/**
 * The converter of this package; docs/guides/fhir-schema.md describes what it writes. It needs no other definition
 * than the one it converts, so the order of conversion does not matter. Whatever it cannot convert is a CONVERSION
 * error that names the StructureDefinition. Its module, `convert.wasm`, is loaded at the first conversion: UNSUPPORTED.
 */
export function fhirSchemaConverter(none?: undefined): FhirSchemaConverter {
  checkGiven(none, undefined, "INVALID_CONFIG");
  return { id: "fhir-schema-store", version: VERSION, convert };
}

async function convert(
  structureDefinition: JsonObject,
  text?: string,
  given?: Uint8Array,
): Promise<FhirSchemaConversion> {
  check(structureDefinition, OBJECT, "structureDefinition", "CONVERSION");
  const name = nameOf(structureDefinition);
  const bytes = given ?? new TextEncoder().encode(text ?? textOf(structureDefinition, name));
  const made = await inModule(
    (converter) => converter.convert(bytes),
    "CONVERSION",
    `${name} cannot be converted`,
    name,
  );
  const end = made.indexOf("\n");
  const { dependencies, warnings } = JSON.parse(made.slice(0, end)) as Report;
  const schema = made.slice(end + 1);
  return { schema, dependencies: edgesOf(dependencies), warnings };
}

/** CONVERSION for what is no plain data. */
function textOf(structureDefinition: JsonObject, name: string): string {
  try {
    return JSON.stringify(structureDefinition);
  } catch (cause) {
    throw asStoreError(cause, "CONVERSION", `${name} cannot be converted`, name);
  }
}

function nameOf(structureDefinition: JsonObject): string {
  const { url, id, resourceType } = structureDefinition;
  if (typeof url === "string") return url;
  const type = typeof resourceType === "string" ? resourceType : "resource";
  return typeof id === "string" ? `${type}/${id}` : `${type} without url`;
}

/**
 * A converter that leaves StructureDefinitions as they are: what is stored is their text, byte for byte, with the
 * metadata of a schema. Of what a definition needs, the one it is derived from is noted.
 */
export function noConverter(none?: undefined): Converter {
  checkGiven(none, undefined, "INVALID_CONFIG");
  return { id: "none", version: "1", convert: keep };
}

function keep({ baseDefinition: base }: JsonObject, text: string): Conversion {
  const hasBase = typeof base === "string" && base !== "" && base.isWellFormed();
  return { schema: text, dependencies: hasBase ? [{ kind: "base", target: base }] : [] };
}
