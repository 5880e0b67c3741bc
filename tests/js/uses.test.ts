/** How often each entry was used: counted, aged, kept across sessions, and never in the way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import { MemoryPlace, memoryAdapter, openInPage, openStore, until } from "./kit.js";
import { a1, b, each } from "./settings.js";

const WEEK = 7 * 24 * 3_600_000;

async function uses(store: SchemaStore, canonical = "http://x/A"): Promise<number | undefined> {
  return (await store.metadata(canonical))?.accessCount;
}

each("metadata tell how often a value was asked for", async (open) => {
  const store = await open();
  assert.equal((await store.put(a1)).accessCount, 0);
  await store.put(b);
  assert.equal(await uses(store), 0);
  for (let n = 0; n < 300; n += 1) await store.get("http://x/A");
  assert.equal(await uses(store), 300);
  assert.equal((await store.list({ urlPrefix: "http://x" }))[0]?.accessCount, 300);
  assert.equal((await store.entry("http://x/A"))?.metadata.accessCount, 300, "up to this one");
  const lease = await store.lease(["http://x/A"]);
  lease.getSync("http://x/A");
  lease.release();
  assert.equal(await uses(store), 302, "a lease is one use, whatever it is asked");
  const again = await store.put({ ...a1, name: "changed" });
  assert.equal(again.accessCount, 302, "what replaces an entry counts on");
  assert.equal(await uses(store), 302);
  assert.equal(await uses(store, "http://y/B"), 0);
  await store.delete("http://x/A");
  await store.put(a1);
  assert.equal(await uses(store), 0, "a new entry begins anew");
});

test("loads from the host count like hits", async () => {
  for (const strategy of ["memory-disk", "disk"] as const) {
    const store = await openStore({ strategy, maxEntries: 1 });
    for (const url of ["u", "v"]) await store.put({ url }, { durable: true });
    for (let n = 0; n < 5; n += 1) for (const url of ["u", "v"]) await store.get(url);
    await store.getMany(["u", "v"]);
    assert.deepEqual([await uses(store, "u"), await uses(store, "v")], [6, 6], strategy);
    await store.close();
  }
});

each("uses outlive the session", async (open) => {
  const first = await open();
  if ((await first.stats()).adapter === undefined) return;
  await first.put(a1);
  await first.put(b);
  for (let n = 0; n < 7; n += 1) await first.get("http://x/A");
  await first.close();
  const second = await open();
  await second.get("http://x/A");
  assert.equal(await uses(second), 8);
  assert.equal(await uses(second, "http://y/B"), 0);
  await second.put({ ...a1, name: "changed" });
  await second.close();
  const third = await open();
  assert.equal((await third.list()).find(({ url }) => url === a1.url)?.accessCount, 8);
  await third.close();
});

each("an entry that is put anew begins anew, in later sessions too", async (open) => {
  const first = await open();
  if ((await first.stats()).adapter === undefined) return;
  await first.put(a1);
  await first.put(b);
  for (let n = 0; n < 5; n += 1) await first.get("http://x/A");
  for (let n = 0; n < 5; n += 1) await first.get("http://y/B");
  await first.close();
  const second = await open();
  await second.delete("http://x/A");
  await second.put(a1, { durable: true });
  for (let n = 0; n < 3; n += 1) await second.get("http://x/A");
  assert.equal(await uses(second), 3);
  await second.close();
  const third = await open();
  assert.equal(await uses(third), 3);
  await third.clear();
  await third.put(b);
  await third.close();
  const fourth = await open();
  assert.equal(await uses(fourth, "http://y/B"), 0);
});

each("uses of several stores on one place add up", async (open) => {
  const one = await open();
  if ((await one.stats()).adapter === undefined) return;
  await one.put(a1, { durable: true });
  const two = await open();
  for (let n = 0; n < 5; n += 1) await one.get("http://x/A");
  for (let n = 0; n < 3; n += 1) await two.get("http://x/A");
  assert.equal(await uses(two), 3, "not saved yet");
  await one.close();
  await two.close();
  const three = await open();
  assert.equal(await uses(three), 8);
});

test("a week halves the uses of before", async () => {
  const place = new MemoryPlace();
  let now = 1_700_000_000_000;
  const open = () => openStore({ adapter: memoryAdapter(place), now: () => now });
  const first = await open();
  await first.put(a1);
  for (let n = 0; n < 41; n += 1) await first.get("http://x/A");
  await first.close();
  const expected: [number, number][] = [
    [WEEK - 1, 41],
    [1, 20],
    [2 * WEEK, 5],
    [-50 * WEEK, 5],
    [WEEK, 2],
    [300 * WEEK, 0],
  ];
  for (const [passed, count] of expected) {
    now += passed;
    const store = await open();
    assert.equal(await uses(store), count, `after ${passed / WEEK} weeks`);
    // Read, and so saved anew as of now.
    await store.get("http://x/A");
    await store.close();
    place.side.set("uses", withoutLast(place.side.get("uses") as Uint8Array));
  }
});

/** The record as it was before the last use. */
function withoutLast(bytes: Uint8Array): Uint8Array {
  const record = JSON.parse(new TextDecoder().decode(bytes));
  record.uses[1] -= 1;
  return new TextEncoder().encode(JSON.stringify(record));
}

test("a record that is none counts as none, and is replaced", async () => {
  const bad = [
    "",
    "null",
    "{",
    "[1]",
    '{"version":1,"agedAt":0,"uses":[1,1]}',
    '{"version":2,"agedAt":-1,"uses":[1,1]}',
    '{"version":2,"agedAt":0,"uses":[1,1.5]}',
    '{"version":2,"agedAt":0,"uses":{}}',
    '{"version":2,"agedAt":1e400,"uses":[]}',
    "\u0000\uffff",
  ];
  for (const text of bad) {
    const place = new MemoryPlace();
    place.side.set("uses", new TextEncoder().encode(text));
    const store = await openStore({ adapter: memoryAdapter(place) });
    await store.put(a1);
    await store.get("http://x/A");
    assert.equal(await uses(store), 1, text);
    await store.close();
    const again = await openStore({ adapter: memoryAdapter(place) });
    assert.equal(await uses(again), 1, text);
    await again.close();
  }
});

test("a host that cannot keep the counts is in nobody's way", async () => {
  const broken: Partial<HostAdapter>[] = [
    { side: () => Promise.reject(new Error("no")) },
    { saveSide: () => Promise.reject(new Error("no")) },
    { side: undefined as never, saveSide: undefined as never },
  ];
  for (const parts of broken) {
    const place = new MemoryPlace();
    const store = await openStore({ adapter: { ...memoryAdapter(place), ...parts } });
    await store.put(a1);
    await store.get("http://x/A");
    assert.equal(await uses(store), 1);
    assert.equal((await store.list()).length, 1);
    assert.deepEqual((await store.warm({ top: 1 })).missing, []);
    await store.close();
  }
});

test("nothing is written when nothing was used", async () => {
  const place = new MemoryPlace();
  const inner = memoryAdapter(place);
  let saves = 0;
  const adapter: HostAdapter = {
    ...inner,
    async saveSide(name, bytes) {
      saves += 1;
      await inner.saveSide?.(name, bytes);
    },
  };
  const store = await openStore({ adapter });
  await store.put(a1);
  await store.metadata("http://x/A");
  await store.list();
  await store.close();
  assert.equal(saves, 0);
  const again = await openStore({ adapter: memoryAdapter(place) });
  for (let n = 0; n < 1000; n += 1) await again.get("http://x/A");
  assert.equal(place.side.size, 0, "not with every hit");
  await again.close();
  assert.deepEqual([...place.side.keys()].sort(), ["lifetime", "uses"]);
});

test("a save that failed is made up for by the next", async () => {
  const place = new MemoryPlace();
  const inner = memoryAdapter(place);
  let fails = true;
  let attempts = 0;
  const adapter: HostAdapter = {
    ...inner,
    async saveSide(name, bytes) {
      if (name === "uses") attempts += 1;
      if (fails) throw new Error("no");
      await inner.saveSide?.(name, bytes);
    },
  };
  const other = await openStore({ adapter: memoryAdapter(place) });
  await other.put(a1);
  for (let n = 0; n < 10; n += 1) await other.get("http://x/A");
  await other.close();
  const { store, hide } = await openInPage(adapter);
  await store.size();
  for (let n = 0; n < 3; n += 1) await store.get("http://x/A");
  await hide();
  await until(() => attempts === 1, "the save that fails");
  for (let n = 0; n < 2; n += 1) await store.get("http://x/A");
  fails = false;
  await store.close();
  const again = await openStore({ adapter: memoryAdapter(place) });
  assert.equal(await uses(again), 15);
  await again.close();
});
