/** A slot that is given up while a call is on its way may have a new owner: no answer comes from there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { MemoryPlace, memoryAdapter, openStore } from "./kit.js";

const X = "http://example.org/X";
const Y = "http://example.org/Y";

interface Named {
  readonly url: string;
}

/** Calls that read X; each returns the URL of what it found. */
const CALLS: Record<string, (store: SchemaStore) => Promise<string | undefined>> = {
  get: async (store) => (await store.get<Named>(X))?.url,
  getMany: async (store) => (await store.getMany<Named>([X]))[0]?.url,
  getText: async (store) => JSON.parse((await store.getText(X)) ?? "{}").url,
  entry: async (store) => {
    const entry = await store.entry<Named>(X);
    assert.equal(entry?.metadata.url, entry?.value.url);
    return entry?.value.url;
  },
  metadata: async (store) => (await store.metadata(X))?.canonical,
  has: async (store) => ((await store.has(X)) ? X : undefined),
  pin: async (store) => {
    await store.pin(X);
    return store.getSync<Named>(X)?.url;
  },
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name} is about its own entry, whoever has the slot by now`, async () => {
    for (let microtasks = 0; microtasks < 12; microtasks += 1) {
      const place = new MemoryPlace();
      const first = await openStore({ adapter: memoryAdapter(place) });
      await first.put({ url: X, n: 1 });
      await first.close();
      let time = Date.now();
      const store = await openStore({ adapter: memoryAdapter(place), now: () => time });
      // What is loaded on first use would come in between.
      await store.metadata(X);
      const found = call(store);
      for (let at = 0; at < microtasks; at += 1) await null;
      void store.put({ url: X, n: 2 });
      // The core frees what was retired when time has passed.
      time += 1;
      void store.put({ url: Y });
      assert.equal(await found, X, `${microtasks}`);
      assert.deepEqual(await store.get(X), { url: X, n: 2 });
      await store.put({ url: X, n: 3 });
      assert.deepEqual([await store.get(X), store.getSync(X)], Array(2).fill({ url: X, n: 3 }));
      await store.delete(X);
      assert.deepEqual(
        [await store.get(X), store.getSync(X), await store.has(X)],
        [undefined, undefined, false],
      );
      await store.close();
    }
  });
}

test("a call that a close overtakes is CLOSED", async () => {
  for (const [name, call] of Object.entries(CALLS)) {
    const store = await openStore();
    await store.put({ url: Y });
    const found = call(store);
    void store.close();
    await assert.rejects(found, { code: "CLOSED" }, name);
  }
});
