/** What every bench stores: the FHIR Schemas of FHIR R4B core, made by our own converter. */

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fhirSchemaConverter, openPackagePath } from "../../dist/convert/node.js";

/** The folder of the FHIR package, as npm installed it; some of the peers would write into it. */
export const packageFolder = dirname(
  createRequire(import.meta.url).resolve("hl7.fhir.r4b.core/package.json"),
);

/** A StructureDefinition of some size, as the package has it. */
const definitionFile = "StructureDefinition-Patient.json";

/** Converts the package and writes what `read-input.mjs` reads. */
export async function prepareInput(folder) {
  const source = await openPackagePath(packageFolder);
  const converter = fhirSchemaConverter();
  const entries = [];
  for await (const { resource, text: definition } of source.resources("StructureDefinition")) {
    const { schema: text } = await converter.convert(resource, definition);
    const { url, version } = JSON.parse(text);
    entries.push({ canonical: version ? `${url}|${version}` : url, text });
  }
  mkdirSync(folder, { recursive: true });
  const keys = entries.map(({ canonical }) => canonical);
  writeFileSync(join(folder, "canonicals.json"), JSON.stringify(keys));
  writeFileSync(join(folder, "schemas.json"), JSON.stringify(entries));
  cpSync(join(packageFolder, definitionFile), join(folder, definitionFile));
  return entries;
}
