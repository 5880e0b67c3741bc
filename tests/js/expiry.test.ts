/** How long entries live, and bodies in memory that nobody reads. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, entries, HOUR, isHidden, MINUTE, YEAR } from "./expiry-kit.js";
import { MemoryPlace, memoryAdapter, openStore, turn } from "./kit.js";
import { each } from "./settings.js";

const brief = { url: "http://x.org/brief", n: 1.5 };
const lasting = { url: "http://x.org/lasting" };

each("a life of one's own in milliseconds or hours goes before that of the store", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, ttlHours: 2 });
  const [ms, hours, stores] = await store.putMany([
    { value: { url: "ms" }, ttl: 1500 },
    { value: { url: "hours" }, ttlHours: 0.5 },
    { value: { url: "stores" } },
  ]);
  assert.equal(ms?.expiresAt, clock.at + 1500);
  assert.equal(hours?.expiresAt, clock.at + HOUR / 2);
  assert.equal(stores?.expiresAt, clock.at + 2 * HOUR);
  assert.deepEqual(await store.metadata("ms"), ms);
  clock.at += 1499;
  assert.equal(await store.has("ms"), true);
  clock.at += 1;
  await isHidden(store, "ms");
  assert.equal(await store.has("hours"), true);
  assert.equal((await store.stats()).expirations, 1);
  const endless = await store.put({ url: "endless" }, { ttl: 1e300 });
  assert.ok(Number.isFinite(new Date(endless.expiresAt ?? 0).getTime()));
  await clock.pass(3 * HOUR, store);
  assert.equal(await store.has("endless"), true);
});

each("an end survives a restart", async (open) => {
  const clock = new Clock();
  const first = await open({ now: clock.now });
  await first.put(brief, { ttl: HOUR });
  await first.put(lasting);
  await first.flush();
  if ((await first.stats()).strategy === "memory") return;
  clock.at += HOUR - 1;
  const second = await open({ now: clock.now });
  assert.deepEqual(await second.get(brief.url), brief);
  clock.at += 1;
  await isHidden(second, brief.url);
  const third = await open({ now: clock.now });
  await isHidden(third, brief.url);
  assert.equal(await third.get(brief.url), undefined);
  assert.deepEqual(await third.get(lasting.url), lasting);
});

each("what nobody reads leaves memory", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, idleTtlHours: 0.5, maxEntries: 10 });
  const { strategy } = await store.stats();
  const evicted: string[] = [];
  store.on("evict", ({ canonical, cause }) => evicted.push(`${canonical} ${cause}`));
  await store.put(brief);
  await store.put(lasting);
  await store.flush();
  await store.get(brief.url);
  await store.get(lasting.url);
  for (let quarter = 0; quarter < 4; quarter += 1) {
    await clock.pass(HOUR / 4, store);
    // A hit says nothing to the core before the next drain; the time of that is what counts.
    if (strategy !== "disk") assert.ok(store.getSync(lasting.url));
    else await store.getText(lasting.url);
  }
  await turn();
  const { memory, evictions, expirations, entries: left } = await store.stats();
  assert.deepEqual(evicted, [`${brief.url} expired`]);
  assert.deepEqual(evictions, { size: 0, entries: 0, expired: 1, explicit: 0, pressure: 0 });
  assert.equal(memory.residentEntries, 1);
  assert.equal(expirations, 0);
  if (strategy === "memory") {
    assert.equal(left, 1);
    await isHidden(store, brief.url);
  } else {
    assert.equal(left, 2);
    assert.equal(store.getSync(brief.url), undefined);
    assert.equal((await store.entry(brief.url))?.tier, "disk");
  }
  await clock.pass(HOUR, store);
  assert.equal((await store.stats()).memory.residentEntries, 0);
});

each("a night's sleep is not idleness", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, idleTtlHours: 0.5 });
  await store.put(brief);
  await store.flush();
  await store.get(brief.url);
  for (let night = 0; night < 5; night += 1) {
    clock.at += YEAR;
    assert.equal(await store.has(brief.url), true);
  }
  assert.equal((await store.stats()).memory.residentEntries, 1);
});

test("the timer runs as long as something has a limited life, and no longer", async (context) => {
  const timers = new Map<object, () => void>();
  // Its own mock would run a timer on that stops itself.
  context.mock.method(globalThis, "setInterval", (look: () => void, every: number) => {
    const timer = {};
    // The one that saves the counts of uses has nothing to do with lives.
    if (every !== 60_000) timers.set(timer, look);
    return timer;
  });
  context.mock.method(globalThis, "clearInterval", (timer: object) => timers.delete(timer));
  const clock = new Clock();
  const tick = () => {
    clock.at += 1000;
    for (const look of [...timers.values()]) look();
    return timers.size;
  };
  const options = { strategy: "memory", now: clock.now, autoCleanup: false } as const;
  const store = await openStore({ ...options, graceHours: 1, idleTtlHours: 1 });
  assert.equal(timers.size, 0, "nothing is there");
  await store.put(lasting);
  assert.equal(tick(), 1, "a body may grow idle");
  await store.delete(lasting.url);
  assert.equal(tick(), 0);
  await store.put(brief, { ttl: 3000 });
  assert.deepEqual([tick(), tick()], [1, 1]);
  assert.ok(store.getSync(brief.url), "nobody looks at the clock for a hit");
  assert.equal(tick(), 1, "it is kept as stale");
  assert.equal(store.getSync(brief.url), undefined);
  for (let seconds = 1; seconds < 3600; seconds += 1) assert.equal(tick(), 1);
  assert.equal(tick(), 0);
  assert.equal((await store.stats()).entries, 0);
  await store.put(brief, { ttl: 3000 });
  await store.close();
  assert.equal(timers.size, 0);
});

test("what has expired leaves before anything else", async () => {
  const clock = new Clock();
  const options = { strategy: "memory", now: clock.now, maxEntries: 4, graceHours: 1 } as const;
  for (const evictionPolicy of ["lru", "lfu", "fifo", "sieve", "w-tiny-lfu"] as const) {
    const store = await openStore({ ...options, evictionPolicy });
    for (const url of ["a", "b", "c", "d"]) {
      await store.put({ url }, url < "c" ? { ttl: MINUTE } : {});
      for (let reads = 0; url < "c" && reads < 9; reads += 1) await store.get(url);
    }
    clock.at += MINUTE;
    await store.put({ url: "e" });
    await store.put({ url: "f" });
    const urls = (await store.list()).map(({ url }) => url);
    assert.deepEqual(urls, ["c", "d", "e", "f"], evictionPolicy);
    assert.equal(await store.get("a", { allowStale: true }), undefined);
    await store.close();
  }
});

test("put back, the clock neither brings back what has expired nor holds up what has not", async () => {
  for (const back of [MINUTE / 2, HOUR, YEAR]) {
    const clock = new Clock();
    const store = await openStore({ now: clock.now, adapter: memoryAdapter(new MemoryPlace()) });
    await store.put({ url: "first" }, { ttl: MINUTE });
    await store.put({ url: "second" }, { ttl: 10 * MINUTE });
    await clock.pass(MINUTE, store);
    await isHidden(store, "first");
    clock.at -= back;
    await isHidden(store, "first");
    await store.put({ url: "third" }, { ttl: 10 * MINUTE });
    assert.equal(await store.has("second"), true);
    await clock.pass(9 * MINUTE + MINUTE / 2, store);
    await isHidden(store, "first");
    assert.equal(await store.has("third"), true);
    await clock.pass(MINUTE, store);
    await isHidden(store, "second");
    await isHidden(store, "third");
    await store.close();
  }
});

each("a clock that is wrong for a while loses nothing", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, graceHours: 1 });
  const { strategy } = await store.stats();
  if (strategy === "memory") return;
  await store.put(brief, { ttl: HOUR });
  await store.flush();
  clock.at += 73 * YEAR;
  await isHidden(store, brief.url);
  await clock.pass(59 * MINUTE, store);
  clock.at -= 73 * YEAR;
  await store.flush();
  const next = await open({ now: clock.now });
  assert.deepEqual(await next.get(brief.url), brief);
  await clock.pass(MINUTE, next);
  await isHidden(next, brief.url);
});

each("of what was written at a time to come nobody knows the age", async (open) => {
  const clock = new Clock();
  clock.at += YEAR;
  const ahead = await open({ now: clock.now });
  await ahead.put(brief, { ttl: HOUR });
  await ahead.put(lasting);
  await ahead.flush();
  if ((await ahead.stats()).strategy === "memory") return;
  clock.at -= YEAR;
  const store = await open({ now: clock.now });
  await isHidden(store, brief.url);
  assert.deepEqual(await store.get(lasting.url), lasting);
  assert.deepEqual(await store.get(brief.url, { allowStale: true }), brief);
  await clock.pass(HOUR, store);
  clock.at += YEAR - HOUR;
  assert.deepEqual(await store.get(brief.url), brief, "now it is known");
  clock.at += HOUR;
  await isHidden(store, brief.url);
  await entries(store, 2);
});

each("what is leased stays in memory past its time, until it is released", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, idleTtlHours: 0.5 });
  await store.put(brief, { ttl: HOUR });
  await store.put(lasting);
  await store.flush();
  const lease = await store.lease([brief.url, lasting.url]);
  for (let quarter = 0; quarter < 3; quarter += 1) await clock.pass(HOUR / 4, store);
  assert.equal((await store.stats()).evictions.expired, 0, "nobody read them, but they are held");
  await clock.pass(HOUR, store);
  await isHidden(store, brief.url);
  assert.deepEqual(await lease.get(brief.url), brief);
  assert.equal((await store.stats()).memory.residentEntries, 2);
  lease.release();
  assert.equal(await store.has(lasting.url), true, "it was held until now");
  await clock.pass(HOUR, store);
  assert.equal((await store.stats()).memory.residentEntries, 0);
  assert.equal((await store.stats()).memory.leasedBytes, 0);
  await store.close();
});
