/** The converters that are judged: ours, and the published one that it is compared with. */

import { type StructureDefinition, translate } from "@atomic-ehr/fhirschema";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { parseExact } from "./exact-json.js";
import type { Converted, Definition, Node, Warning } from "./model.js";

/** Turns the text of a StructureDefinition into a schema. */
export type Convert = (text: string) => Promise<Converted>;

export const { convert } = fhirSchemaConverter();

/** This package's converter. */
export const ours: Convert = async (text) => {
  const { schema, warnings } = await convert(JSON.parse(text), text);
  return converted(text, schema, warnings);
};

/** `translate` of @atomic-ehr/fhirschema, which reads the differential only. */
export const peer: Convert = async (text) => {
  const definition = JSON.parse(text) as StructureDefinition & Definition;
  const { differential, snapshot } = definition as Definition;
  const hasNone = differential === undefined || differential === null;
  const input = hasNone && snapshot ? { ...definition, differential: snapshot } : definition;
  return converted(text, JSON.stringify(translate(input as StructureDefinition)), []);
};

/** The StructureDefinitions of a package, converted. */
export async function convertAll(
  texts: readonly string[],
  convertOne: Convert = ours,
): Promise<Converted[]> {
  const all: Converted[] = [];
  for (const text of texts) all.push(await convertOne(text));
  return all;
}

function converted(text: string, schema: string, warnings: readonly Warning[]): Converted {
  return { definition: parseExact<Definition>(text), schema: parseExact<Node>(schema), warnings };
}
