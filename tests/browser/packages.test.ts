/** Archives that platforms differ in, read in a browser as in Node. */

import assert from "node:assert/strict";
import { bad, good } from "../js/unusual-archives.js";
import { browserTest, withPage } from "./harness.js";

browserTest("archives are read and refused as in Node", () =>
  withPage(async (page) => {
    const saved = (bytes: Uint8Array): Promise<unknown> =>
      page.evaluate(async (text) => {
        const [main, convert] = ["/dist/index.js", "/dist/convert/index.js"];
        const { openSchemaStore } = await import(main);
        const { savePackage } = await import(convert);
        const store = await openSchemaStore({ strategy: "memory" });
        try {
          const given = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const report = await savePackage(store, given);
          return [report.package, report.added.length, report.failed.length];
        } catch (error) {
          return [(error as { code?: string }).code, await store.size()];
        }
      }, Buffer.from(bytes).toString("base64"));
    for (const [what, bytes] of Object.entries(good)) {
      assert.deepEqual(await saved(bytes), ["p#1", 2, 0], what);
    }
    for (const [what, bytes] of Object.entries(bad)) {
      assert.deepEqual(await saved(bytes), ["CORRUPT", 0], what);
    }
  }),
);
