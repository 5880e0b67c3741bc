/** IndexedDB under a browser that refuses, forgets, hangs or lies. */

import assert from "node:assert/strict";
import type { HostAdapter, HostPut } from "../../dist/host.js";
import { addModule, browserTest, chromiumTest, withChromium, withPage } from "./harness.js";

declare global {
  var hanging: typeof import("./hanging.js");
}

chromiumTest(
  "over quota: QUOTA_EXCEEDED, what was there stays, and it works again after",
  "its DevTools protocol lifts the quota of a running browser",
  () =>
    withChromium(async ({ context, origin, open }) => {
      const page = await open();
      const devtools = await context.newCDPSession(page);
      // Before the first write: Chromium remembers for a while how much space there was.
      await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 3_000_000 });
      await page.evaluate(async () => {
        const adapter = await kit.open("db");
        const old = await kit.store(adapter, { key: "old", body: kit.noise(1, 1_000_000) });
        Object.assign(globalThis, { fixture: { adapter, old } });
      });
      await page.evaluate(async () => {
        const { adapter, old } = fixture;
        // Random bytes: those that compress would fit.
        const large = await kit.put({ key: "large", body: kit.noise(2, 8_000_000) });
        const replace = await kit.put({ key: "old", body: "replaced" });
        await kit.rejects(
          kit.commit(adapter, { put: [large, replace] }),
          "QUOTA_EXCEEDED",
          "a batch over quota",
        );
        await kit.holds(adapter, [old], "after the refused batch");
        const small = await kit.store(adapter, { key: "small" });
        await kit.holds(adapter, [old, small], "a batch that fits");
        await kit.commit(adapter, { delete: [small.key] });
      });
      await devtools.send("Storage.overrideQuotaForOrigin", { origin });
      await page.evaluate(async () => {
        const { adapter, old } = fixture;
        const large = await kit.store(adapter, { key: "large", body: kit.noise(2, 8_000_000) });
        await kit.holds(adapter, [old, large], "with the quota lifted");
      });
    }),
);

browserTest("strict is asked of every commit, and relaxed where it is wanted", () =>
  withPage(async (page) => {
    const asked = await page.evaluate(async () => {
      const asked: unknown[] = [];
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        const made = transaction.call(this, stores, mode, options);
        if (mode === "readwrite") asked.push(made.durability);
        return made;
      };
      const adapter = await kit.open("db");
      const one = await kit.put({ key: "k" });
      await adapter.commit({ put: [one], delete: [] }, { durability: "strict" });
      await adapter.commit({ put: [], delete: [one.key] }, { durability: "relaxed" });
      return asked;
    });
    assert.deepEqual(asked, ["strict", "relaxed"]);
  }),
);

browserTest("a commit is acknowledged after its transaction is complete", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const events: string[] = [];
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        const made = transaction.call(this, stores, mode, options);
        if (mode === "readwrite") {
          made.addEventListener("complete", () => events.push("complete"));
        }
        return made;
      };
      const adapter = await kit.open("db");
      await kit.store(adapter, { key: "k", body: kit.noise(1, 1_000_000) });
      events.push("acknowledged");
      kit.equal(events, ["complete", "acknowledged"], "events");
    }),
  ),
);

browserTest("a handle closed behind our back is replaced", () =>
  withPage(async (page) => {
    await page.evaluate(async () => {
      const handles: IDBDatabase[] = [];
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (...names) {
        const request = open.apply(this, names);
        request.addEventListener("success", () => handles.push(request.result));
        return request;
      };
      const adapter = await kit.open("db");
      const old = await kit.store(adapter, { key: "k" });
      for (const close of [1, 2]) {
        for (const handle of handles) handle.close();
        if (close === 1) await kit.holds(adapter, [old], "reads");
        else await kit.store(adapter, { key: "k" });
      }
      kit.equal(handles.length, 3, "handles that were opened");
    });
  }),
);

chromiumTest(
  "after the site's data was cleared it goes on",
  "its DevTools protocol clears them",
  () =>
    withChromium(async ({ context, origin, open }) => {
      const page = await open();
      await page.evaluate(async () => {
        const adapter = await kit.open("db");
        const old = await kit.store(adapter, { key: "k" });
        Object.assign(globalThis, { fixture: { adapter, old } });
      });
      const devtools = await context.newCDPSession(page);
      await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
      await page.evaluate(async () => {
        const { adapter, old } = fixture;
        await kit.holds(adapter, [], "after the site's data was cleared");
        await kit.commit(adapter, { put: [old] });
        await kit.holds(adapter, [old], "after another commit");
      });
    }),
);

browserTest("a failing browser is asked four times, then it is a DISK_ERROR", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const old = await kit.store(adapter, { key: "k" });
      const { transaction } = IDBDatabase.prototype;
      const fail = (times: number, name: string, message: string): void => {
        let left = times;
        IDBDatabase.prototype.transaction = function (...options) {
          left -= 1;
          if (left >= 0) throw new DOMException(message, name);
          return transaction.apply(this, options);
        };
      };
      for (const [name, message] of [
        ["InvalidStateError", "The database connection is closing."],
        ["UnknownError", "Internal error opening backing store for indexedDB.open."],
        ["AbortError", "aborted"],
        ["UnknownError", "Connection to Indexed Database server lost. Refresh the page."],
      ] as const) {
        fail(3, name, message);
        await kit.holds(adapter, [old], `three times ${name}`);
        fail(4, name, message);
        await kit.rejects(kit.row(adapter, "k"), "DISK_ERROR", `four times ${name}`);
        await kit.holds(adapter, [old], "afterwards");
      }
      fail(1, "ConstraintError", "not a dead handle");
      await kit.rejects(kit.row(adapter, "k"), "DISK_ERROR", "what another handle cannot help");
      await kit.holds(adapter, [old], "at the end");
    }),
  ),
);

browserTest("a transaction aborted from outside is run again, whole and once", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const { put } = IDBObjectStore.prototype;
      let aborts = 2;
      IDBObjectStore.prototype.put = function (value, key) {
        const request = put.call(this, value, key);
        if (this.name === "sys" && aborts > 0) {
          aborts -= 1;
          this.transaction.abort();
        }
        return request;
      };
      const token = (await adapter.allRows()).token;
      const one = await kit.put({ key: "k" });
      const expect = [{ key: one.key, revision: 0 }];
      kit.equal(await kit.commit(adapter, { put: [one], expect }), token + 1, "the token");
      await kit.holds(adapter, [one], "afterwards");
    }),
  ),
);

browserTest("a browser that never answers is a TIMEOUT, and the next call works", () =>
  withPage(async (page) => {
    await addModule(page, "browser/hanging.ts", "hanging");
    await page.evaluate(async () => {
      const core = await kit.loadCore();
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
      const adapter = kit.indexedDbAdapter("db", { deadlineMs: 200 });
      await kit.rejects(adapter.open({ core }), "TIMEOUT", "open");
      IDBFactory.prototype.open = open;
      await adapter.open({ core });
      const old = await kit.store(adapter, { key: "k" });

      const end = hanging.hang();
      await kit.rejects(kit.row(adapter, "k"), "TIMEOUT", "a read");
      await kit.rejects(kit.store(adapter, { key: "new" }), "TIMEOUT", "a commit");
      end();
      await kit.holds(adapter, [old], "afterwards");
    });
  }),
);

browserTest("without IndexedDB, or with it forbidden: UNSUPPORTED", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const core = await kit.loadCore();
      Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
      const open = (): Promise<unknown> => kit.indexedDbAdapter("db").open({ core });
      await kit.rejects(open(), "UNSUPPORTED", "there is none");
      await kit.rejects(kit.indexedDbAdapter("db").destroy(), "UNSUPPORTED", "destroy");
      Object.defineProperty(globalThis, "indexedDB", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
      await kit.rejects(open(), "UNSUPPORTED", "it is forbidden");
    }),
  ),
);

browserTest("a database that is not ours, damaged, or of a newer format is left alone", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const core = await kit.loadCore();
      const open = (): Promise<unknown> => kit.indexedDbAdapter("db").open({ core });
      const raw = (name: string, upgrade?: (db: IDBDatabase) => void): Promise<IDBDatabase> =>
        new Promise((resolve) => {
          const request = indexedDB.open(name);
          request.onupgradeneeded = () => upgrade?.(request.result);
          request.onsuccess = () => resolve(request.result);
        });
      const foreign = await raw("foreign", (db) => void db.createObjectStore("theirs"));
      foreign.close();
      const not = kit.indexedDbAdapter("foreign").open({ core });
      await kit.rejects(not, "INVALID_CONFIG", "a database of somebody else");

      const adapter = await kit.open("db");
      await kit.store(adapter, { key: "k" });
      await adapter.close();
      const write = async (place: unknown): Promise<void> => {
        const db = await raw("db");
        const transaction = db.transaction("sys", "readwrite");
        transaction.objectStore("sys").put(place, "place");
        await new Promise((resolve) => {
          transaction.oncomplete = resolve;
        });
        db.close();
      };
      await write({ major: 2, minor: 0, storeId: "x", token: 5, horizon: 0 });
      await kit.rejects(open(), "FORMAT_TOO_NEW", "a newer major format");
      await write({ major: 1 });
      await kit.rejects(open(), "CORRUPT", "a damaged record");
      await write("nonsense");
      await kit.rejects(open(), "CORRUPT", "nonsense");
    }),
  ),
);

browserTest("without Web Locks sections exclude each other in the page, and say no more", () =>
  withPage((page) =>
    page.evaluate(async () => {
      Object.defineProperty(navigator, "locks", { value: undefined });
      const adapter = kit.indexedDbAdapter("db");
      const { capabilities } = await adapter.open({ core: await kit.loadCore() });
      kit.equal(capabilities.exclusive, false, "capabilities.exclusive");
      const order: string[] = [];
      const section = async (name: string): Promise<void> => {
        order.push(name);
        await kit.pause(5);
        order.push(name);
      };
      await Promise.all(["a", "b"].map((name) => adapter.exclusive("x", () => section(name))));
      kit.equal(order, ["a", "a", "b", "b"], "order");
    }),
  ),
);

browserTest("bodies nobody names, and old tombstones, are collected; sizes are exact", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const { token } = await adapter.allRows();
      const count = (store: string): Promise<number> =>
        new Promise((resolve) => {
          indexedDB.open("db").onsuccess = (opened) => {
            const db = (opened.target as IDBOpenDBRequest).result;
            const request = db.transaction(store).objectStore(store).count();
            request.onsuccess = () => {
              db.close();
              resolve(request.result);
            };
          };
        });
      const shared = kit.noise(1, 1000);
      const [a, b] = [
        await kit.put({ key: "a", body: shared }),
        await kit.put({ key: "b", body: shared }),
      ];
      const row = a.key.length + a.hash.length + a.meta.length;
      await kit.commit(adapter, { put: [a, b] });
      kit.equal((await adapter.usage()).bytes, 1000 + 2 * row, "bytes of two rows and a body");
      await kit.store(adapter, { key: "a", body: "12345" });
      await kit.store(adapter, { key: "b", body: "12345" });
      kit.equal([await count("bodies"), await count("rows")], [1, 2], "bodies and rows");
      kit.equal((await adapter.usage()).bytes, 5 + 2 * row, "bytes after both were replaced");

      const many = await Promise.all(
        Array.from({ length: 10_001 }, (_, i) => kit.put({ key: `many ${i}`, body: "many" })),
      );
      await kit.commit(adapter, { put: many });
      await kit.commit(adapter, { delete: [a.key] });
      kit.equal(await count("rows"), 10_003, "rows with one tombstone");
      const keys = many.map(({ key }) => key);
      await kit.commit(adapter, { delete: [...keys, b.key] });
      kit.equal([await count("bodies"), await count("rows")], [0, 0], "bodies and rows at the end");
      kit.equal((await adapter.usage()).bytes, 0, "bytes at the end");
      kit.equal(await adapter.changes(token), "reset", "changes since before the collection");
    }),
  ),
);

browserTest("no more than the bytes given is written, whatever they are a view of", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const written: number[] = [];
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, key) {
        const buffers = [value, key, ...Object.values(value)].map((part) => part?.buffer ?? part);
        written.push(...buffers.filter((part) => part instanceof ArrayBuffer).map(size));
        return put.call(this, value, key);
      };
      const size = (buffer: ArrayBuffer): number => buffer.byteLength;
      const adapter = await kit.open("db");
      const memory = new WebAssembly.Memory({ initial: 16 });
      const view = (at: number, length: number) => new Uint8Array(memory.buffer, at, length);
      view(300, 10).fill(9);
      const { hash } = await kit.put({ key: "k", body: view(300, 10) });
      view(100, 32).set(hash);
      const one = {
        key: view(0, 8),
        url: "u",
        hash: view(100, 32),
        meta: view(200, 5),
        body: view(300, 10),
      };
      await kit.commit(adapter, { put: [one] });
      await adapter.saveIndex(view(0, 50), (await adapter.allRows()).token);
      kit.ok(Math.max(...written) <= 50, `a buffer of ${Math.max(...written)} bytes was written`);
      await kit.holds(adapter, [one], "afterwards");
    }),
  ),
);

chromiumTest("a frozen tab that wakes up goes on", "its DevTools protocol freezes tabs", () =>
  withChromium(async ({ context, open }) => {
    const page = await open();
    const devtools = await context.newCDPSession(page);
    await page.evaluate(async () => {
      const adapter = await kit.open("db");
      const old = await kit.store(adapter, { key: "k" });
      Object.assign(globalThis, { fixture: { adapter, old } });
    });
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await page.evaluate(() => kit.holds(fixture.adapter, [fixture.old], "after the tab woke up"));
  }),
);

declare global {
  /** In the page: what one step of a test leaves for the next. */
  var fixture: { adapter: HostAdapter; old: HostPut };
}
