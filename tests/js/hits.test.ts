/** The report of hits: what waits for it changes nothing but the number of calls to the core. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import type { EvictionCandidate, StoreOptions } from "../../dist/types.js";
import { opener } from "../../js/open.js";
import { loadCore } from "./core.js";
import { memoryAdapter, openStore, random, turn } from "./kit.js";

const KEYS = 60;
const STEPS = 2500;

/** Seeded alike, so that two stores draw alike. */
const openAlike = opener({
  loadCore,
  defaultAdapter: () => memoryAdapter(),
  random: (length) => new Uint8Array(length).fill(7),
  onExit: () => () => {},
});

/** Needs every number a candidate has. */
function byUsesPerByte(given: EvictionCandidate[]): EvictionCandidate[] {
  const worth = ({ uses, bytes, cost, idle, age }: EvictionCandidate) =>
    (uses * cost) / bytes / (1 + idle) + 1 / (1 + age);
  return given.sort((left, right) => worth(left) - worth(right));
}

const policies: readonly NonNullable<StoreOptions["evictionPolicy"]>[] = [
  ...(["lru", "lfu", "fifo", "random", "sieve", "s3-fifo", "w-tiny-lfu", "gdsf"] as const),
  { name: "custom", rank: byUsesPerByte },
];

/** Runs random work, and answers who was evicted after which step. */
async function run(options: StoreOptions, seed: number, unbuffered: boolean): Promise<string[]> {
  const store = await openAlike({ memoryLimitMb: 1, maxEntries: 20, ...options });
  const next = random(seed);
  const evicted: string[] = [];
  let step = 0;
  store.on("evict", ({ canonical }) => evicted.push(`${step}: ${canonical}`));
  for (; step < STEPS; step += 1) {
    // The lower the more popular.
    const url = `u${next(1 + next(KEYS))}`;
    const kind = next(40);
    if (kind === 0) await store.put({ url, step, filler: "x".repeat(next(90_000)) });
    else if (kind < 4) await store.get(url);
    else store.getSync(url);
    // Not left to a timer: bodies that are not durable yet take part in the budget.
    if (kind === 0) await store.flush();
    // Asking for what needs the core is what reports them.
    if (unbuffered) store.health();
    if (kind < 4) await turn();
  }
  await store.close();
  return evicted;
}

for (const evictionPolicy of policies) {
  const name = typeof evictionPolicy === "string" ? evictionPolicy : evictionPolicy.name;
  for (const strategy of ["memory", "memory-disk"] as const) {
    test(`${strategy}, ${name}: hits that wait are as good as hits told at once`, async () => {
      for (const seed of [1, 2]) {
        const options = { strategy, evictionPolicy, now: () => 1 };
        const waiting = await run(options, seed, false);
        assert.ok(waiting.length > 20, `${waiting.length} were evicted`);
        assert.deepEqual(waiting, await run(options, seed, true), `seed ${seed}`);
      }
    });
  }
}

/** A store of hot entries, and how often it looked at the clock, which it does at each report. */
async function hot(
  count: number,
  options: StoreOptions = {},
): Promise<[SchemaStore, string[], () => number]> {
  let looks = 0;
  const now = () => {
    looks += 1;
    return 1;
  };
  const store = await openStore({ strategy: "memory", now, ...options });
  const urls = Array.from({ length: count }, (_, n) => `u${n}`);
  for (const url of urls) await store.put({ url });
  await store.getMany(urls);
  store.health();
  looks = 0;
  return [store, urls, () => looks];
}

test("getMany reports hits once, and counts each", async () => {
  for (const count of [1, 256, 600]) {
    const [store, urls, looks] = await hot(count);
    const values = await store.getMany<{ url: string }>(urls);
    assert.deepEqual(
      values.map((value) => value?.url),
      urls,
    );
    assert.equal(looks(), 1, `${count} entries`);
    const before = (await store.stats()).tiers.memory.hits;
    await store.getMany(urls);
    await store.getMany([...urls, ...urls]);
    assert.equal((await store.stats()).tiers.memory.hits - before, 3 * count);
    await store.close();
  }
});

test("getSync of what is hot reports nothing, as long as nothing has a limited life", async () => {
  const [store, , looks] = await hot(3);
  const before = (await store.stats()).tiers.memory.hits;
  const looked = looks();
  for (let n = 1; n <= 100_000; n += 1) assert.ok(store.getSync(`u${n % 3}`));
  assert.equal(looks(), looked);
  assert.equal((await store.stats()).tiers.memory.hits - before, 100_000);
  await store.close();
});

test("getSync of what has a limited life looks at the clock each 256 hits", async () => {
  const [store, , looks] = await hot(3, { ttlHours: 1 });
  for (let n = 1; n <= 1000; n += 1) {
    assert.ok(store.getSync(`u${n % 3}`));
    assert.equal(looks(), Math.floor(n / 256));
  }
  await store.close();
});

test("hits of one entry count together, by whatever name it was asked for", async () => {
  const store = await openStore({ strategy: "memory", evictionPolicy: "lfu", maxEntries: 3 });
  const names = ["u", "u|1.0"];
  await store.put({ url: "u", version: "1.0" });
  for (const name of names) await store.get(name);
  await store.put({ url: "v" });
  await store.put({ url: "w" });
  await store.getMany(["v", "w"]);
  const uses = async () => (await store.metadata("u"))?.accessCount ?? 0;
  const before = await uses();
  // Each name less often than the others; all of them together more often.
  for (const name of [...names, ...names]) assert.ok(store.getSync(name));
  for (const name of ["v", "v", "v", "w", "w", "w"]) assert.ok(store.getSync(name));
  assert.equal((await uses()) - before, 4);
  await store.put({ url: "x" });
  assert.ok(store.getSync("u"));
  await store.close();
});
