/** Damage in a real database of a browser: it is told until it is healed, and every write heals it. */

import assert from "node:assert/strict";
import { MEETINGS, WRITINGS } from "../js/heal-matrix.js";
import type { Page } from "./engines/engine.js";
import { addModule, browserTest, withBrowser, withPage } from "./harness.js";

/** Makes the matrix and `hit`, which changes the text of a stored body, known to a page. */
async function prepare(page: Page): Promise<void> {
  await addModule(page, "js/heal-matrix.ts", "matrix");
  await page.evaluate(`(() => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    globalThis.raw = async (name, work) => {
      const database = await done(indexedDB.open(name));
      const transaction = database.transaction(["rows", "bodies", "sys"], "readwrite");
      const result = await work(transaction, done);
      await new Promise((resolve) => { transaction.oncomplete = resolve; });
      database.close();
      return result;
    };
    globalThis.hit = (name, text) => raw(name, async (transaction, done) => {
      const bodies = transaction.objectStore("bodies");
      const [keys, all] = [await done(bodies.getAllKeys()), await done(bodies.getAll())];
      const at = all.findIndex((body) => new TextDecoder().decode(body) === text);
      const bytes = new Uint8Array(all[at]);
      bytes[bytes.length >> 1] ^= 1;
      await done(bodies.put(bytes.buffer, keys[at]));
    });
    globalThis.openIn = async (databaseName) =>
      (await import("/dist/index.js")).openSchemaStore({ databaseName, strategy: "disk" });
  })()`);
}

browserTest("every write heals a damaged body in IndexedDB, whoever met it", () =>
  withPage(async (page) => {
    await prepare(page);
    for (const name of Object.keys(WRITINGS))
      for (const meeting of MEETINGS) {
        const wrong = await page.evaluate(`(async () => {
          const { openSchemaStore } = await import("/dist/index.js");
          const { savePackage } = await import("/dist/convert/index.js");
          const kit = {
            newPlace: async () => {
              const name = crypto.randomUUID();
              return { open: () => openIn(name), hit: (text) => hit(name, text) };
            },
            memoryStore: () => openSchemaStore({ strategy: "memory" }),
            savePackage: async (store) => {
              const response = await fetch("/tests/fixtures/us_core_311.tgz");
              return savePackage(store, new Uint8Array(await response.arrayBuffer()));
            },
          };
          return matrix.healed(kit, ${JSON.stringify(name)}, ${JSON.stringify(meeting)});
        })()`);
        assert.deepEqual(wrong, []);
      }
  }),
);

browserTest("what one tab finds damaged, the others and later ones know; what one heals, too", () =>
  withBrowser(async (browser) => {
    const [one, two] = await Promise.all([browser.open(), browser.open()]);
    for (const tab of [one, two]) await prepare(tab);
    const run = (tab: Page | undefined, code: string) =>
      tab?.evaluate(`(async () => { ${code} })()`) as Promise<unknown>;
    const health = "await store.list(); return JSON.stringify(store.health().damage);";
    await run(
      one,
      `globalThis.store = await openIn("tabs");
       await store.put({ url: "u", n: 1 }, { durable: true });
       await store.put({ url: "u", n: 1 }, { source: "p#1", durable: true });
       await store.close();
       await hit("tabs", '{"url":"u","n":1}');
       globalThis.store = await openIn("tabs");`,
    );
    await run(two, `globalThis.store = await openIn("tabs"); await store.list();`);
    await run(one, `await store.get("u").catch(() => {})`);
    const sentence = "u is damaged and cannot be read: put it again or delete it";
    const both = JSON.stringify([sentence, sentence]);
    assert.equal(await run(one, health), both, "each row that names the body");
    const told = (wanted: string) =>
      two?.waitForFunction(
        `(async () => {
          await store.list();
          return JSON.stringify(store.health().damage) === ${JSON.stringify(wanted)};
        })()`,
      );
    await told(both);
    const later = await browser.open();
    await prepare(later);
    await run(later, `globalThis.store = await openIn("tabs");`);
    assert.equal(await run(later, health), both);

    await run(later, `await store.put({ url: "u", n: 1 }, { source: "p#1", durable: true });`);
    await told("[]");
    await later.waitForFunction("store.health().ok");
    assert.equal(await run(two, `return (await store.get("u")).n;`), 1);
    const bytes = await run(
      later,
      `await store.clear();
       return (await store.stats()).disk.bytes;`,
    );
    assert.equal(bytes, 0, "the count of bytes is as it was");
  }),
);
