/** The suite that Keyv publishes for its storage adapters, in the runner it is written for. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import suite, { keyvIteratorTests } from "@keyv/test-suite";
import Keyv from "keyv";
import * as vitest from "vitest";
import { keyvAdapter } from "../../dist/bridges/keyv.js";
import { openSchemaStore } from "../../dist/index.node.js";

const directory = mkdtempSync(join(tmpdir(), "fhir-schema-store-keyv-"));
const stores = {
  memory: await openSchemaStore({ strategy: "memory" }),
  disk: await openSchemaStore({ strategy: "disk", diskCacheDir: directory }),
};

for (const [name, store] of Object.entries(stores)) {
  vitest.describe(`@keyv/test-suite over a ${name} store`, () => {
    suite(vitest, Keyv, () => keyvAdapter(store));
    keyvIteratorTests(vitest, Keyv, () => keyvAdapter(store));
  });
}

vitest.afterAll(async () => {
  for (const store of Object.values(stores)) await store.close();
  rmSync(directory, { recursive: true, force: true });
});
