/** A database that goes while a store has it open: deleted by another tab, or with all that the site has stored. */

import assert from "node:assert/strict";
import { fullPage } from "./engines/chromium.js";
import type { Page } from "./engines/engine.js";
import { browserTest, chromiumTest, withBrowser, withChromium } from "./harness.js";

/** What the page of a store has. */
interface State {
  readonly store: import("../../dist/index.js").SchemaStore;
  readonly errors: { readonly code: string; readonly key?: string; readonly message: string }[];
}

/** A browser that opens tabs. */
interface Tabs {
  open(): Promise<Page>;
}

/** A tab with a store that has two entries, and remembers the errors it tells of. */
async function withStore(browser: Tabs, databaseName: string): Promise<Page> {
  const page = await browser.open();
  await page.evaluate(async (databaseName) => {
    const main = "/dist/index.js";
    const { openSchemaStore } = await import(main);
    const store = await openSchemaStore({ databaseName });
    const errors: unknown[] = [];
    store.on("error", ({ error }: { error: Error & { code: string; key: string } }) => {
      errors.push({ code: error.code, key: error.key, message: error.message });
    });
    for (const name of ["a", "b"]) await store.put({ url: `u:${name}` }, { durable: true });
    Object.assign(globalThis, { held: { store, errors } });
  }, databaseName);
  return page;
}

/** Deletes the database in another tab, as users of the console do. */
async function deleted(page: Page, name: string): Promise<void> {
  await page.evaluate(
    (name) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      }),
    name,
  );
}

/** A store whose database is taken away tells of it, and goes on with a new one. */
async function check(browser: Tabs, take: (other: Page) => Promise<void>): Promise<void> {
  const [page, other] = [await withStore(browser, "db"), await browser.open()];
  await take(other);
  await page.waitForFunction(() => (globalThis as never as { held: State }).held.errors.length);
  const told = await page.evaluate(async () => {
    const { store, errors } = (globalThis as never as { held: State }).held;
    const { ok, damage, durable } = store.health();
    const found = [await store.size(), await store.has("u:a"), await store.get("u:b")];
    return { errors, ok, damage, durable, found };
  });
  assert.equal(told.errors.length, 1);
  assert.equal(told.errors[0]?.code, "DISK_ERROR");
  assert.equal(told.errors[0]?.key, "db");
  assert.deepEqual([told.ok, told.damage], [false, [told.errors[0]?.message]]);
  assert.match(told.damage[0] ?? "", /indexeddb: db was deleted/);
  assert.deepEqual(told.found, [0, false, undefined]);
  await page.evaluate(async () => {
    const { store } = (globalThis as never as { held: State }).held;
    await store.put({ url: "u:new" }, { durable: true });
    await store.put({ url: "u:queued" });
    await store.flush();
  });
  // Read by somebody who knows nothing of the first one.
  const kept = await other.evaluate(async () => {
    const main = "/dist/index.js";
    const { openSchemaStore } = await import(main);
    const store = await openSchemaStore({ databaseName: "db" });
    const urls = (await store.list()).map(({ url }: { url: string }) => url);
    const { damage } = store.health();
    await store.close();
    return { urls, damage };
  });
  assert.deepEqual(kept, { urls: ["u:new", "u:queued"], damage: [] });
  const known = await page.evaluate(async () => {
    const { store, errors } = (globalThis as never as { held: State }).held;
    const before = store.health().ok;
    await store.clear();
    return [before, store.health().ok, errors.length];
  });
  assert.deepEqual(known, [false, true, 1]);
}

browserTest("a database deleted by another tab is told of, and a new one takes what is put", () =>
  withBrowser((browser) => check(browser, (other) => deleted(other, "db"))),
);

chromiumTest(
  "a database cleared with the data of the site is told of, and a new one takes what is put",
  "sends what its tools send for Clear site data",
  () =>
    withChromium((browser) =>
      check(browser, async (other) => {
        const session = await browser.context.newCDPSession(fullPage(other));
        const { origin } = browser;
        await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
        await session.detach();
      }),
    ),
);

browserTest("the next call after a database was deleted is right", () =>
  withBrowser(async (browser) => {
    const other = await browser.open();
    const calls = ["size", "list", "stats", "clear"] as const;
    for (const call of calls) {
      const page = await withStore(browser, "db");
      await deleted(other, "db");
      const found = await page.evaluate(async (call) => {
        const { store } = (globalThis as never as { held: State }).held;
        const found = await store[call]();
        const left = await store.size();
        await store.close();
        return [found, left];
      }, call);
      const [first, left] = found as [unknown, number];
      const entries = call === "stats" ? (first as { entries: number }).entries : first;
      assert.deepEqual([entries, left], [call === "list" ? [] : 0, 0], call);
      await page.close();
    }
  }),
);

browserTest("what is queued when a database is deleted goes into the new one", () =>
  withBrowser(async (browser) => {
    const [page, other] = [await withStore(browser, "db"), await browser.open()];
    const done = page.evaluate(async () => {
      const { store, errors } = (globalThis as never as { held: State }).held;
      // Until it is told of, and a little longer.
      for (let [at, left] = [0, 20]; left > 0; at++) {
        await store.put({ url: `u:${at}` });
        if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        if (errors.length > 0) left -= 1;
      }
      await store.flush();
      return store.size();
    });
    await deleted(other, "db");
    const size = await done;
    const kept = await other.evaluate(async () => {
      const main = "/dist/index.js";
      const { openSchemaStore } = await import(main);
      const store = await openSchemaStore({ databaseName: "db" });
      return store.size();
    });
    assert.equal(kept, size, "what the store says is what is there");
    assert.ok(size > 0);
  }),
);
