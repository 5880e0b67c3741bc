/** Rows of a layer above the base are shown to nobody in a page, and stay in its database and index. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { browserTest, withPage } from "./harness.js";

browserTest("rows of a layer above the base stay apart in IndexedDB, and in the saved index", () =>
  withPage(async (page) => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("../js/layers.ts", import.meta.url))],
      bundle: true,
      format: "iife",
      globalName: "layers",
      write: false,
    });
    await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
    const wrong = await page.evaluate(`(async () => {
      const { openSchemaStore } = await import("/dist/index.js");
      return layers.checkLayers({
        open: () => openSchemaStore({ databaseName: "layers" }),
        adapter: () => kit.open("layers"),
        memoryStore: () => openSchemaStore({ strategy: "memory" }),
      });
    })()`);
    assert.deepEqual(wrong, []);
  }),
);
