/** The contract of the IndexedDB adapter, in a page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreModule } from "../../dist/load/module.js";
import { adapterContract } from "../../dist/testing.js";
import { browserTest, withPage } from "./harness.js";

const NAME = "indexeddb";

browserTest("the adapter contract", (context) =>
  withPage(async (page) => {
    await page.evaluate(async (name) => {
      const core = await kit.loadCore();
      const cases = new Map<string, () => Promise<void>>();
      const runner = { test: (title: string, run: () => Promise<void>) => cases.set(title, run) };
      let places = 0;
      kit.adapterContract(runner, {
        name,
        core,
        newPlace() {
          places += 1;
          const database = `contract ${places}`;
          return () => kit.indexedDbAdapter(database);
        },
      });
      Object.assign(globalThis, { cases });
    }, NAME);
    for (const title of titles()) {
      await context.test(title, () =>
        page.evaluate((title) => {
          const run = cases.get(title);
          if (!run) throw new Error("the page does not know this case");
          return run();
        }, title),
      );
    }
  }),
);

test("the contract has cases", () => {
  assert.ok(titles().length > 30);
});

declare global {
  /** In the page: the cases by their names. */
  var cases: Map<string, () => Promise<void>>;
}

/** The suite is registered here too, only to learn the names of its cases. */
function titles(): string[] {
  const found: string[] = [];
  const runner = { test: (title: string) => found.push(title) };
  const core = undefined as unknown as CoreModule;
  adapterContract(runner, { name: NAME, core, newPlace: () => () => undefined as never });
  return found;
}
