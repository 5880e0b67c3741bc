/** IndexedDB between several tabs: what one commits, closes, deletes or blocks, and the others. */

import assert from "node:assert/strict";
import type { HostAdapter } from "../../dist/host.js";
import { browserTest, withBrowser, withPage } from "./harness.js";

browserTest("a tab closed in the middle of a commit leaves all of it or nothing", () =>
  withBrowser(async (browser) => {
    const reader = await browser.open();
    const rowsThere = (database: string): Promise<number> =>
      reader.evaluate(async (database) => {
        const adapter = await kit.open(database);
        const { rows } = await adapter.allRows();
        const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
        await adapter.destroy();
        return bodies.filter((body) => body !== undefined).length;
      }, database);
    const outcomes: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const database = `round ${round}`;
      const writer = await browser.open();
      await writer.evaluate(async (database) => {
        const adapter = await kit.open(database);
        const all = Array.from({ length: 300 }, (_, i) => i);
        const bodies = all.map((i) => kit.put({ key: `${i}`, body: kit.noise(i, 5000) }));
        void kit.commit(adapter, { put: await Promise.all(bodies) });
      }, database);
      await new Promise((resolve) => setTimeout(resolve, round * 8));
      await writer.close();
      outcomes.push(await rowsThere(database));
    }
    console.log(`rows after each close: ${outcomes.join(" ")}`);
    assert.ok(
      outcomes.every((count) => count === 0 || count === 300),
      "half a commit is there",
    );
  }),
);

browserTest("increments by two tabs are exact", () =>
  withBrowser(async (browser) => {
    const tabs = await Promise.all([browser.open(), browser.open()]);
    const retries = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(async () => {
          const adapter = await kit.open("counter");
          let retries = 0;
          for (let done = 0; done < 100; ) {
            const row = await kit.row(adapter, "k");
            const count = row ? Number(new TextDecoder().decode(row.meta)) : 0;
            const next = await kit.put({ key: "k", meta: kit.utf8(`${count + 1}`) });
            const expect = [{ key: next.key, revision: row?.revision ?? 0 }];
            await kit.commit(adapter, { put: [next], expect }).then(
              () => (done += 1),
              (error: { code?: string }) => {
                if (error.code !== "CONCURRENCY") throw error;
                retries += 1;
              },
            );
          }
          return retries;
        }),
      ),
    );
    const count = await tabs[0]?.evaluate(async () => {
      const row = await kit.rowOf(await kit.open("counter"), "k");
      return new TextDecoder().decode(row.meta);
    });
    assert.equal(count, "200");
    assert.ok(Math.max(...retries) > 0, "the tabs never met, so nothing was shown");
  }),
);

browserTest("watch and exclusive work between tabs", () =>
  withBrowser(async (browser) => {
    const [a, b] = [await browser.open(), await browser.open()];
    const told = a.evaluate(async () => {
      const adapter = await kit.open("shared");
      await new Promise<void>((resolve) => adapter.watch?.(resolve));
      return (await kit.row(adapter, "from b")) !== undefined;
    });
    await b.evaluate(async () => {
      const adapter = await kit.open("shared");
      // Until the other tab listens.
      for (let i = 0; i < 20; i += 1) {
        await kit.store(adapter, { key: "from b" });
        await kit.pause(25);
      }
    });
    assert.equal(await told, true);

    await a.evaluate(async () => {
      const adapter = await kit.open("shared");
      void adapter.exclusive("x", () => new Promise(() => {}));
      await kit.pause(50);
    });
    await b.evaluate(async () => {
      const adapter = await kit.open("shared", { deadlineMs: 300 });
      await kit.rejects(
        adapter.exclusive("x", async () => {}),
        "BLOCKED",
        "held by the other tab",
      );
    });
    await a.close();
    await b.evaluate(async () => {
      const adapter = await kit.open("shared");
      kit.equal(await adapter.exclusive("x", async () => "mine"), "mine", "after the tab closed");
    });
  }),
);

browserTest("a database deleted by another tab is a fresh place, and that is told", () =>
  withBrowser(async (browser) => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.evaluate(async () => {
      const adapter = await kit.open("db");
      await kit.store(adapter, { key: "k" });
      const { token } = await adapter.allRows();
      const state = { adapter, token, told: 0 };
      adapter.watch?.(() => {
        state.told += 1;
      });
      Object.assign(globalThis, { state });
    });
    await b.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase("db");
          request.onsuccess = () => resolve();
          request.onblocked = () => reject(new Error("the adapter blocks the deletion"));
        }),
    );
    await a.evaluate(async () => {
      const { adapter, token, told } = state;
      kit.ok(told > 0, "the watcher was not told");
      await kit.holds(adapter, [], "afterwards");
      const entry = await kit.store(adapter, { key: "new" });
      await kit.holds(adapter, [entry], "after a commit");
      kit.equal(await adapter.changes(token), "reset", "changes since before");
    });
  }),
);

browserTest("destroy waits for a tab that does not let go, then says BLOCKED", () =>
  withBrowser(async (browser) => {
    const [old, page] = [await browser.open(), await browser.open()];
    await old.evaluate(async () => {
      await (await kit.open("db")).close();
      const request = indexedDB.open("db");
      await new Promise((resolve) => {
        request.onsuccess = resolve;
      });
      // Held by nobody, a connection may be closed at any time.
      Object.assign(globalThis, { held: request.result });
    });
    await page.evaluate(async () => {
      const adapter = await kit.open("db", { deadlineMs: 400 });
      await kit.rejects(adapter.destroy(), "BLOCKED", "destroy");
      const next = kit.indexedDbAdapter("db", { deadlineMs: 400 });
      await kit.rejects(next.open(undefined as never), "TIMEOUT", "open behind the deletion");
    });
    await old.close();
    await page.evaluate(async () => {
      const adapter = await kit.open("db");
      const entry = await kit.store(adapter, { key: "k" });
      await kit.holds(adapter, [entry], "after the other tab was closed");
    });
  }),
);

browserTest("a tab with a newer version is not in its way, and meets FORMAT_TOO_NEW", () =>
  withBrowser(async (browser) => {
    const [a, b] = [await browser.open(), await browser.open()];
    await a.evaluate(async () => {
      const adapter = await kit.open("db");
      await kit.store(adapter, { key: "k" });
      Object.assign(globalThis, { state: { adapter } });
    });
    await b.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open("db", 2);
          request.onsuccess = () => resolve();
          request.onblocked = () => reject(new Error("the adapter blocks the upgrade"));
        }),
    );
    await a.evaluate(async () => {
      await kit.rejects(kit.row(state.adapter, "k"), "FORMAT_TOO_NEW", "the adapter that was open");
      await kit.rejects(kit.open("db"), "FORMAT_TOO_NEW", "a new adapter");
    });
  }),
);

browserTest("two tabs that make the same database at once share it", () =>
  withBrowser(async (browser) => {
    const tabs = await Promise.all([1, 2, 3].map(() => browser.open()));
    const ids = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(async () => {
          const core = await kit.loadCore();
          return (await kit.indexedDbAdapter("new").open({ core })).storeId;
        }),
      ),
    );
    assert.equal(new Set(ids).size, 1);
  }),
);

browserTest("entries are there after a reload", () =>
  withPage(async (page) => {
    await page.evaluate(async () => {
      const adapter = await kit.open("db");
      await kit.store(adapter, { key: "k", body: '{"value":1.10}' });
    });
    await page.reload();
    await page.waitForFunction(() => "kit" in globalThis);
    await page.evaluate(async () => {
      const entry = await kit.put({ key: "k", body: '{"value":1.10}' });
      await kit.holds(await kit.open("db"), [entry], "after the reload");
    });
  }),
);

declare global {
  /** In the page: what one step of a test leaves for the next. */
  var state: { adapter: HostAdapter; token: number; told: number };
}
