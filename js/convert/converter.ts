/** The default converter: StructureDefinition to FHIR Schema by `@atomic-ehr/fhirschema`. */

import { type StructureDefinition, translate } from "@atomic-ehr/fhirschema";
import { SchemaStoreError } from "../errors.js";
import { check, checkGiven } from "../rules.js";
import type { Conversion, Converter, JsonObject } from "../types.js";
import { schemaDependencies } from "./dependencies.js";
import { OBJECT } from "./resource-json.js";

/**
 * Version of the bundled library and of the build's changes to it: part of what decides whether a
 * stored schema is converted again.
 */
const LIBRARY_VERSION = "0.0.14+1";

/**
 * A converter over the bundled `@atomic-ehr/fhirschema`. It needs no other definition than the one
 * it converts, so the order of conversion does not matter. Whatever it cannot convert is a
 * CONVERSION error that names the StructureDefinition.
 */
export function fhirSchemaConverter(none?: undefined): Converter {
  checkGiven(none, undefined, "INVALID_CONFIG");
  return { id: "@atomic-ehr/fhirschema", version: LIBRARY_VERSION, convert };
}

function convert(structureDefinition: JsonObject): Conversion {
  check(structureDefinition, OBJECT, "structureDefinition", "CONVERSION");
  const name = nameOf(structureDefinition);
  if (structureDefinition.resourceType !== "StructureDefinition") {
    throw new SchemaStoreError("CONVERSION", `${name} is not a StructureDefinition`, { key: name });
  }
  try {
    const input = withDifferential(structureDefinition) as unknown as StructureDefinition;
    // The library leaves members undefined and shares objects with its input; JSON has neither.
    const schema = JSON.parse(JSON.stringify(translate(input))) as JsonObject;
    return { schema, dependencies: schemaDependencies(schema) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError("CONVERSION", `${name} cannot be converted: ${reason}`, {
      key: name,
      cause,
    });
  }
}

/**
 * The library converts the differential only. A definition that comes with nothing but its snapshot
 * (the logical models of the core do) says the same in it, and would else become an empty schema.
 */
function withDifferential(structureDefinition: JsonObject): JsonObject {
  const { differential, snapshot } = structureDefinition;
  return differential === undefined && snapshot !== undefined
    ? { ...structureDefinition, differential: snapshot }
    : structureDefinition;
}

function nameOf(structureDefinition: JsonObject): string {
  const { url, id, resourceType } = structureDefinition;
  if (typeof url === "string") return url;
  const type = typeof resourceType === "string" ? resourceType : "resource";
  return typeof id === "string" ? `${type}/${id}` : `${type} without url`;
}
