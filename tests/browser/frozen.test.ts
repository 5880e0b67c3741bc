/** A tab that is frozen, in the background or in the back/forward cache: others go on, and so does it later. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { SchemaStore } from "../../dist/store.js";
import { browserTest, type Chromium, withBrowser } from "./harness.js";

declare global {
  var store: SchemaStore;
}

/** A tab with a store on the database `db`, at a page that is nothing else. */
async function openTab({ context, origin }: Chromium): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(`${origin}/blank`);
  await tab.evaluate(`(async () => {
    const { openSchemaStore } = await import("/dist/index.js");
    globalThis.store = await openSchemaStore({ databaseName: "db" });
    await store.size();
  })()`);
  return tab;
}

/** The browser's own switch, as it is used on tabs in the background. */
async function lifecycle({ context }: Chromium, tab: Page) {
  const session = await context.newCDPSession(tab);
  return (state: "frozen" | "active") => session.send("Page.setWebLifecycleState", { state });
}

browserTest("a frozen tab is in nobody's way, and hears afterwards what was written", () =>
  withBrowser(async (browser) => {
    const [frozen, visible] = [await openTab(browser), await openTab(browser)];
    const set = await lifecycle(browser, frozen);
    await frozen.evaluate(() => store.put({ url: "own", n: 1 }));
    await set("frozen");
    await visible.evaluate(async () => {
      for (let n = 0; n < 30; n += 1) await store.put({ url: "count", n }, { durable: true });
      await store.update("count", (now) => ({ ...now, url: "count", updated: true }));
      await store.delete("own");
      await store.flush();
      await store.refresh();
    });
    await set("active");
    const seen = await frozen.evaluate(async () => {
      await store.refresh();
      await store.put({ url: "after", n: 2 }, { durable: true });
      return [await store.get("count"), await store.get("after")];
    });
    assert.deepEqual(seen, [
      { url: "count", n: 29, updated: true },
      { url: "after", n: 2 },
    ]);
    await visible.evaluate(() => store.refresh());
    assert.deepEqual(await visible.evaluate(() => store.get("after")), { url: "after", n: 2 });
  }),
);

browserTest("a tab frozen at any moment of its commits holds up nobody, and loses nothing", () =>
  withBrowser(async (browser) => {
    const [frozen, visible] = [await openTab(browser), await openTab(browser)];
    const set = await lifecycle(browser, frozen);
    for (let round = 0; round < 8; round += 1) {
      await frozen.evaluate((round) => {
        for (let n = 0; n < 100; n += 1) {
          void store.put(
            { url: `${round}/${n}`, text: "x".repeat(n * 100) },
            { durable: n % 7 === 0 },
          );
        }
      }, round);
      await frozen.waitForTimeout(round * 2);
      await set("frozen");
      const there = await visible.evaluate(async (round) => {
        await store.put({ url: `visible/${round}` }, { durable: true });
        // What the frozen tab had queued is taken in by whoever opens the database.
        const { openSchemaStore } = (await import("/dist/index.js" as string)) as {
          openSchemaStore: typeof import("../../dist/index.js").openSchemaStore;
        };
        const next = await openSchemaStore({ databaseName: "db" });
        const found = await next.list({ urlPrefix: `${round}/` });
        await next.close();
        return found.length;
      }, round);
      assert.equal(there, 100, `round ${round}, while it is frozen`);
      await set("active");
      const after = await frozen.evaluate(async (round) => {
        await store.flush();
        return (await store.list({ urlPrefix: `${round}/` })).length;
      }, round);
      assert.equal(after, 100, `round ${round}, afterwards`);
    }
    const health = await frozen.evaluate(() => store.health());
    assert.deepEqual([health.ok, health.pendingWrites], [true, 0]);
  }),
);

browserTest("a page comes back from the back/forward cache with its store, and its queue", () =>
  withBrowser(async (browser) => {
    const tab = await openTab(browser);
    await tab.evaluate(() => {
      globalThis.addEventListener("pageshow", ({ persisted }) => {
        document.title = `persisted ${persisted}`;
      });
      return store.put({ url: "queued", n: 1 });
    });
    await tab.goto(`${browser.origin}/away`);
    const other = await openTab(browser);
    assert.deepEqual(await other.evaluate(() => store.get("queued")), { url: "queued", n: 1 });
    await other.evaluate(() =>
      store.update("queued", (now) => ({ ...now, url: "queued", updated: true })),
    );
    await tab.goBack({ waitUntil: "commit" });
    assert.equal(await tab.title(), "persisted true");
    const seen = await tab.evaluate(async () => {
      await store.flush();
      await store.refresh();
      return store.get("queued");
    });
    assert.deepEqual(seen, { url: "queued", n: 1, updated: true });
    assert.deepEqual(
      await other.evaluate(async () => {
        await store.refresh();
        return store.get("queued");
      }),
      { url: "queued", n: 1, updated: true },
    );
  }),
);
