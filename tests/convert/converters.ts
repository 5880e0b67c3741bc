/** The converters that are judged: ours, and the published one that it is compared with. */

import { type StructureDefinition, translate } from "@atomic-ehr/fhirschema";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { parseExact } from "./exact-json.js";
import type { Converted, Definition, Node, Warning } from "./model.js";

/** Turns the text of a StructureDefinition into a schema. */
export type Convert = (text: string) => Converted;

const { convert } = fhirSchemaConverter();

/** This package's converter. */
export const ours: Convert = (text) => {
  const { schema, ...rest } = convert(JSON.parse(text));
  const { warnings } = rest as { warnings?: readonly Warning[] };
  return converted(text, JSON.stringify(schema), warnings ?? []);
};

/** `translate` of @atomic-ehr/fhirschema, which reads the differential only. */
export const peer: Convert = (text) => {
  const definition = JSON.parse(text) as StructureDefinition & Definition;
  const { differential, snapshot } = definition as Definition;
  const hasNone = differential === undefined || differential === null;
  const input = hasNone && snapshot ? { ...definition, differential: snapshot } : definition;
  return converted(text, JSON.stringify(translate(input as StructureDefinition)), []);
};

function converted(text: string, schema: string, warnings: readonly Warning[]): Converted {
  return { definition: parseExact<Definition>(text), schema: parseExact<Node>(schema), warnings };
}
