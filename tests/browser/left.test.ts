/** The copy of a queue that a page left: who takes it in, and what of it counts. */

import assert from "node:assert/strict";
import { browserTest, withPage } from "./harness.js";

browserTest("what was left is taken in by the next one to open the database", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const gone = await kit.open("db");
      const kept = await kit.store(gone, { key: "kept" });
      const deleted = await kit.store(gone, { key: "deleted" });
      const left = await kit.put({ key: "left", body: "left behind" });
      gone.commitSync?.({ put: [left], delete: [deleted.key] });
      const next = await kit.open("db");
      await kit.holds(next, [kept, left], "after the opening");
      const third = await kit.open("db");
      await kit.holds(third, [kept, left], "taken in once");
      kit.equal((await third.allRows()).token, (await next.allRows()).token, "and not again");
    }),
  ),
);

browserTest("a page that lives on commits its queue itself, and the copy goes", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const [one, two] = [await kit.put({ key: "one" }), await kit.put({ key: "two" })];
      adapter.commitSync?.({ put: [one, two], delete: [] });
      await kit.commit(adapter, { put: [one, two] });
      const { token } = await adapter.allRows();
      const next = await kit.open("db");
      kit.equal((await next.allRows()).token, token, "nothing was left to take in");
      await kit.holds(next, [one, two], "committed");
    }),
  ),
);

browserTest("a write that another took in is not done again over what came after it", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const left = await kit.put({ key: "k", body: "left" });
      const fresh = await kit.put({ key: "fresh", body: "put since" });
      const gone = await kit.store(adapter, { key: "gone" });
      adapter.commitSync?.({ put: [left], delete: [gone.key] });
      const other = await kit.open("db");
      await kit.holds(other, [left], "taken in");
      await kit.pause(5);
      const updated = await kit.store(other, { key: "k", body: "made of what was left" });
      const restored = await kit.store(other, { key: "gone", body: "back" });
      await kit.commit(adapter, { put: [left, fresh], delete: [gone.key] });
      await kit.holds(adapter, [updated, restored, fresh], "the later ones stay");
      const last = await kit.store(adapter, { key: "k", body: "put after that" });
      await kit.holds(adapter, [last, restored, fresh], "a write of its own counts as ever");
    }),
  ),
);

browserTest("a commit that was under way and was done is not done again later", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const [adapter, other] = [await kit.open("db"), await kit.open("db")];
      const one = await kit.put({ key: "k", body: "under way" });
      // All in one millisecond: no time tells that the copy is older, so it has to be gone.
      const time = Date.now();
      Date.now = () => time;
      const running = kit.commit(adapter, { put: [one] });
      adapter.commitSync?.({ put: [one], delete: [] });
      await running;
      const later = await kit.store(other, { key: "k", body: "made of it" });
      const next = await kit.open("db");
      await kit.holds(next, [later], "after the opening");
    }),
  ),
);

browserTest("of two pages that left one row the later write counts, in whatever order", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const [a, b] = [await kit.open("db"), await kit.open("db")];
      const [first, last] = [
        await kit.put({ key: "k", body: "first" }),
        await kit.put({ key: "k", body: "last" }),
      ];
      for (const [early, late] of [
        [a, b],
        [b, a],
      ] as const) {
        early.commitSync?.({ put: [first], delete: [] });
        await kit.pause(5);
        late.commitSync?.({ put: [last], delete: [] });
        await kit.holds(await kit.open("db"), [last], "the last one");
      }
    }),
  ),
);

browserTest("a page that was hidden and goes on leaves no copy behind", () =>
  withPage(async (page) => {
    const left = await page.evaluate(async () => {
      const { openSchemaStore } = (await import("/dist/index.js" as string)) as {
        openSchemaStore: typeof import("../../dist/index.js").openSchemaStore;
      };
      const store = await openSchemaStore({ databaseName: "hidden" });
      const names = (): Promise<IDBValidKey[]> =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("hidden");
          opening.onsuccess = () => {
            const request = opening.result.transaction("side").objectStore("side").getAllKeys();
            request.onsuccess = () => resolve(request.result);
            opening.result.close();
          };
          opening.onerror = () => reject(opening.error);
        });
      Object.defineProperty(document, "visibilityState", { value: "hidden", writable: true });
      let copies = 0;
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, key) {
        if (String(key).startsWith("left:")) copies += 1;
        return put.call(this, value, key);
      };
      const seen: [number, unknown][] = [];
      for (let n = 0; n < 5; n += 1) {
        await store.put({ url: "u", n });
        document.dispatchEvent(new Event("visibilitychange"));
        await store.flush();
        seen.push([copies, await store.get("u")]);
      }
      const after = (await names()).filter((name) => String(name).startsWith("left:"));
      await store.close();
      return { seen, after };
    });
    assert.deepEqual(left.after, []);
    for (const [n, [copies, value]] of left.seen.entries()) {
      assert.deepEqual([copies, value], [n + 1, { url: "u", n }]);
    }
  }),
);

browserTest("a commit that was done, but not heard of, is no later write than it was", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const [adapter, other] = [await kit.open("db"), await kit.open("db")];
      const one = await kit.put({ key: "k", body: "done already" });
      let hear: () => void = () => {};
      const heard = new Promise<void>((resolve) => {
        hear = resolve;
      });
      const { transaction } = IDBDatabase.prototype;
      const done = new Promise((resolve) => {
        IDBDatabase.prototype.transaction = function (...options) {
          const made = transaction.apply(this, options);
          made.addEventListener("complete", resolve);
          Object.defineProperty(made, "oncomplete", {
            set: (tell: () => void) =>
              made.addEventListener("complete", () => void heard.then(tell)),
          });
          return made;
        };
      });
      const running = kit.commit(adapter, { put: [one] });
      await done;
      IDBDatabase.prototype.transaction = transaction;
      const later = await kit.store(other, { key: "k", body: "made of it" });
      await kit.pause(5);
      adapter.commitSync?.({ put: [one], delete: [] });
      await kit.holds(await kit.open("db"), [later], "after the opening");
      hear();
      await running;
    }),
  ),
);

browserTest("a write that is left counts over what was written before it, heard of or not", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const [adapter, other] = [await kit.open("db"), await kit.open("db")];
      const one = await kit.put({ key: "k", body: "left" });
      await kit.store(other, { key: "k", body: "not heard of" });
      await kit.pause(5);
      adapter.commitSync?.({ put: [one], delete: [] });
      await kit.holds(await kit.open("db"), [one], "over what it had not heard of");

      const next = await kit.open("clock");
      const { now } = Date;
      Date.now = () => now() + 3_600_000;
      await kit.store(next, { key: "k", body: "of a clock that is an hour ahead" });
      Date.now = now;
      next.commitSync?.({ put: [one], delete: [] });
      await kit.holds(await kit.open("clock"), [one], "over what it knew, whatever the clock");
    }),
  ),
);

browserTest("after a copy was taken back the same write counts anew", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const [adapter, other] = [await kit.open("db"), await kit.open("db")];
      const one = await kit.put({ key: "k", body: "the same again" });
      adapter.commitSync?.({ put: [one], delete: [] });
      await kit.commit(adapter, { put: [one] });
      await kit.pause(5);
      const theirs = await kit.store(other, { key: "k", body: "by another" });
      await kit.holds(adapter, [theirs], "in between");
      await kit.commit(adapter, { put: [one] });
      await kit.holds(other, [one], "at the end");
    }),
  ),
);

for (const [what, from, to] of [
  ["damaged", /^/, "\0\0"],
  ["cut short", /[\s\S]{3}$/, ""],
  ["longer than it says", /$/, "more"],
  ["of a later format", /"format":1/, '"format":2'],
] as const) {
  browserTest(`a copy that is ${what} stays, and is told`, () =>
    withPage((page) =>
      page.evaluate(
        async ([pattern, to]) => {
          const adapter = await kit.open("db");
          const left = await kit.put({ key: "left" });
          adapter.commitSync?.({ put: [left], delete: [] });
          await new Promise<void>((resolve) => {
            const opening = indexedDB.open("db");
            opening.onsuccess = () => {
              const transaction = opening.result.transaction("side", "readwrite");
              const side = transaction.objectStore("side");
              const cursor = side.openCursor() as IDBRequest<IDBCursorWithValue>;
              cursor.onsuccess = () => {
                const text = String.fromCharCode(...new Uint8Array(cursor.result.value));
                const changed = text.replace(new RegExp(pattern), to);
                const bytes = Uint8Array.from(changed, (letter) => letter.charCodeAt(0));
                cursor.result.update(bytes.buffer);
              };
              transaction.oncomplete = () => {
                opening.result.close();
                resolve();
              };
            };
          });
          const core = await kit.loadCore();
          for (const when of ["at first", "and again"]) {
            const next = kit.indexedDbAdapter("db");
            const { damage } = await next.open({ core });
            kit.equal(damage.length, 1, `one sentence of damage ${when}`);
            await kit.holds(next, [], `nothing of it is taken in ${when}`);
          }
        },
        [from.source, to] as const,
      ),
    ),
  );
}

browserTest("the same content put again after the copy was filed elsewhere is a new write", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const [one, gone] = [await kit.put({ key: "k", body: "one" }), await kit.put({ key: "d" })];
      await kit.commit(adapter, { put: [gone] });
      // Copied while their commits are under way, as by a tab that is hidden just then.
      const put = kit.commit(adapter, { put: [one] });
      const deletion = kit.commit(adapter, { put: [], delete: [gone.key] });
      adapter.commitSync?.({ put: [one], delete: [gone.key] });
      await Promise.all([put, deletion]);
      const other = await kit.open("db");
      await kit.pause(5);
      await kit.store(other, { key: "k", body: "two" });
      await kit.store(other, { key: "d", body: "back" });
      await kit.pause(5);
      const again = await kit.put({ key: "k", body: "one" });
      await kit.commit(adapter, { put: [again], delete: [kit.utf8("d")] });
      await kit.holds(adapter, [again], "the later put and deletion count");
    }),
  ),
);

browserTest("a copy stays until all of it is committed, whatever else is written", () =>
  withPage((page) =>
    page.evaluate(async () => {
      const adapter = await kit.open("db");
      const [a, b, other] = [
        await kit.put({ key: "a" }),
        await kit.put({ key: "b" }),
        await kit.put({ key: "other" }),
      ];
      adapter.commitSync?.({ put: [a, b], delete: [] });
      await kit.commit(adapter, { put: [other], expect: [{ key: other.key, revision: 0 }] });
      await kit.commit(adapter, { put: [a] });
      // The page ends here; the next one finds what was not committed.
      await kit.holds(await kit.open("db"), [other, a, b], "after the opening");
    }),
  ),
);
