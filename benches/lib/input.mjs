/** What every bench stores: the FHIR Schemas of FHIR R4B core, made by our own converter. */

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * The schemas as `{ canonical, text }`, in the order of the package's files. Converted at the first
 * call on a machine and kept in the temporary folder.
 */
export async function schemas() {
  const file = inputFile();
  if (!existsSync(file)) await convert(file);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Sum of the bodies in bytes. */
export function bodyBytes(entries) {
  return entries.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

function inputFile() {
  return join(tmpdir(), "fhir-schema-store-bench-r4b.json");
}

async function convert(file) {
  const { fhirSchemaConverter, openPackagePath } = await import("../../dist/convert/node.js");
  const manifest = createRequire(import.meta.url).resolve("hl7.fhir.r4b.core/package.json");
  const source = await openPackagePath(dirname(manifest));
  const { convert: translate } = fhirSchemaConverter();
  const entries = [];
  for await (const { resource } of source.resources("StructureDefinition")) {
    const { schema } = translate(resource);
    const canonical = schema.version ? `${schema.url}|${schema.version}` : schema.url;
    entries.push({ canonical, text: JSON.stringify(schema) });
  }
  writeFileSync(`${file}.new`, JSON.stringify(entries));
  renameSync(`${file}.new`, file);
}
