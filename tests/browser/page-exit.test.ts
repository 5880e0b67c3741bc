/** Nothing that a put acknowledged is lost by leaving the page, whatever the way and the moment. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { SchemaStore } from "../../dist/store.js";
import type { Page } from "./engines/engine.js";
import { type Browser, browserTest, type Limits, withBrowser } from "./harness.js";

/** `FSS_EXIT_ROUNDS=20` tries each case so often, at every moment; `npm test` is content with a few. */
const ROUNDS = Number(process.env.FSS_EXIT_ROUNDS ?? 1);
const MOMENTS_MS = ROUNDS > 1 ? [0, 5, 20, 50, 100, 150, 200, 225, 249, 250] : [0, 120, 249];

/**
 * Ways to leave a page that Chromium waits for. To a page of another site it gives half a second, and then
 * ends it unheard, which a busy machine can make too short.
 */
const WAYS: Readonly<Record<string, (tab: Page, browser: Browser) => Promise<unknown>>> = {
  reload: (tab) => tab.reload({ waitUntil: "commit" }),
  location: (tab, { origin }) =>
    leaveBy(
      tab,
      (to) => {
        location.href = `${to}/away`;
      },
      origin,
    ),
  link: (tab, { origin }) =>
    leaveBy(
      tab,
      (to) => {
        const link = document.createElement("a");
        link.href = `${to}/away`;
        document.body.append(link);
        link.click();
      },
      origin,
    ),
  close: (tab) => tab.close(),
};

/** What is queued: how many entries, of how many characters each. */
const QUEUES: Readonly<Record<string, readonly [count: number, length: number]>> = {
  "one entry": [1, 100],
  "a full queue": [61, 65_536],
};

/** Places a store can be opened on in a page, each the body of a function of `kit` and `name`. */
const PLACES: Readonly<Record<string, string>> = {
  IndexedDB: "kit.openSchemaStore({ databaseName: name })",
  "IndexedDB, relaxed":
    'kit.openSchemaStore({ databaseName: name, durability: "relaxed", strategy: "disk" })',
  "unstorage over localStorage":
    "kit.openSchemaStore({ adapter: kit.unstorageAdapter(kit.createStorage({ driver: kit.localStorageDriver({ base: name }) })) })",
};

declare global {
  var openPlace: (name: string) => Promise<SchemaStore>;
  var store: SchemaStore;
}

/** docs/guides/browser.md tells of these. */
const LIMITS: Limits = {
  webkit: "it drops what a page asks of IndexedDB as it is left",
};
const LARGE_CLOSED: Limits = {
  ...LIMITS,
  firefox: "it may end a closed tab before megabytes have been written",
};

for (const [queue, [count, length]] of Object.entries(QUEUES)) {
  for (const way of Object.keys(WAYS)) {
    const limits = way === "close" && queue === "a full queue" ? LARGE_CLOSED : LIMITS;
    leavingTest(
      `leaving a page keeps ${queue}, at every moment: ${way}`,
      way,
      count,
      length,
      limits,
    );
  }
}

function leavingTest(title: string, way: string, count: number, length: number, limits: Limits) {
  browserTest(
    title,
    () =>
      withBrowser(async (browser) => {
        const reader = await newTab(browser, "IndexedDB");
        const lost: string[] = [];
        const cases = MOMENTS_MS.flatMap((ms) => Array<number>(ROUNDS).fill(ms));
        for (const [at, ms] of cases.entries()) {
          const name = `${way} ${at}`;
          const tab = await newTab(browser, "IndexedDB");
          await fill(tab, name, count, length);
          await tab.waitForTimeout(ms);
          await WAYS[way]?.(tab, browser);
          const kept = await found(reader, name, count, length);
          if (kept !== count) lost.push(`${way} after ${ms} ms: ${kept} of ${count}`);
          await reader.evaluate((name) => void indexedDB.deleteDatabase(name), name);
          await tab.close();
        }
        console.log(`kept in ${cases.length - lost.length} of ${cases.length}`);
        assert.deepEqual(lost, []);
      }),
    limits,
  );
}

for (const place of Object.keys(PLACES).slice(1)) {
  browserTest(
    `leaving a page keeps what is queued: ${place}`,
    () =>
      withBrowser(async (browser) => {
        for (const [way, leave] of Object.entries(WAYS)) {
          for (let round = 0; round < ROUNDS; round += 1) {
            const name = `${way} ${round}`;
            const tab = await newTab(browser, place);
            await fill(tab, name, 5, 2000);
            await leave(tab, browser);
            const reader = await newTab(browser, place);
            // What a page wrote to localStorage reaches others a little later, in WebKit.
            let kept = 0;
            for (let tries = 0; kept < 5 && tries < 30; tries += 1) {
              if (tries > 0) await reader.waitForTimeout(100);
              kept = await found(reader, name, 5, 2000);
            }
            assert.equal(kept, 5, name);
            await Promise.all([tab.close(), reader.close()]);
          }
        }
      }),
    place.startsWith("IndexedDB") ? LIMITS : {},
  );
}

browserTest(
  "what is put through Keyv and unstorage is kept when the page is left",
  () =>
    withBrowser(async (browser) => {
      const reader = await newTab(browser, "IndexedDB");
      for (const [way, leave] of Object.entries(WAYS)) {
        const tab = await newTab(browser, "IndexedDB");
        await tab.evaluate(async (way) => {
          const kit = globalThis.kit as unknown as BridgeKit;
          globalThis.store = await openPlace("bridges");
          await kit.keyvAdapter(store).set(way, { left: way });
          await kit.unstorageDriver(store).setItem(way, way);
        }, way);
        await leave(tab, browser);
        const seen = await reader.evaluate(async (way) => {
          const kit = globalThis.kit as unknown as BridgeKit;
          const store = await openPlace("bridges");
          const values = [
            await kit.keyvAdapter(store).get(way),
            await kit.unstorageDriver(store).getItem(way),
          ];
          await store.close();
          return values;
        }, way);
        assert.deepEqual(seen, [{ left: way }, way], way);
        await tab.close();
      }
    }),
  LIMITS,
);

browserTest(
  "deletions and replacements that were queued are kept, in their order",
  () =>
    withBrowser(async (browser) => {
      const reader = await newTab(browser, "IndexedDB");
      for (const [way, leave] of Object.entries(WAYS)) {
        const tab = await newTab(browser, "IndexedDB");
        await tab.evaluate(async (name) => {
          globalThis.store = await openPlace(name);
          await store.put({ url: "gone", n: 1 }, { durable: true });
          await store.put({ url: "again", n: 1 }, { durable: true });
          await store.delete("gone");
          await store.delete("again");
          await store.put({ url: "again", n: 2 });
          await store.put({ url: "again", n: 3 });
        }, way);
        await leave(tab, browser);
        const seen = await reader.evaluate(async (name) => {
          const store = await openPlace(name);
          const values = await store.getMany(["gone", "again"]);
          await store.close();
          return values;
        }, way);
        assert.deepEqual(seen, [undefined, { url: "again", n: 3 }], way);
        await tab.close();
      }
    }),
  LIMITS,
);

browserTest(
  "another tab that is open sees what was left, without being opened anew",
  () =>
    withBrowser(async (browser) => {
      const [tab, other] = [await newTab(browser, "IndexedDB"), await newTab(browser, "IndexedDB")];
      for (const one of [tab, other]) {
        await one.evaluate(async () => {
          globalThis.store = await openPlace("shared");
          await store.size();
        });
      }
      const seen = other.evaluate(
        () =>
          new Promise((resolve) => store.watch("left", ({ metadata }) => resolve(metadata?.url))),
      );
      await tab.evaluate(() => store.put({ url: "left" }));
      await tab.close();
      assert.equal(await seen, "left");
    }),
  LIMITS,
);

interface BridgeKit {
  keyvAdapter: typeof import("../../dist/bridges/keyv.js").keyvAdapter;
  unstorageDriver: typeof import("../../dist/bridges/unstorage.js").unstorageDriver;
}

/** A tab on a page that can open that kind of place, and has nothing else under way. */
async function newTab({ newPage, origin }: Browser, place: string): Promise<Page> {
  const tab = await newPage();
  await tab.goto(`${origin}/blank`);
  await tab.addScriptTag({ content: await unstorageScript });
  await tab.evaluate(`(async () => {
    const modules = ["index.js", "bridges/keyv.js", "bridges/unstorage.js"];
    const loaded = await Promise.all(modules.map((path) => import("/dist/" + path)));
    globalThis.kit = Object.assign({ ...unstorage }, ...loaded);
    globalThis.openPlace = (name) => ${PLACES[place]};
  })()`);
  return tab;
}

const unstorageScript: Promise<string> = build({
  stdin: {
    contents: `export { createStorage } from "unstorage";
      export { default as localStorageDriver } from "unstorage/drivers/localstorage";`,
    resolveDir: fileURLToPath(new URL("../bridges/", import.meta.url)),
  },
  bundle: true,
  format: "iife",
  globalName: "unstorage",
  write: false,
}).then(({ outputFiles }) => outputFiles[0]?.text ?? "");

/** Leaves by what a script of the page does, and waits until it is gone. */
async function leaveBy(tab: Page, how: (origin: string) => void, origin: string): Promise<void> {
  const gone = tab.waitForURL("**/away", { waitUntil: "commit" });
  // It may be gone before it has answered.
  await tab.evaluate(how, origin).catch(() => {});
  await gone;
}

function fill(tab: Page, name: string, count: number, length: number): Promise<void> {
  return tab.evaluate(
    async ([name, count, length]) => {
      globalThis.store = await openPlace(name);
      for (let at = 0; at < count; at += 1) {
        let text = "";
        while (text.length < length) text += (Math.sin(at + text.length) * 1e9).toString(36);
        await store.put({ url: `http://example.org/${at}`, text: text.slice(0, length) });
      }
    },
    [name, count, length] as const,
  );
}

/** How many of the entries another tab finds whole. */
function found(tab: Page, name: string, count: number, length: number): Promise<number> {
  return tab.evaluate(
    async ([name, count, length]) => {
      const store = await openPlace(name);
      const urls = Array.from({ length: count }, (_, at) => `http://example.org/${at}`);
      const values = await store.getMany<{ text: string }>(urls);
      await store.close();
      return values.filter((value) => value?.text.length === length).length;
    },
    [name, count, length] as const,
  );
}
