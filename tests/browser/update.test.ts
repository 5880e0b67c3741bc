/** Updates over IndexedDB are exact: two stores of one page, and several tabs. */

import assert from "node:assert/strict";
import { addModule, browserTest, withBrowser, withPage } from "./harness.js";

/** `FSS_UPDATE_ROUNDS=1000` tries for longer than `npm test` does. */
const ROUNDS = Number(process.env.FSS_UPDATE_ROUNDS ?? 60);

browserTest("an update and any other write come to what one after the other does", () =>
  withPage(async (page) => {
    await addModule(page, "js/update-rounds.ts", "rounds");
    const wrong = await page.evaluate(`(async () => {
      const { openSchemaStore } = await import("/dist/index.js");
      return rounds.updateRounds({
        open: () => openSchemaStore({ databaseName: "updates" }),
        model: () => openSchemaStore({ strategy: "memory" }),
        seed: 3,
        rounds: ${ROUNDS},
      });
    })()`);
    assert.deepEqual(wrong, []);
  }),
);

browserTest("updates of a package's entry by three tabs are all counted", () =>
  withBrowser(async (browser) => {
    const tabs = await Promise.all([1, 2, 3].map(() => browser.open()));
    const run = `(async () => {
      const { openSchemaStore } = await import("/dist/index.js");
      const store = await openSchemaStore({ databaseName: "count" });
      const url = "http://example.org/count";
      await store.put({ url, n: 0 }, { source: "p#1.0.0", ifHash: null }).catch(() => {});
      for (let n = 0; n < 40; n += 1) {
        await store.update(url, (now) => ({ url, n: now.n + 1 }));
      }
      await store.close();
    })()`;
    await Promise.all(tabs.map((tab) => tab.evaluate(run)));
    const count = await tabs[0]?.evaluate(`(async () => {
      const { openSchemaStore } = await import("/dist/index.js");
      const store = await openSchemaStore({ databaseName: "count" });
      return (await store.get("http://example.org/count")).n;
    })()`);
    assert.equal(count, 120);
  }),
);
