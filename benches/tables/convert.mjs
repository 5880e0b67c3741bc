/** From StructureDefinitions to FHIR Schemas, against the library that converts them in JavaScript. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { translate } from "@atomic-ehr/fhirschema";
import { fhirSchemaConverter, openPackagePath, savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { packageFolder } from "../lib/input.mjs";

export const table = {
  name: "convert",
  title: "Converting R4B",
  what: `The 651 StructureDefinitions of hl7.fhir.r4b.core, 41.7 MB. "schemas": what is read and parsed already,
to the text of its schema. "from text": parsed first. "saved": from the package's directory to a new store on disk, durable; the library as
the converter of a store of ours. What the library leaves out is in
docs/adr/0013-a-converter-of-our-own.md.`,
  unit: "ms",
  base: "ours",
  columns: [
    { task: "schemas", title: "schemas", rounds: 9 },
    { task: "text", title: "from text", rounds: 9 },
    { task: "saved", title: "saved", rounds: 7 },
  ],
  subjects: [
    { id: "ours", title: "fhir-schema-store", ours: true },
    { id: "library", title: "@atomic-ehr/fhirschema" },
  ],
};

const ours = fhirSchemaConverter();
const library = {
  id: "@atomic-ehr/fhirschema",
  version: "0.0.14",
  convert: (definition) => ({
    schema: JSON.stringify(translate(definition)),
    dependencies: [],
  }),
};

/** Milliseconds. */
export async function sample({ subject, task }) {
  const converter = subject === "ours" ? ours : library;
  if (task === "saved") return saved(converter);
  const texts = definitions();
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  // The first conversion compiles.
  await converter.convert(JSON.parse(texts[0]), texts[0], bytes[0]);
  const parsed = task === "text" ? [] : texts.map((text) => JSON.parse(text));
  const start = performance.now();
  for (const [at, text] of texts.entries()) {
    await converter.convert(parsed[at] ?? JSON.parse(text), text, bytes[at]);
  }
  return performance.now() - start;
}

async function saved(converter) {
  const directory = mkdtempSync(join(tmpdir(), "fhir-schema-store-bench-"));
  try {
    const start = performance.now();
    const store = await openSchemaStore({ diskCacheDir: directory, converter });
    const { converted } = await savePackage(store, await openPackagePath(packageFolder));
    const time = performance.now() - start;
    await store.close();
    if (converted !== 651) throw new Error(`${converted} converted`);
    return time;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function definitions() {
  const names = readdirSync(packageFolder).filter((name) =>
    /^StructureDefinition-.*\.json$/.test(name),
  );
  return names.map((name) => readFileSync(join(packageFolder, name), "utf8"));
}
