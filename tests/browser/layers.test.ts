/** Rows of a layer above the base are shown to nobody in a page, and stay in its database and index. */

import assert from "node:assert/strict";
import { addModule, browserTest, withPage } from "./harness.js";

browserTest("rows of a layer above the base stay apart in IndexedDB, and in the saved index", () =>
  withPage(async (page) => {
    await addModule(page, "js/layers.ts", "layers");
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
