/** Looking up every canonical of a FHIR release, against the libraries that FHIR tools use for it. */

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../lib/input.mjs";
import { canonicals } from "../lib/read-input.mjs";

const PACKAGE = { name: "hl7.fhir.r4b.core", version: "4.3.0" };
/** Values each may keep; as delivered, ours 1000, the loader 200, the explorer 500. */
const CAPACITY = 1000;

export const table = {
  name: "lookups",
  title: "Look-ups of R4B",
  what: `Every StructureDefinition of ${PACKAGE.name} by \`url|version\`, one after the other, in a new
process. The package is on disk already, in the layout each wants, and so are the indexes that are made
at first use: the store is filled, the explorer has its index file; the loader keeps no index and reads
the package each time. The first row gives converted FHIR Schemas, the others StructureDefinitions,
as deep-frozen objects (fhir-schema-store) or as they are. Each may keep ${CAPACITY} values.`,
  unit: "ms",
  base: "definitions",
  columns: [
    { task: "first", title: "import, open, first", rounds: 11 },
    { task: "all", title: "import, open, all", rounds: 7 },
    { task: "again", title: "all once more", rounds: 7 },
  ],
  subjects: [
    { id: "schemas", title: "fhir-schema-store, FHIR Schemas", ours: true },
    { id: "definitions", title: "fhir-schema-store, StructureDefinitions", ours: true },
    { id: "loader", title: "fhir-package-loader" },
    { id: "explorer", title: "fhir-package-explorer" },
  ],
};

/** Puts the package where the peers look for it, and its StructureDefinitions into a store of ours. */
export async function prepare(folder) {
  const cache = join(folder, "packages", `${PACKAGE.name}#${PACKAGE.version}`);
  if (existsSync(cache)) return;
  cpSync(packageFolder, join(cache, "package"), { recursive: true });
  const { openPackagePath } = await import("../../dist/convert/node.js");
  const store = await openOurs(join(folder, "full", "definitions"));
  const source = await openPackagePath(packageFolder);
  for await (const { resource } of source.resources("StructureDefinition")) {
    await store.put(resource);
  }
  await store.close();
}

/** Milliseconds. */
export async function sample({ subject, task, folder }) {
  const keys = canonicals(folder);
  const start = performance.now();
  const { find, close } = await subjects[subject](folder);
  for (const key of task === "first" ? keys.slice(0, 1) : keys) check(key, await find(key));
  const opened = performance.now();
  if (task === "again") for (const key of keys) check(key, await find(key));
  const time = performance.now() - (task === "again" ? opened : start);
  await close?.();
  return time;
}

function check(key, value) {
  const [url] = key.split("|");
  if (value?.url !== url) throw new Error(`${key} was not found`);
}

const subjects = {
  schemas: (folder) => ours(join(folder, "full", "store")),
  definitions: (folder) => ours(join(folder, "full", "definitions")),

  async loader(folder) {
    const { BasePackageLoader, createSQLJSPackageDB, DiskBasedPackageCache } = await import(
      "fhir-package-loader"
    );
    // Asked even for exact versions; nothing here may go to the network.
    const registry = { resolveVersion: async (_name, version) => version };
    const loader = new BasePackageLoader(
      await createSQLJSPackageDB(),
      new DiskBasedPackageCache(join(folder, "packages")),
      registry,
      {},
      { resourceCacheSize: CAPACITY },
    );
    const status = await loader.loadPackage(PACKAGE.name, PACKAGE.version);
    if (status !== "LOADED") throw new Error(`the package is ${status}`);
    return { find: async (key) => loader.findResourceJSON(key, { type: ["StructureDefinition"] }) };
  },

  async explorer(folder) {
    const { FhirPackageExplorer } = await import("fhir-package-explorer");
    const explorer = await FhirPackageExplorer.create({
      context: [`${PACKAGE.name}@${PACKAGE.version}`],
      cachePath: join(folder, "packages"),
      skipExamples: true,
      contentCacheSize: CAPACITY,
      logger: { info() {}, warn() {}, error: console.error },
    });
    return {
      find: (key) => {
        const [url, version] = key.split("|");
        return explorer.resolve({ resourceType: "StructureDefinition", url, version });
      },
    };
  },
};

async function ours(diskCacheDir) {
  const store = await openOurs(diskCacheDir);
  return { find: (key) => store.get(key), close: () => store.close() };
}

async function openOurs(diskCacheDir) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  return openSchemaStore({ diskCacheDir, maxEntries: CAPACITY });
}
