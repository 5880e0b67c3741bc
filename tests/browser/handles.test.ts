/** What the IndexedDB adapter waits for and lets go of, and what it counts. */

import { addModule, browserTest, withPage } from "./harness.js";

declare global {
  var hanging: typeof import("./hanging.js");
}

browserTest("closing waits for what is under way", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const body = kit.noise(1, 1_000_000);
      const large = await kit.put({ key: "large", body });
      const order: string[] = [];
      const note = (what: string) => () => order.push(what);
      const commit = kit.commit(adapter, { put: [large] }).then(note("committed"));
      const rows = adapter.allRows().then(note("read"));
      await adapter.close();
      order.push("closed");
      await Promise.all([commit, rows]);
      kit.equal(order.at(-1), "closed", `the order of ${order}`);
      await kit.holds(await kit.open("db"), [large], "afterwards");
    }),
  ),
);

browserTest("a handle that comes after the deadline is closed, and is in nobody's way", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const core = await kit.loadCore();
      const open = (): Promise<IDBDatabase> =>
        new Promise((resolve) => {
          const request = indexedDB.open("db");
          request.onsuccess = () => resolve(request.result);
        });
      const held = await open();
      const deletion = indexedDB.deleteDatabase("db");
      const deleted = new Promise((resolve) => {
        deletion.onsuccess = resolve;
      });
      const adapter = kit.indexedDbAdapter("db", { deadlineMs: 200 });
      await kit.rejects(adapter.open({ core }), "TIMEOUT", "open behind a deletion");
      held.close();
      await deleted;
      // Asked for later, so that the late one has come.
      (await open()).close();
      const blocked = await new Promise((resolve) => {
        const request = indexedDB.deleteDatabase("db");
        request.onblocked = () => resolve(true);
        request.onsuccess = () => resolve(false);
      });
      kit.equal(blocked, false, "whether the late handle blocks a deletion");
    }),
  ),
);

browserTest("a handle whose transactions hang is replaced after the first TIMEOUT", () =>
  withPage(async (page) => {
    await addModule(page, "browser/hanging.ts", "hanging");
    await page.evaluate(async () => {
      const adapter = await kit.open("db", { deadlineMs: 1500 });
      const old = await kit.store(adapter, { key: "k" });
      let bad: IDBDatabase | undefined;
      hanging.hang((database) => {
        bad ??= database;
        return database === bad;
      });
      await kit.rejects(kit.row(adapter, "k"), "TIMEOUT", "on the handle that hangs");
      await kit.holds(adapter, [old], "on another");
    });
  }),
);

browserTest("a transaction may take longer than the deadline, as long as it answers", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db", { deadlineMs: 400 });
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (...options) {
        const made = transaction.apply(this, options);
        const end = performance.now() + 1500;
        const ask = (): void => {
          if (performance.now() > end) return;
          made.objectStore("rows").get("nothing").onsuccess = ask;
        };
        ask();
        return made;
      };
      const slow = await kit.store(adapter, { key: "k" });
      IDBDatabase.prototype.transaction = transaction;
      await kit.holds(adapter, [slow], "afterwards");
    }),
  ),
);

browserTest("what stays of deleted rows is counted exactly", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const tombstones = (): Promise<number> =>
        new Promise((resolve) => {
          const opening = indexedDB.open("db");
          opening.onsuccess = () => {
            const db = opening.result;
            const request = db.transaction("sys").objectStore("sys").get("place");
            request.onsuccess = () => {
              db.close();
              resolve(request.result.tombstones);
            };
          };
        });
      const [a, b, c] = [
        await kit.put({ key: "a" }),
        await kit.put({ key: "b" }),
        await kit.put({ key: "c" }),
      ];
      await kit.commit(adapter, { put: [a, b, c] });
      await kit.commit(adapter, { delete: [a.key, b.key] });
      kit.equal(await tombstones(), 2, "after two deletions");
      await kit.commit(adapter, { delete: [a.key, b.key] });
      kit.equal(await tombstones(), 2, "after deleting them once more");
      await kit.commit(adapter, { put: [a], delete: [c.key] });
      kit.equal(await tombstones(), 2, "one came back, another went");
      await kit.commit(adapter, { delete: [a.key] });
      kit.equal(await tombstones(), 3, "when nothing is left");
      await kit.commit(adapter, { put: [a, b] });
      kit.equal(await tombstones(), 1, "when the first rows come back");
      await kit.holds(adapter, [a, b], "at the end");
    }),
  ),
);

browserTest("an empty database of the name is a new store, for all who find it at once", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const look = (): Promise<IDBDatabase> =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open("db");
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      (await look()).close();
      const core = await kit.loadCore();
      const adapters = [1, 2, 3].map(() => kit.indexedDbAdapter("db"));
      await Promise.all(adapters.map((adapter) => adapter.open({ core })));
      const rows = [];
      for (const [at, adapter] of adapters.entries()) {
        rows.push(await kit.store(adapter, { key: `of ${at}` }));
      }
      await kit.holds(await kit.open("db"), rows, "all that was written");
    }),
  ),
);
