/** Statistics per tier, events and their listeners. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import type { LoadingTierStats, Stats } from "../../dist/types.js";
import { filled, MemoryPlace, memoryAdapter, openStore, random, turn } from "../js/kit.js";

const HOUR = 3_600_000;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function counts(tier: LoadingTierStats): readonly number[] {
  assert.equal(sum(tier.loadTimes.counts), tier.loads, "every load has its bucket");
  assert.equal(tier.loadTimes.counts.length, tier.loadTimes.upToMs.length + 1);
  return [tier.hits, tier.misses, tier.loads];
}

test("each look-up is counted where it was answered, and where it was not", async () => {
  const place = await filled({ url: "a" }, { url: "b" }, { url: "c" });
  const store = await openStore({
    adapter: memoryAdapter(place),
    resolver: async (canonical) => {
      if (canonical === "bad") throw new Error("no");
      return canonical === "net" ? { url: "net" } : undefined;
    },
  });
  const stats = async () => (await store.stats()).tiers;
  assert.deepEqual((await stats()).memory, { hits: 0, misses: 0, hitRatio: 0 });

  assert.equal(store.getSync("a"), undefined);
  await store.get("a");
  store.getSync("a");
  await store.get("a");
  await store.get("a");
  let { memory, disk, network } = await stats();
  assert.deepEqual(memory, { hits: 3, misses: 2, hitRatio: 0.6 });
  assert.deepEqual(counts(disk), [1, 0, 1]);
  assert.deepEqual(counts(network), [0, 0, 0]);

  // Two callers, one load; then many at once; then the text, which is decoded already.
  await Promise.all([store.get("b"), store.get("b")]);
  await store.getMany(["a", "b", "c"]);
  await store.getText("c");
  ({ memory, disk, network } = await stats());
  assert.deepEqual([memory.hits, memory.misses], [5, 6]);
  assert.deepEqual(counts(disk), [4, 0, 4]);

  await store.get("net");
  await store.get("nowhere");
  await assert.rejects(store.get("bad"), { code: "RESOLVER" });
  ({ memory, disk, network } = await stats());
  assert.deepEqual([memory.hits, memory.misses], [5, 9]);
  assert.deepEqual(counts(disk), [4, 3, 4]);
  assert.equal(disk.hitRatio, 4 / 7);
  assert.deepEqual(counts(network), [1, 1, 3]);
  assert.equal((await store.stats()).misses, 1);
  await store.getText("net");
  assert.equal((await stats()).memory.hits, 6, "the text of what is not durable yet");
  await store.close();
});

test("load times go into buckets of powers of two of a millisecond", async () => {
  const store = await openStore({
    strategy: "memory",
    resolver: async (canonical) => {
      await new Promise((resolve) => setTimeout(resolve, Number(canonical)));
      return undefined;
    },
  });
  for (const wait of [40, 300]) await store.get(`${wait}`);
  const { upToMs, counts } = (await store.stats()).tiers.network.loadTimes;
  assert.deepEqual(
    upToMs,
    [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  );
  const [fastest = 0, slowest = 0] = counts.flatMap((count, at) => (count > 0 ? [at] : []));
  assert.ok((upToMs[fastest] ?? 0) >= 40, `${counts}`);
  assert.ok((upToMs[slowest] ?? 0) >= 300 && slowest > fastest, `${counts}`);
  assert.equal(sum(counts), 2);
  await store.close();
});

/** Reads and writes at random; answers how often each cause was told. */
async function stir(store: SchemaStore, urls: number, size: number) {
  const causes: Record<string, number> = {};
  store.on("evict", ({ cause }) => {
    causes[cause] = (causes[cause] ?? 0) + 1;
  });
  const next = random(11);
  for (let n = 0; n < 400; n += 1) {
    const url = `u${next(urls)}`;
    if (next(3) === 0) await store.put({ url, n, filler: "x".repeat(next(size)) });
    else await store.get(url);
  }
  await store.flush();
  await turn();
  return causes;
}

for (const strategy of ["memory", "memory-disk"] as const) {
  test(`${strategy}: evictions by cause are what the events say`, async () => {
    const bySize = await openStore({ strategy, memoryLimitMb: 1, maxEntries: 1000 });
    const size = await stir(bySize, 60, 80_000);
    let { evictions } = await bySize.stats();
    assert.ok(evictions.size > 0);
    assert.deepEqual(size, { size: evictions.size });
    assert.deepEqual({ ...evictions, size: 0 }, none);
    await bySize.close();

    const byEntries = await openStore({ strategy, maxEntries: 20 });
    const entries = await stir(byEntries, 60, 100);
    let stats: Stats = await byEntries.stats();
    assert.ok(stats.evictions.entries > 0);
    assert.deepEqual(entries, { entries: stats.evictions.entries });
    assert.ok(stats.refusedAdmissions <= stats.evictions.entries);
    await byEntries.close();

    let now = HOUR;
    const store = await openStore({ strategy, now: () => now });
    for (const url of ["a", "b", "c", "d"]) {
      await store.put({ url }, url === "a" ? { ttlHours: 1 } : {});
    }
    await store.flush();
    await store.getMany(["a", "b"]);
    assert.equal((await store.stats()).memory.residentEntries, 4);
    await store.delete("b");
    now += HOUR;
    assert.equal(await store.has("a"), false);
    ({ evictions } = await store.stats());
    assert.deepEqual(evictions, { ...none, expired: 1, explicit: 1 });
    stats = await store.stats();
    assert.deepEqual([stats.expirations, stats.deletes, stats.refusedAdmissions], [1, 1, 0]);
    await store.put({ url: "c", again: true });
    await store.flush();
    assert.deepEqual((await store.stats()).evictions, evictions, "replacing evicts nothing");
    await store.close();
  });
}

const none = { size: 0, entries: 0, expired: 0, explicit: 0, pressure: 0 };

test("w-tiny-lfu refuses what is asked for once, and says so", async () => {
  const store = await openStore({ maxEntries: 10 });
  for (let n = 0; n < 400; n += 1) {
    const url = `u${n % 2 === 0 ? n % 16 : n}`;
    if ((await store.get(url)) === undefined) await store.put({ url });
    if (n % 16 === 0) await store.flush();
  }
  const { refusedAdmissions, evictions } = await store.stats();
  assert.ok(refusedAdmissions > 0 && refusedAdmissions < evictions.entries, `${refusedAdmissions}`);
  await store.close();
});

test("a listener that throws, or rejects, breaks nothing", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const store = await openStore({ strategy: "memory-disk", maxEntries: 1 });
  const seen: string[] = [];
  for (const name of ["put", "delete", "evict", "flush", "change"] as const) {
    store.on(name, () => {
      throw new Error(`${name} throws`);
    });
    store.on(name, async () => {
      throw new Error(`${name} rejects`);
    });
    store.on(name, () => seen.push(name));
  }
  store.watch("a", () => {
    throw new Error("watch throws");
  });
  store.watch("a", async () => {
    throw new Error("watch rejects");
  });
  await store.put({ url: "a" });
  await store.put({ url: "b" });
  await store.flush();
  await store.delete("b");
  await turn();
  for (const name of ["put", "delete", "evict", "flush", "change"]) {
    assert.ok(seen.includes(name), `the third listener of ${name} was told`);
  }
  assert.deepEqual(await store.get("a"), { url: "a" });
  const messages = logged.mock.calls.map(({ arguments: [, error] }) => String(error));
  for (const how of ["throws", "rejects"]) {
    for (const name of ["put", "delete", "evict", "flush", "change", "watch"]) {
      assert.ok(messages.includes(`Error: ${name} ${how}`), `${name} ${how}`);
    }
  }
  await store.close();
});

test("memory that nothing leads to any more is let go", async () => {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: memoryAdapter(place), maxEntries: 10 });
  for (let n = 0; n < 2000; n += 1) {
    await store.put({ url: `u${n}`, version: "1" });
    await store.get(`u${n}`);
    await store.get(`u${n}|1`);
  }
  const { memory } = await store.stats();
  // 4 spellings an entry and a thousand, at about 300 bytes, and the values of ten.
  assert.ok(memory.hotEntries <= 1064, `${memory.hotEntries}`);
  assert.ok(memory.hotMapBytes <= 350 * 1064, `${memory.hotMapBytes}`);
  store.trim();
  const trimmed = (await store.stats()).memory;
  assert.deepEqual([trimmed.hotEntries, trimmed.hotMapBytes], [0, 0]);
  await store.close();
});
