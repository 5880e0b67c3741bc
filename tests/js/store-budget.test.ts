/** Budgets, eviction and limited lives, as a caller sees them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { MemoryPlace, memoryAdapter, openStore, random, turn } from "./kit.js";

const HOUR = 3_600_000;
const POLICIES = [
  "lru",
  "lfu",
  "fifo",
  "random",
  "sieve",
  "s3-fifo",
  "w-tiny-lfu",
  "gdsf",
  { name: "custom", rank: (given) => given.reverse() },
] satisfies StoreOptions["evictionPolicy"][];

function nameOf(policy: (typeof POLICIES)[number]): string {
  return typeof policy === "string" ? policy : policy.name;
}

async function readText(store: SchemaStore, url: string): Promise<{ n: number } | undefined> {
  const text = await store.getText(url);
  return text === undefined ? undefined : JSON.parse(text);
}

async function checkBudget(store: SchemaStore, maxEntries: number): Promise<void> {
  const { memory } = await store.stats();
  assert.ok(memory.usedBytes <= memory.limitBytes, `${memory.usedBytes} > ${memory.limitBytes}`);
  assert.ok(memory.residentEntries <= maxEntries);
}

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  for (const evictionPolicy of POLICIES) {
    test(`${strategy}, ${nameOf(evictionPolicy)}: memory stays within 1 MB after every call`, async () => {
      const next = random(7);
      const maxEntries = 40;
      const options: StoreOptions = { strategy, evictionPolicy, memoryLimitMb: 1, maxEntries };
      const store = await openStore(options);
      const last = new Map<string, number>();
      for (let n = 0; n < 600; n += 1) {
        const url = `u${next(60)}`;
        if (next(2) === 0) {
          const size = next(10) === 0 ? next(350_000) : next(20_000);
          last.set(url, n);
          await store.put({ url, n, filler: "x".repeat(size) });
        } else {
          const found = next(2) ? await store.get<{ n: number }>(url) : await readText(store, url);
          // In memory alone an evicted entry is gone; everywhere else nothing but the last put is right.
          const gone = found === undefined && strategy === "memory";
          if (!gone) assert.equal(found?.n, last.get(url));
        }
        await checkBudget(store, maxEntries);
      }
      const { evictions, rankingFailures } = await store.stats();
      assert.ok(evictions.size + evictions.entries > 0);
      assert.equal(rankingFailures, 0);
      await store.close();
    });
  }
}

for (const maxEntries of [1, 2, 10]) {
  test(`with ${maxEntries} places in memory every entry is still there`, async () => {
    const store = await openStore({ maxEntries });
    for (let n = 0; n < 30; n += 1) await store.put({ url: `u${n}`, n });
    await store.flush();
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 30; n += 1) {
        assert.deepEqual(await store.get(`u${n}`), { url: `u${n}`, n });
        await checkBudget(store, maxEntries);
      }
    }
    assert.ok((await store.stats()).evictions.entries >= 30);
    await store.close();
  });

  test(`memory: with ${maxEntries} places the entries beyond are gone, and told`, async () => {
    const store = await openStore({ strategy: "memory", evictionPolicy: "lru", maxEntries });
    const evicted: string[] = [];
    store.on("evict", ({ canonical }) => evicted.push(canonical));
    for (let n = 0; n < 30; n += 1) await store.put({ url: `u${n}`, n });
    assert.equal(await store.size(), maxEntries);
    await turn();
    assert.deepEqual(
      evicted,
      Array.from({ length: 30 - maxEntries }, (_, n) => `u${n}`),
    );
    for (let n = 0; n < 30; n += 1) {
      assert.equal(
        (await store.get<{ n: number }>(`u${n}`))?.n,
        n >= 30 - maxEntries ? n : undefined,
      );
    }
    await store.close();
  });
}

test("lru keeps what is read, fifo what came last", async () => {
  for (const [evictionPolicy, kept] of [
    ["lru", ["a", "c"]],
    ["fifo", ["b", "c"]],
  ] as const) {
    for (const reads of [1, 2, 300]) {
      const store = await openStore({ strategy: "memory", maxEntries: 2, evictionPolicy });
      await store.put({ url: "a" });
      await store.put({ url: "b" });
      for (let n = 0; n < reads; n += 1)
        assert.ok(n % 2 ? store.getSync("a") : await store.get("a"));
      await store.put({ url: "c" });
      assert.deepEqual(
        (await store.list()).map(({ url }) => url),
        kept,
        `${evictionPolicy} ${reads}`,
      );
      await store.close();
    }
  }
});

test("in memory an entry is there when its put resolves, whatever the policy", async () => {
  for (const evictionPolicy of POLICIES) {
    for (const maxEntries of [1, 2, 7]) {
      const store = await openStore({ strategy: "memory", evictionPolicy, maxEntries });
      for (let n = 0; n < 40; n += 1) {
        await store.put({ url: `u${n}`, n });
        assert.deepEqual(await store.get(`u${n}`), { url: `u${n}`, n }, nameOf(evictionPolicy));
        assert.equal(await store.size(), Math.min(n + 1, maxEntries), nameOf(evictionPolicy));
      }
      await store.close();
    }
  }
});

test("memory, lru: an entry is not evicted by its own reading", async () => {
  const store = await openStore({ strategy: "memory", evictionPolicy: "lru", memoryLimitMb: 1 });
  const filler = "x".repeat(300_000);
  for (const url of ["a", "b", "c"]) await store.put({ url, filler });
  assert.ok(await store.get("a"));
  assert.ok(await store.has("a"));
  assert.ok(store.getSync("a"));
  await store.close();
});

test("an entry too large is refused before anything is evicted", async () => {
  const store = await openStore({ strategy: "memory", memoryLimitMb: 1, maxEntryBytes: 500_000 });
  for (let n = 0; n < 5; n += 1) await store.put({ url: `u${n}`, filler: "x".repeat(50_000) });
  const refused = store.put({ url: "big", filler: "x".repeat(500_000) });
  await assert.rejects(refused, { code: "ENTRY_TOO_LARGE" });
  await assert.rejects(store.put({ url: "wide", filler: "x".repeat(499_000) }), {
    code: "STORAGE_FULL",
  });
  assert.equal(await store.size(), 5);
  await store.close();
});

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: an entry is hidden when its time is over`, async (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    let now = 1_000_000;
    const place = new MemoryPlace();
    const options = { strategy, adapter: memoryAdapter(place), now: () => now };
    const store = await openStore({ ...options, ttlHours: 2 });
    const expired: string[] = [];
    store.on("expire", ({ canonical }) => expired.push(canonical));
    const long = await store.put({ url: "long" });
    const short = await store.put({ url: "short" }, { ttlHours: 0.5 });
    assert.equal(long.expiresAt, now + 2 * HOUR);
    assert.equal(short.expiresAt, now + HOUR / 2);
    assert.ok(await store.get("short"));
    now += HOUR / 2 - 1;
    assert.ok(await store.get("short"));
    now += 1;
    // Only the timer looks at the clock here.
    context.mock.timers.tick(1000);
    assert.equal(store.getSync("short"), undefined);
    assert.equal(await store.get("short"), undefined);
    assert.equal(await store.getText("short"), undefined);
    assert.equal(await store.has("short"), false);
    assert.equal(await store.metadata("short"), undefined);
    assert.deepEqual(
      (await store.list()).map(({ url }) => url),
      ["long"],
    );
    await turn();
    assert.deepEqual(expired, ["short"]);
    assert.equal((await store.stats()).expirations, 1);
    await store.flush();
    if (strategy !== "memory") {
      const other = await openStore({ ...options, adapter: memoryAdapter(place) });
      assert.equal(await other.get("short"), undefined);
      assert.ok(await other.get("long"));
      if (strategy === "memory-disk") assert.ok(other.getSync("long"));
      now += 2 * HOUR;
      context.mock.timers.tick(1000);
      assert.equal(other.getSync("long"), undefined, "a row that came from the host expires too");
      assert.equal(await other.get("long"), undefined);
      await other.close();
    }
    now += 2 * HOUR;
    await store.put({ url: "short", again: true });
    assert.deepEqual(await store.get("short"), { url: "short", again: true });
    assert.equal(await store.clear(), strategy === "memory" ? 1 : 2);
    for (const ttlHours of [
      0,
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "1" as unknown as number,
    ]) {
      await assert.rejects(store.put({ url: "x" }, { ttlHours }), { code: "INVALID_VALUE" });
    }
    assert.equal(await store.size(), 0);
    await store.close();
  });
}
