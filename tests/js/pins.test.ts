/** Pins: what a canonical means stays in memory, whatever it comes to mean. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { MemoryPlace, memoryAdapter, openStore, until } from "./kit.js";
import { a1, a2, each } from "./settings.js";

const HOUR = 3_600_000;

async function leased(store: SchemaStore): Promise<number> {
  return (await store.stats()).memory.leasedBytes;
}

/** Reads so much else that nothing stays that may leave. */
async function churn(store: SchemaStore, count = 60): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await store.put({ url: `churn${n}`, n });
    await store.flush();
    await store.get(`churn${n}`);
    await store.get(`churn${n}`);
  }
}

each("a pinned value stays in memory, and may leave when it is unpinned", async (open) => {
  const store = await open({ maxEntries: 3, evictionPolicy: "lru" });
  await store.put(a1);
  await store.pin(" http://x/A ");
  const value = await store.get("http://x/A");
  await churn(store);
  assert.equal(store.getSync("http://x/A"), value, "no read in between");
  assert.ok((await store.stats()).memory.residentEntries <= 3);
  assert.equal(await store.unpin("http://x/A"), true);
  assert.equal(await store.unpin("http://x/A"), false);
  assert.equal(await leased(store), 0);
  await churn(store);
  assert.equal(store.getSync("http://x/A"), undefined);
});

each("pins count", async (open) => {
  const store = await open({ maxEntries: 3 });
  await store.put(a1);
  await Promise.all([store.pin("http://x/A|1.0"), store.pin("http://x/A|1.0")]);
  await store.pin("http://x/A");
  const once = await leased(store);
  assert.equal(await store.unpin("http://x/A|1.0"), true);
  assert.equal(await store.unpin("http://x/A"), true);
  assert.equal(await leased(store), once, "one pin is left");
  assert.equal(await store.unpin("http://x/A|1.0"), true);
  assert.equal(await leased(store), 0);
  assert.equal(await store.unpin("http://x/A|1.0"), false);
});

each("a pin follows its canonical", async (open) => {
  let now = 1_000_000;
  const store = await open({ maxEntries: 4, evictionPolicy: "w-tiny-lfu", now: () => now });
  await store.put(a1);
  await store.pin("http://x/A");
  const changed = { ...a1, name: "changed" };
  await store.put(changed);
  await churn(store);
  assert.deepEqual(store.getSync("http://x/A"), changed, "the same row, put again");
  await store.pin("http://x/A|1.0");
  await store.put(a2, { ttlHours: 1 });
  await store.get("http://x/A");
  await churn(store, 20);
  assert.deepEqual(store.getSync("http://x/A"), a2, "a newer version");
  now += 2 * HOUR;
  await store.has("http://x/A");
  assert.deepEqual(await store.get("http://x/A"), changed, "the older one, after its time");
  await churn(store, 20);
  assert.deepEqual(store.getSync("http://x/A"), changed);
  await store.delete("http://x/A");
  assert.equal(await leased(store), 0, "nothing is there to be pinned");
  await store.put(a1);
  await churn(store, 20);
  assert.deepEqual(store.getSync("http://x/A"), a1, "what is put later");
  assert.equal(await store.unpin("http://x/A"), true);
  assert.equal(await store.unpin("http://x/A|1.0"), true);
  assert.equal(await leased(store), 0);
});

test("memory: a pinned entry is never lost, however often it is put again", async () => {
  for (const evictionPolicy of ["lru", "lfu", "random", "w-tiny-lfu", "gdsf", "s3-fifo"] as const) {
    const store = await openStore({ strategy: "memory", evictionPolicy, maxEntries: 4 });
    await store.put({ url: "pinned", n: -1 });
    await store.pin("pinned");
    for (let n = 0; n < 200; n += 1) {
      await store.put({ url: `u${n}`, n });
      for (let hit = 0; hit < 5; hit += 1) store.getSync(`u${n - hit}`);
      if (n % 3 === 0) await store.put({ url: "pinned", n });
      assert.deepEqual(store.getSync("pinned"), { url: "pinned", n: n - (n % 3) }, evictionPolicy);
    }
    await store.close();
  }
});

test("a pin follows what another store writes", async () => {
  const place = new MemoryPlace();
  const one = await openStore({ adapter: memoryAdapter(place) });
  const two = await openStore({ adapter: memoryAdapter(place) });
  await one.put({ url: "u", n: 1 }, { durable: true });
  await two.pin("u");
  await one.put({ url: "u", n: 2 }, { durable: true });
  await two.refresh();
  await until(() => two.getSync<{ n: number }>("u")?.n === 2, "the value, without a get");
  await one.delete("u");
  await one.flush();
  await two.refresh();
  assert.equal(await leased(two), 0);
  await one.close();
  await two.close();
});

test("a pin is refused where there is no room, and nothing stays held", async () => {
  const store = await openStore({ memoryLimitMb: 1 });
  const filler = "x".repeat(500_000);
  await store.put({ url: "one", filler });
  await store.put({ url: "two", filler });
  await store.pin("one");
  const before = await leased(store);
  await assert.rejects(store.pin("two"), {
    code: "STORAGE_FULL",
    key: "two",
    message: /two.*memoryLimitMb/,
  });
  assert.equal(await leased(store), before);
  assert.equal(await store.unpin("two"), false);
  assert.equal(
    ((await store.get("two")) as { url: string }).url,
    "two",
    "it can be read all the same",
  );
  await store.close();
});

test("a pin that cannot follow says so, and is tried again", async () => {
  const store = await openStore({ memoryLimitMb: 1 });
  const errors: unknown[] = [];
  store.on("error", ({ error }) => errors.push(error.code));
  await store.put({ url: "one", filler: "x".repeat(286_000) });
  await store.put({ url: "two", n: 1 });
  await store.flush();
  await store.pin("one");
  await store.pin("two");
  const grown = { url: "two", filler: "x".repeat(500_000) };
  await store.put(grown);
  await store.flush();
  assert.deepEqual(errors, ["STORAGE_FULL"]);
  assert.deepEqual(await store.get("two"), grown);
  await store.put({ url: "two", n: 2 });
  await store.flush();
  assert.ok((await leased(store)) > 500_000);
  await store.unpin("one");
  assert.ok((await leased(store)) > 0, "two is pinned again");
  await store.close();
});

each("pins end with the store", async (open) => {
  const store = await open();
  await store.put(a1);
  await store.pin("http://x/A");
  await store.close();
  await assert.rejects(store.pin("http://x/A"), { code: "CLOSED" });
  await assert.rejects(store.unpin("http://x/A"), { code: "CLOSED" });
  const again = await open();
  assert.equal(await leased(again), 0);
});
