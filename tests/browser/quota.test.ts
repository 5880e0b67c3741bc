/** Over the browser's quota: what does not fit is refused and undone, and nothing waits behind it. */

import assert from "node:assert/strict";
import type { SchemaStore } from "../../dist/store.js";
import type { Page } from "./engines/engine.js";
import { browserTest, type Limits, withBrowser } from "./harness.js";

declare global {
  var store: SchemaStore;
  var noise: (seed: number, length: number) => string;
}

const QUOTA = 3_000_000;

/** Runs a test on such a page, where the engine can be given a quota. */
function quotaTest(
  name: string,
  use: (page: Page, reopen: () => Promise<void>) => Promise<void>,
  limits: Limits = {},
): void {
  const webkit = "neither its driver nor its small browser can be given a quota";
  browserTest(name, () => withQuota(use), { webkit, ...limits });
}

/** Runs `use` with a page whose origin may store three megabytes. */
function withQuota(use: (page: Page, reopen: () => Promise<void>) => Promise<void>): Promise<void> {
  return withBrowser(
    async ({ newPage, origin }) => {
      const page = await newPage();
      const open = async (strategy: string) => {
        await page.goto(`${origin}/blank`);
        await page.evaluate(`(async () => {
        const { openSchemaStore } = await import("/dist/index.js");
        globalThis.store = await openSchemaStore({ databaseName: "full", strategy: "${strategy}" });
        // Text that hardly compresses.
        const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        globalThis.noise = (seed, length) => {
          let text = "";
          let state = seed + 1;
          while (text.length < length) {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            text += letters[(state >>> 8) % 64] + letters[(state >>> 16) % 64];
          }
          return text.slice(0, length);
        };
      })()`);
      };
      for (const strategy of ["memory-disk", "disk"]) {
        await open(strategy);
        await use(page, () => open(strategy));
        await page.evaluate(async () => {
          await store.close();
          indexedDB.deleteDatabase("full");
        });
      }
    },
    { quota: QUOTA },
  );
}

/** Durable puts of 100 KB each until one is refused; returns how many fit. */
const fill = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    for (let n = 0; ; n += 1) {
      const put = store.put({ url: `big/${n}`, text: noise(n, 100_000) }, { durable: true });
      const error = await put.then(
        () => undefined,
        (reason: { code: string; key: string }) => reason,
      );
      if (error === undefined) continue;
      if (error.code !== "QUOTA_EXCEEDED" || error.key !== `big/${n}`) throw error;
      return n;
    }
  });

quotaTest(
  "a refused durable put is undone, and small puts, updates and deletions go on",
  async (page, reopen) => {
    const count = await fill(page);
    assert.ok(count > 5, `${count} fit`);
    const seen = await page.evaluate(async (count) => {
      const refused = [await store.get(`big/${count}`), await store.has(`big/${count}`)];
      const before = (await store.get<{ text: string }>("big/0"))?.text.length;
      const larger = await store
        .put({ url: "big/0", text: noise(1000, 4_000_000) }, { durable: true })
        .catch((error: { code: string }) => error.code);
      const after = (await store.get<{ text: string }>("big/0"))?.text.length;
      await store.delete("big/1");
      await store.flush();
      await store.put({ url: "small" }, { durable: true });
      await store.update("small", (now) => ({ ...now, url: "small", updated: true }));
      const { ok, pendingWrites, refusedWrites } = store.health();
      return { refused, before, larger, after, health: [ok, pendingWrites, refusedWrites] };
    }, count);
    assert.deepEqual(seen, {
      refused: [undefined, false],
      before: 100_000,
      larger: "QUOTA_EXCEEDED",
      after: 100_000,
      health: [true, 0, 0],
    });
    await reopen();
    const urls = await page.evaluate(async () => (await store.list()).map(({ url }) => url));
    const right = Array.from({ length: count }, (_, n) => `big/${n}`).filter((u) => u !== "big/1");
    assert.deepEqual(urls.sort(), [...right, "small"].sort());
    const small = await page.evaluate(() => store.get("small"));
    assert.deepEqual(small, { url: "small", updated: true });
  },
);

quotaTest(
  "a background write that does not fit is told and kept apart, and written when it fits",
  async (page, reopen) => {
    const count = await fill(page);
    const seen = await page.evaluate(async (count) => {
      const told: (string | undefined)[] = [];
      // The browser lets the last entry pass its limit, and then takes not even the least one.
      await store.delete("big/1");
      await store.flush();
      store.on("error", ({ error }) => told.push(`${error.code} ${error.key}`));
      await store.put({ url: "later", text: noise(2000, 1_000_000) });
      await store.put({ url: "fits", n: 1 });
      const flushed = await store.flush().catch((error: { code: string }) => error.code);
      const ill = store.health();
      await store.put({ url: "fits/2", n: 2 }, { durable: true });
      const readable = (await store.get<{ text: string }>("later"))?.text.length;
      const updated = await store
        .update("later", (now) => ({ ...now, url: "later" }))
        .catch((error: { code: string }) => error.code);
      for (let n = 0; n < count; n += 2) await store.delete(`big/${n}`);
      const end = performance.now() + 20_000;
      while (!store.health().ok && performance.now() < end) {
        await store.put({ url: "tick", at: performance.now() }, { durable: true });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return {
        told,
        flushed,
        ill: [ill.ok, ill.refusedWrites, ill.writeError?.code],
        readable,
        updated,
        well: store.health().ok,
      };
    }, count);
    assert.deepEqual(seen, {
      told: ["QUOTA_EXCEEDED later"],
      flushed: "QUOTA_EXCEEDED",
      ill: [false, 1, "QUOTA_EXCEEDED"],
      readable: 1_000_000,
      updated: "QUOTA_EXCEEDED",
      well: true,
    });
    await reopen();
    const after = await page.evaluate(async () => [
      (await store.get<{ text: string }>("later"))?.text.length,
      await store.get("fits"),
      await store.get("fits/2"),
      await store.has("big/0"),
    ]);
    assert.deepEqual(after, [1_000_000, { url: "fits", n: 1 }, { url: "fits/2", n: 2 }, false]);
  },
);

quotaTest(
  "of many durable puts those that fit are kept, and the first refusal is told",
  async (page, reopen) => {
    const seen = await page.evaluate(async () => {
      const sizes = [100, 2_000_000, 200, 2_100_000, 300, 50_000];
      const items = sizes.map((size, n) => ({
        value: { url: `many/${n}`, text: noise(n, size) },
      }));
      const outcome = await store
        .putMany(items, { durable: true })
        .catch(({ code, key }: { code: string; key: string }) => [code, key]);
      return [outcome, (await store.list()).map(({ url }) => url).sort(), store.health().ok];
    });
    const kept = ["many/0", "many/1", "many/2", "many/4", "many/5"];
    assert.deepEqual(seen, [["QUOTA_EXCEEDED", "many/3"], kept, true]);
    await reopen();
    const urls = await page.evaluate(async () => (await store.list()).map(({ url }) => url).sort());
    assert.deepEqual(urls, kept);
  },
);

quotaTest(
  "a copy there is no room to file keeps nobody from opening, and is filed when there is room",
  async (page, reopen) => {
    await page.evaluate(async () => {
      for (let n = 0; n < 10; n += 1) {
        await store.put({ url: `big/${n}`, text: noise(n, 100_000) }, { durable: true });
      }
      for (let n = 0; n < 5; n += 1) {
        await store.put({ url: `left/${n}`, text: noise(50 + n, 90_000) });
      }
      // On a busy machine the commit that the end of the page begins comes through as well.
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        const begun = transaction.call(this, stores, mode, options);
        if (mode === "readwrite" && [stores].flat().includes("rows")) begun.abort();
        return begun;
      };
    });
    await page.evaluate(() => location.assign("/away"));
    await page.waitForURL("**/away");
    // Something else of the site takes the rest.
    await page.evaluate(async () => {
      const opening = indexedDB.open("other", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("all");
      await new Promise((resolve) => {
        opening.onsuccess = resolve;
      });
      const fits = (n: number) =>
        new Promise<boolean>((resolve) => {
          const transaction = opening.result.transaction("all", "readwrite");
          // Larger values are files of their own, which give their space back at once.
          const bytes = new Blob([crypto.getRandomValues(new Uint8Array(65_536))]);
          transaction.objectStore("all").put(bytes, n);
          transaction.oncomplete = () => resolve(true);
          transaction.onabort = () => resolve(false);
        });
      for (let n = 0; await fits(n); n += 1);
      opening.result.close();
    });
    await reopen();
    const left = () =>
      page.evaluate(async () => [
        (await store.list({ urlPrefix: "left/" })).length,
        (await store.list({ urlPrefix: "big/" })).length,
        store.health().ok,
      ]);
    assert.deepEqual(await left(), [0, 10, false]);
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          indexedDB.deleteDatabase("other").onsuccess = resolve;
        }),
    );
    // The browser counts what was deleted a little later; what does not fit until then takes room itself.
    await page.evaluate(async (most) => {
      const end = performance.now() + 20_000;
      while (performance.now() < end) {
        const { usage = 0 } = await navigator.storage.estimate();
        if (usage < most) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }, QUOTA - 550_000);
    for (let tries = 0; tries < 20 && (await left())[0] === 0; tries += 1) {
      await page.waitForTimeout(500);
      await reopen();
    }
    assert.deepEqual(await left(), [5, 10, true]);
  },
  { firefox: "it counts how files grow, and a database that is there has room inside its own" },
);
