/** A tab that is frozen, in the background or in the back/forward cache: others go on, and so does it later. */

import assert from "node:assert/strict";
import type { SchemaStore } from "../../dist/store.js";
import { browserTest, chromiumTest, withBrowser } from "./harness.js";
import { type Tab, type Tabs, withTabs } from "./pipe.js";

declare global {
  var store: SchemaStore;
}

/** Why those tests need Chromium. */
const FREEZES = "its DevTools protocol freezes tabs";

const OPEN = `(async () => {
  const { openSchemaStore } = await import("/dist/index.js");
  globalThis.openSchemaStore = openSchemaStore;
  globalThis.store = await openSchemaStore({ databaseName: "db" });
  await store.size();
})()`;

/** Two tabs with a store on one database; the second one is in front. */
async function two(tabs: Tabs): Promise<[hidden: Tab, visible: Tab]> {
  const [hidden, visible] = [await tabs.open("/blank"), await tabs.open("/blank")];
  for (const tab of [hidden, visible]) await tab.evaluate(OPEN);
  await visible.show();
  assert.equal(await hidden.evaluate("document.visibilityState"), "hidden");
  return [hidden, visible];
}

/** Runs an async function body in a tab. */
function run<T>(tab: Tab, body: string): Promise<T> {
  return tab.evaluate(`(async () => { ${body} })()`);
}

function setFrozen(tab: Tab, frozen: boolean): Promise<unknown> {
  return tab.send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

chromiumTest("a tab frozen while it hears of another's commits does not stop them", FREEZES, () =>
  withTabs(async (tabs) => {
    const [hidden, visible] = await two(tabs);
    for (let round = 0; round < 6; round += 1) {
      const writing = run(
        visible,
        `for (let n = 0; n < 60; n += 1) await store.put({ url: "n", n, round: ${round} }, { durable: true });
        await store.update("n", (now) => ({ ...now, updated: true }));`,
      );
      await pause(15 * round);
      await setFrozen(hidden, true);
      await writing;
      await setFrozen(hidden, false);
    }
    const seen = await run(hidden, `await store.refresh(); return store.get("n");`);
    assert.deepEqual(seen, { url: "n", n: 59, round: 5, updated: true });
  }),
);

chromiumTest(
  "a tab frozen at any moment of its own commits holds up nobody, and loses nothing",
  FREEZES,
  () =>
    withTabs(async (tabs) => {
      const [hidden, visible] = await two(tabs);
      for (let round = 0; round < 8; round += 1) {
        await run(
          hidden,
          `for (let n = 0; n < 100; n += 1) {
          void store.put({ url: "${round}/" + n, text: "x".repeat(n * 100) }, { durable: n % 7 === 0 });
        }`,
        );
        await pause(2 * round);
        await setFrozen(hidden, true);
        const there = await run(
          visible,
          `await store.put({ url: "visible/${round}" }, { durable: true });
        // What the frozen tab had queued is taken in by whoever opens the database.
        const next = await openSchemaStore({ databaseName: "db" });
        const found = await next.list({ urlPrefix: "${round}/" });
        await next.close();
        return found.length;`,
        );
        assert.equal(there, 100, `round ${round}, while it is frozen`);
        await setFrozen(hidden, false);
        const after = await run(
          hidden,
          `await store.flush();
        await store.put({ url: "own/${round}" }, { durable: true });
        return (await store.list({ urlPrefix: "${round}/" })).length;`,
        );
        assert.equal(after, 100, `round ${round}, afterwards`);
      }
      const health = await hidden.evaluate<{ ok: boolean; pendingWrites: number }>(
        "store.health()",
      );
      assert.deepEqual([health.ok, health.pendingWrites], [true, 0]);
      const own = await run(visible, `await store.refresh(); return store.get("own/7");`);
      assert.deepEqual(own, { url: "own/7" });
    }),
);

browserTest(
  "a page comes back from the back/forward cache with its store, and its queue",
  () =>
    withBrowser(async ({ newPage, origin }) => {
      const [tab, other] = [await newPage(), await newPage()];
      for (const page of [tab, other]) await page.goto(`${origin}/blank`);
      await tab.evaluate(OPEN);
      await tab.evaluate(() => {
        globalThis.addEventListener("pageshow", ({ persisted }) => {
          document.title = `persisted ${persisted}`;
        });
        return store.put({ url: "queued", n: 1 });
      });
      await tab.goto(`${origin}/away`);
      await other.evaluate(OPEN);
      assert.deepEqual(await other.evaluate(() => store.get("queued")), { url: "queued", n: 1 });
      await other.evaluate(() =>
        store.update("queued", (now) => ({ ...now, url: "queued", updated: true })),
      );
      await tab.goBack({ waitUntil: "commit" });
      assert.equal(await tab.title(), "persisted true");
      const refreshed = async () => {
        await store.flush();
        await store.refresh();
        return store.get("queued");
      };
      for (const page of [tab, other]) {
        assert.deepEqual(await page.evaluate(refreshed), { url: "queued", n: 1, updated: true });
      }
    }),
  { webkit: "it drops what a page asks of IndexedDB as it is left" },
);
