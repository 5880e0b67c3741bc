/** Updates that contend, within a store and between two; stores that see each other's writes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { savePackage } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import type { HostAdapter } from "../../dist/host.js";
import { archiveOf } from "./archives.js";
import {
  filled,
  GatedAdapter,
  increment,
  MemoryPlace,
  memoryAdapter,
  openStore,
  readBack,
  turn,
  until,
} from "./kit.js";
import { definition, packageOf } from "./made-packages.js";
import { newer, one, openGated, two } from "./races.js";

test("two stores: updates are exact under contention", async () => {
  const place = new MemoryPlace();
  const stores = [
    await openStore({ adapter: memoryAdapter(place) }),
    await openStore({ adapter: memoryAdapter(place) }),
  ];
  const increments = stores.map(async (store) => {
    for (let n = 0; n < 200; n += 1) await increment(store);
  });
  await Promise.all(increments);
  for (const store of stores) {
    await store.refresh();
    assert.deepEqual(await store.get("count"), { url: "count", n: 400 });
  }
  for (const store of stores) await store.close();
});

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: a hundred updates at once on one store are all counted`, async () => {
    const store = await openStore({ strategy });
    await Promise.all(Array.from({ length: 100 }, () => increment(store)));
    assert.deepEqual(await store.get("count"), { url: "count", n: 100 });
    await store.close();
  });

  test(`${strategy}: of two puts on the same ifHash one wins`, async () => {
    const store = await openStore({ strategy });
    const { contentHash } = await store.put(one);
    const puts = [two, { ...two, n: 5 }].map((value) => store.put(value, { ifHash: contentHash }));
    const results = await Promise.allSettled(puts);
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 1);
    const { code, retryable, key } = refused[0]?.reason ?? {};
    assert.deepEqual([code, retryable, key], ["CONCURRENCY", false, "u|1.0"]);
    const winner = results[0]?.status === "fulfilled" ? two : { ...two, n: 5 };
    assert.deepEqual(await store.get("u"), winner);
    // The same call would be refused again: the entry has to be looked at first.
    const again = { code: "CONCURRENCY", retryable: false };
    await assert.rejects(store.put(one, { ifHash: null }), again);
    await store.put({ url: "fresh" }, { ifHash: null });
    await store.close();
  });

  test(`${strategy}: a put or delete during an update is not undone by it`, async () => {
    const store = await openStore({ strategy });
    await store.put({ url: "count", n: 1 });
    let calls = 0;
    await store.update<{ n: number }>("count", async (current) => {
      calls += 1;
      if (calls === 1) await store.put({ url: "count", n: 10 });
      if (calls === 2) await store.delete("count");
      return { url: "count", n: (current?.n ?? 100) + 1 };
    });
    assert.equal(calls, 3);
    assert.deepEqual(await store.get("count"), { url: "count", n: 101 });
    await store.flush();
    assert.deepEqual(JSON.parse((await store.getText("count")) ?? ""), { url: "count", n: 101 });
    await store.close();
  });
}

test("a put or delete during the commit of an update is written after it", async () => {
  for (const way of ["put", "delete"] as const) {
    const { gate, store, place } = await openGated({}, await filled({ url: "count", n: 1 }));
    gate.shut("commit");
    const updated = store.update("count", () => ({ url: "count", n: 2 }));
    const commit = await gate.next("commit");
    const later = way === "put" ? store.put({ url: "count", n: 3 }) : store.delete("count");
    await turn();
    commit.go();
    gate.open("commit");
    await later;
    assert.equal((await updated)?.canonical, "count");
    const expected = way === "put" ? { url: "count", n: 3 } : undefined;
    assert.deepEqual(await store.get("count"), expected);
    await store.flush();
    assert.deepEqual(await store.get("count"), expected);
    assert.equal(await store.getText("count"), expected && JSON.stringify(expected));
    assert.deepEqual(await readBack(place, "count"), expected);
    await store.close();
  }
});

test("an update sees what another store has deleted", async () => {
  const place = await filled({ url: "count", n: 7 });
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: { ...gate.adapter, watch: () => () => {} } });
  assert.deepEqual(await store.get("count"), { url: "count", n: 7 });
  const other = await openStore({ adapter: memoryAdapter(place) });
  await other.delete("count");
  await other.close();
  await increment(store);
  assert.deepEqual(await store.get("count"), { url: "count", n: 1 });
  await store.close();
});

test("two stores: puts and deletes of one are seen by the other, and watched", async () => {
  const place = new MemoryPlace();
  const [here, there] = [
    await openStore({ adapter: memoryAdapter(place) }),
    await openStore({ adapter: memoryAdapter(place) }),
  ];
  const seen: (string | undefined)[] = [];
  const stop = there.watch("u", ({ metadata }) => seen.push(metadata?.version));
  await here.put(one, { durable: true });
  await until(() => seen.length === 1, "the watcher");
  assert.deepEqual(await there.get("u"), one);
  await here.put(newer, { durable: true });
  await until(() => seen.length === 2, "the watcher");
  assert.deepEqual(there.getSync("u") ?? (await there.get("u")), newer);
  await here.delete("u|2.0");
  await here.flush();
  await there.refresh();
  assert.deepEqual(await there.get("u"), one);
  await here.clear();
  await there.refresh();
  assert.equal(await there.has("u"), false);
  assert.equal(there.getSync("u|1.0"), undefined);
  await until(() => seen.length === 4, "the watcher");
  assert.deepEqual(seen, ["1.0", "2.0", "1.0", undefined]);
  stop();
  await here.put(one, { durable: true });
  await there.refresh();
  assert.equal(seen.length, 4);
  const hash = (await there.metadata("u"))?.contentHash ?? "";
  await here.put(two, { durable: true });
  await assert.rejects(there.put(newer, { ifHash: hash, version: "1.0" }), { code: "CONCURRENCY" });
  await Promise.all([here.close(), there.close()]);
});

test("a reader survives a writer that replaces its row again and again", async () => {
  const place = await filled({ url: "count", n: 0 });
  const gate = new GatedAdapter(place);
  const reader = await openStore({ adapter: gate.adapter });
  await reader.size();
  const writer = await openStore({ adapter: memoryAdapter(place) });
  gate.shut("bodies");
  const got = reader.get<{ n: number }>("count");
  for (let n = 1; n <= 12; n += 1) {
    const read = await gate.next("bodies");
    await writer.put({ url: "count", n }, { durable: true });
    read.go();
    await turn();
  }
  gate.open("bodies");
  assert.deepEqual(await got, { url: "count", n: 12 });
  await Promise.all([reader.close(), writer.close()]);
});

test("an update never builds on a load that began before a write it has seen", async () => {
  for (let rows = 0; rows < 12; rows += 1) {
    for (let bodies = 0; bodies < 12; bodies += 1) {
      const { here, there, release } = await slowed(rows, bodies);
      const loading = here.get("log");
      await turn();
      const update = here.update<{ ids: string }>("log", (now) => ({
        url: "log",
        ids: `${now?.ids},A`,
      }));
      await turn();
      await there.put({ url: "log", ids: "1,B" }, { durable: true });
      release();
      await Promise.all([loading, update]);
      await there.refresh();
      const { ids } = (await there.get<{ ids: string }>("log")) ?? { ids: "" };
      assert.equal(ids, "1,B,A", `rows after ${rows} ticks, bodies after ${bodies}`);
      await Promise.all([here.close(), there.close()]);
    }
  }
});

/** Two stores; what `here` reads arrives so many microtasks after the release. */
async function slowed(rows: number, bodies: number) {
  const place = await filled({ url: "log", ids: "1" });
  const inner = memoryAdapter(place);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const late = async <T>(ticks: number, read: () => Promise<T>): Promise<T> => {
    await released;
    for (let n = 0; n < ticks; n += 1) await null;
    return read();
  };
  const there = await openStore({ adapter: memoryAdapter(place) });
  const here = await openStore({
    strategy: "disk",
    adapter: {
      ...inner,
      watch: () => () => {},
      async bodies(hashes) {
        const found = await inner.bodies(hashes);
        return late(bodies, async () => found);
      },
      byUrl: (urls) => late(rows, () => inner.byUrl(urls)),
    },
  });
  await here.refresh();
  return { here, there, release };
}

test("a write that others never let through names what it is about", async (context) => {
  context.mock.method(Math, "random", () => 0);
  const source = memoryAdapter();
  let isBusy = false;
  const adapter: HostAdapter = {
    ...source,
    async commit(batch, options) {
      if (isBusy) throw new SchemaStoreError("CONCURRENCY", "a row is not at its revision");
      return source.commit(batch, options);
    },
  };
  await using store = await openStore({ adapter });
  const [a, b] = ["http://example.org/a", "http://example.org/b"];
  const files = { "a.json": definition(a, "a"), "b.json": definition(b, "b", "1") };
  await savePackage(store, await packageOf("p", files));
  const fewer = await packageOf("p", { "a.json": files["a.json"] });
  const archive = await archiveOf({ value: { url: "http://example.org/c", version: "2" } });
  isBusy = true;
  const calls: Record<string, readonly [() => Promise<unknown>, string]> = {
    update: [() => store.update(a, (current) => ({ ...current, n: 1 })), a],
    import: [() => store.import(archive), "http://example.org/c"],
    "a save that deletes only": [() => savePackage(store, fewer), `${b}|1`],
  };
  for (const [what, [call, key]] of Object.entries(calls)) {
    const named = { code: "CONCURRENCY", key, message: new RegExp(key.replace("|", ".")) };
    await assert.rejects(call, named, what);
  }
  isBusy = false;
});
