/** Leases and pins while something else happens. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { SchemaStore } from "../../dist/store.js";
import type { Lease } from "../../dist/types.js";
import { MemoryPlace, memoryAdapter, openStore, random } from "./kit.js";
import { type Gated, openGated } from "./races.js";

type Numbered = { readonly n: number } | undefined;

async function leasedBytes(store: SchemaStore): Promise<number> {
  return (await store.stats()).memory.leasedBytes;
}

/** A store that has read nothing of a place with two entries, its reads of bodies held up. */
async function coldPair(): Promise<Gated> {
  const place = new MemoryPlace();
  const writer = await openStore({ adapter: memoryAdapter(place) });
  await writer.putMany([{ value: { url: "x", n: 1 } }, { value: { url: "y", n: 1 } }]);
  await writer.close();
  const gated = await openGated({}, place);
  gated.gate.shut("bodies");
  return gated;
}

/** What a lease of both says after `meanwhile` ran while it read. */
async function leaseDuring(
  meanwhile: (gated: Gated) => Promise<unknown>,
): Promise<{ lease: Lease; store: SchemaStore; found: Numbered[] }> {
  const gated = await coldPair();
  const taking = gated.store.lease(["x", "y"]);
  const call = await gated.gate.next("bodies");
  await meanwhile(gated);
  gated.gate.open("bodies");
  call.go();
  const lease = await taking;
  const found = ["x", "y"].map((url) => lease.getSync<{ n: number }>(url));
  return { lease, store: gated.store, found };
}

test("a put that is durable before the old body was read: the lease has all of the new moment", async () => {
  const { lease, store, found } = await leaseDuring(async ({ store }) => {
    await store.put({ url: "x", n: 2 });
    await store.put({ url: "y", n: 2 });
    await store.flush();
  });
  assert.deepEqual(
    found.map((value) => value?.n),
    [2, 2],
  );
  lease.release();
  assert.equal(await leasedBytes(store), 0);
  await store.close();
});

test("a put that is on its way: the lease has all of the moment it was asked for", async () => {
  const evicted: string[] = [];
  const { lease, store, found } = await leaseDuring(({ store }) => {
    store.on("evict", ({ canonical }) => evicted.push(canonical));
    return store.put({ url: "x", n: 2 });
  });
  assert.deepEqual(
    found.map((value) => value?.n),
    [1, 1],
  );
  assert.deepEqual(await store.get("x"), { url: "x", n: 2 });
  lease.release();
  assert.deepEqual(await store.get("x"), { url: "x", n: 2 }, "the old one was not kept as the new");
  assert.deepEqual(evicted, []);
  await store.close();
});

test("a delete or a clear while it reads: what is gone is missing, or is still there whole", async () => {
  for (const gone of ["delete", "clear"] as const) {
    const { lease, store, found } = await leaseDuring(async ({ store }) => {
      if (gone === "delete") await store.delete("x");
      else await store.clear();
      await store.flush();
    });
    assert.equal(found[0], undefined);
    assert.deepEqual(lease.missing, gone === "clear" ? ["x", "y"] : ["x"]);
    assert.equal(found[1]?.n, gone === "clear" ? undefined : 1);
    lease.release();
    await store.close();
  }
});

test("what another store writes while it reads", async () => {
  const { lease, store, found } = await leaseDuring(async ({ place }) => {
    const other = await openStore({ adapter: memoryAdapter(place) });
    await other.put({ url: "y", n: 5 }, { durable: true });
    await other.close();
  });
  assert.deepEqual(
    found.map((value) => value?.n),
    [1, 5],
  );
  lease.release();
  await store.close();
});

test("giving up while it reads leaves nothing held", async () => {
  const { store, gate } = await coldPair();
  const stop = new AbortController();
  const taking = store.lease(["x", "y"], { signal: stop.signal });
  const call = await gate.next("bodies");
  assert.ok((await leasedBytes(store)) > 0, "its place is kept while it reads");
  stop.abort(new Error("enough"));
  gate.open("bodies");
  call.go();
  await assert.rejects(taking, { message: "enough" });
  assert.equal(await leasedBytes(store), 0);
  const given = store.lease(["x"], { signal: AbortSignal.abort(new Error("before")) });
  await assert.rejects(given, { message: "before" });
  await store.close();
});

test("closing while it reads is CLOSED", async () => {
  const { store, gate } = await coldPair();
  const taking = store.lease(["x", "y"]);
  const call = await gate.next("bodies");
  const closed = store.close();
  gate.open("bodies");
  call.go();
  await assert.rejects(taking, { code: "CLOSED" });
  await closed;
});

test("a damaged body fails the lease with CORRUPT, and nothing stays held", async () => {
  const place = new MemoryPlace();
  const writer = await openStore({ adapter: memoryAdapter(place) });
  await writer.put({ url: "x", n: 1 });
  await writer.close();
  for (const [key, body] of place.bodies) {
    place.bodies.set(key, { ...body, bytes: new TextEncoder().encode('{"url":"x","n":7}') });
  }
  const store = await openStore({ adapter: memoryAdapter(place) });
  await assert.rejects(store.lease(["x"]), { code: "CORRUPT", key: "x" });
  place.bodies.clear();
  await assert.rejects(store.lease(["x"]), { code: "CORRUPT", key: "x" });
  assert.equal(await leasedBytes(store), 0);
  await store.close();
});

test("a lease outlives the segments it was read from", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fss-lease-"));
  try {
    const first = await openStore({ adapter: fsAdapter(directory) });
    await first.put({ url: "x", n: 1 }, { durable: true });
    const reader = await openStore({ adapter: fsAdapter(directory) });
    const lease = await reader.lease(["x"]);
    await first.close();
    for (let n = 2; n < 40; n += 1) {
      const writer = await openStore({ adapter: fsAdapter(directory) });
      await writer.put({ url: "x", n }, { durable: true });
      await writer.close();
    }
    await reader.refresh();
    assert.deepEqual(await reader.get("x"), { url: "x", n: 39 });
    assert.deepEqual(lease.getSync("x"), { url: "x", n: 1 });
    lease.release();
    await reader.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Two stores on one place, and the leases taken of them with the values they had at first. */
class Pair {
  readonly #next = random(3);
  readonly #place = new MemoryPlace();
  readonly leases: { readonly lease: Lease; readonly values: Map<string, unknown> }[] = [];
  stores: readonly SchemaStore[] = [];
  refused = 0;

  async open(): Promise<void> {
    const options = { maxEntries: 8, memoryLimitMb: 1 };
    const open = () => openStore({ adapter: memoryAdapter(this.#place), ...options });
    this.stores = [await open(), await open()];
  }

  async step(n: number): Promise<void> {
    const store = this.stores[this.#next(2)] as SchemaStore;
    const url = () => `u${this.#next(12)}`;
    const steps = [
      () => store.put({ url: url(), n, x: "x".repeat(this.#next(30_000)) }),
      () => store.put({ url: url(), n }),
      () => store.delete(url()),
      () => (this.#next(2) ? store.flush() : store.refresh()),
      () => store.get(url()),
      () => this.#take(store, [url(), url(), url()]),
      async () => this.leases.splice(this.#next(this.leases.length + 1), 1)[0]?.lease.release(),
    ];
    await steps[this.#next(steps.length)]?.();
  }

  async check(): Promise<void> {
    for (const { lease, values } of this.leases) {
      for (const [url, value] of values) assert.deepEqual(lease.getSync(url), value);
    }
    for (const store of this.stores) {
      const { memory } = await store.stats();
      assert.ok(memory.usedBytes <= memory.limitBytes && memory.residentEntries <= 8);
    }
  }

  async #take(store: SchemaStore, urls: string[]): Promise<void> {
    try {
      const lease = await store.lease(urls);
      const values = urls.map((url) => [url, structuredClone(lease.getSync(url))] as const);
      this.leases.push({ lease, values: new Map(values) });
    } catch (error) {
      assert.equal((error as { code: string }).code, "STORAGE_FULL");
      this.refused += 1;
    }
  }
}

test("whatever two stores do, every lease stays as it was taken", async () => {
  const pair = new Pair();
  await pair.open();
  for (let n = 0; n < 1500; n += 1) {
    await pair.step(n);
    await pair.check();
  }
  assert.ok(pair.refused > 0, "no lease was ever refused");
  for (const { lease } of pair.leases) lease.release();
  for (const store of pair.stores) {
    assert.equal(await leasedBytes(store), 0);
    await store.close();
  }
});
